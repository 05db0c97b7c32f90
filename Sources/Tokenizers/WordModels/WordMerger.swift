/// Merges the byte symbols of one word into tokens: always the pair of lowest rank, leftmost first.
///
/// Sennrich et al., 2016, <https://arxiv.org/abs/1508.07909>, algorithm 1. Short words are searched
/// pair by pair; long ones use a heap over a linked list, n log n in the length.
struct WordMerger {
  /// Rank in the high half, the merged token in the low one.
  private let merges: PairTable

  private(set) var ids: [Int32] = []
  /// Bytes of the word that each token stands for.
  private(set) var lengths: [Int32] = []
  private var pairs: [UInt64] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap = MinimumHeap()

  private static let noMerge = UInt64.max
  private static let longWord = 40

  init(merges: PairTable) { self.merges = merges }

  mutating func begin() {
    ids.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  mutating func append(_ id: Int32, length: Int32) {
    ids.append(id)
    lengths.append(length)
  }

  /// Makes the last symbol longer, for unknown bytes that share a token.
  mutating func lengthenLast(by length: Int32) { lengths[lengths.count - 1] += length }

  mutating func merge() {
    if ids.count > Self.longWord { mergeLong() } else { mergeShort() }
  }

  @inline(__always)
  private func pair(_ a: Int32, _ b: Int32) -> UInt64 { merges.value(a, b) ?? Self.noMerge }

  private mutating func mergeShort() {
    guard ids.count > 1 else { return }
    pairs.removeAll(keepingCapacity: true)
    for place in 1..<ids.count { pairs.append(pair(ids[place - 1], ids[place])) }
    while true {
      var best = Self.noMerge
      var place = 0
      for (candidate, value) in pairs.enumerated() where value < best {
        best = value
        place = candidate
      }
      if best == Self.noMerge { return }
      ids[place] = Int32(truncatingIfNeeded: best)
      lengths[place] += lengths[place + 1]
      ids.remove(at: place + 1)
      lengths.remove(at: place + 1)
      pairs.remove(at: place)
      if place > 0 { pairs[place - 1] = pair(ids[place - 1], ids[place]) }
      if place < pairs.count { pairs[place] = pair(ids[place], ids[place + 1]) }
    }
  }

  private mutating func mergeLong() {
    let count = ids.count
    next = (1...Int32(count)).map { Int($0) < count ? $0 : -1 }
    previous = (-1..<Int32(count - 1)).map { $0 }
    heap.removeAll()
    for place in 0..<count - 1 { push(Int32(place)) }
    while let (key, token) = heap.popMinimum() {
      let place = Int(truncatingIfNeeded: key & 0xFFFF_FFFF)
      let other = next[place]
      // A symbol merged away has id -1; a pair that changed since it was pushed has another value.
      guard ids[place] >= 0, other >= 0,
        pair(ids[place], ids[Int(other)]) == (key & ~0xFFFF_FFFF) | UInt64(token)
      else { continue }
      ids[place] = Int32(bitPattern: token)
      lengths[place] += lengths[Int(other)]
      ids[Int(other)] = -1
      next[place] = next[Int(other)]
      if next[place] >= 0 { previous[Int(next[place])] = Int32(place) }
      push(Int32(place))
      if previous[place] >= 0 { push(previous[place]) }
    }
    var kept = 0
    for place in 0..<count where ids[place] >= 0 {
      ids[kept] = ids[place]
      lengths[kept] = lengths[place]
      kept += 1
    }
    ids.removeLast(count - kept)
    lengths.removeLast(count - kept)
  }

  private mutating func push(_ place: Int32) {
    let other = next[Int(place)]
    guard other >= 0 else { return }
    let value = pair(ids[Int(place)], ids[Int(other)])
    guard value != Self.noMerge else { return }
    // Rank, then place: the order of merging.
    heap.insert((value & ~0xFFFF_FFFF) | UInt64(place), UInt32(truncatingIfNeeded: value))
  }
}
