/// Collectives over point-to-point messages: unlike the library's own they sleep while they wait,
/// keep a limit of patience, and take messages of any length.
extension Communicator {
  /// Replaces `bytes` on every rank by those of `root`. Collective, along a binomial tree.
  public func broadcast(_ bytes: inout [UInt8], from root: Int = 0) throws(MPIError) {
    precondition((0..<size).contains(root), "broadcast from rank \(root) of \(size)")
    let tag = nextCollectiveTag()
    guard let collectives else { return }
    let tree = BroadcastTree(rank: rank, size: size, root: root)
    if let parent = tree.parent {
      bytes = try takeCollective(from: parent, tag: tag).bytes
    }
    for child in tree.children {
      let posted = try collectives.post(bytes, to: child, tag: tag)
      try wait(on: { child }) { () throws(MPIError) in try posted.isDone() }
    }
  }

  /// The bytes of all ranks, in the order of their numbers, on `root`; nothing elsewhere.
  ///
  /// Collective; the lengths may differ.
  public func gather(_ bytes: [UInt8], at root: Int = 0) throws(MPIError) -> [[UInt8]] {
    precondition((0..<size).contains(root), "gather at rank \(root) of \(size)")
    let tag = nextCollectiveTag()
    guard let collectives else { return [bytes] }
    guard rank == root else {
      let posted = try collectives.post(bytes, to: root, tag: tag)
      try wait(on: { root }) { () throws(MPIError) in try posted.isDone() }
      return []
    }
    var all = [[UInt8]?](repeating: nil, count: size)
    all[root] = bytes
    for _ in 1..<size {
      let message = try takeCollective(tag: tag) { all.firstIndex { $0 == nil } ?? root }
      guard all[message.source] == nil else {
        throw .malformed(what: "two messages of rank \(message.source) in one gather")
      }
      all[message.source] = message.bytes
    }
    return all.map { $0 ?? [] }
  }

  /// The bytes of all ranks, in the order of their numbers, on every rank. Collective.
  public func allGather(_ bytes: [UInt8]) throws(MPIError) -> [[UInt8]] {
    let gathered = try gather(bytes)
    var writer = WireWriter()
    for part in gathered { writer.blob(part) }
    var packed = writer.bytes
    try broadcast(&packed)
    var reader = WireReader(packed)
    var all: [[UInt8]] = []
    for _ in 0..<size { all.append(try reader.blob()) }
    try reader.end()
    return all
  }

  /// Returns once every rank has called it; those that wait sleep. Collective.
  public func barrier() throws(MPIError) {
    var none: [UInt8] = []
    _ = try gather(none)
    try broadcast(&none)
  }

  private func takeCollective(from source: Int, tag: Int32) throws(MPIError) -> Message {
    try takeCollective(from: source, tag: tag) { source }
  }

  private func takeCollective(
    from source: Int? = nil, tag: Int32, awaited: () -> Int
  ) throws(MPIError) -> Message {
    var received: Message?
    try wait(on: awaited) { () throws(MPIError) in
      received = try collectives?.poll(from: source, tag: tag)
      return received != nil
    }
    guard let received else { throw .malformed(what: "a wait without its message") }
    return received
  }
}

/// The binomial tree along which a broadcast goes: log2(size) steps from the root to any rank.
struct BroadcastTree: Equatable {
  let parent: Int?
  let children: [Int]

  init(rank: Int, size: Int, root: Int) {
    // Numbered from the root, a rank's parent is itself without its lowest bit.
    let place = (rank - root + size) % size
    parent = place == 0 ? nil : ((place & (place - 1)) + root) % size
    var children: [Int] = []
    var bit = 1
    while bit < size, place & bit == 0 {
      if place + bit < size { children.append((place + bit + root) % size) }
      bit <<= 1
    }
    self.children = children.reversed()
  }
}
