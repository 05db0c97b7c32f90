internal import Models

/// Goes through the layers and says where rows come from.
struct SweepBuilder {
  private let patches: [Patch]
  private let rows: RunRows
  /// How many last positions of each run are read.
  private let reading: Int
  private let windows: [Int?]
  private let last: Int
  /// By patch, the layers of its touches that matter and their numbers.
  private var timelines: [[(layers: Range<Int>, touch: Int)]] = []
  /// Patches by the first layer in which they differ.
  private var beginnings: [Int: [Int]] = [:]
  private var groups: [SweepPlan.Group] = []
  private(set) var touches: [Touch] = []

  init(_ patches: [Patch], _ rows: RunRows, reading: Int, windows: [Int?]) {
    precondition(
      reading > 0 && patches.allSatisfy { reading <= rows.lengths[$0.base] },
      "\(reading) positions read of runs of \(rows.lengths)")
    (self.patches, self.rows, self.reading, self.windows) = (patches, rows, reading, windows)
    last = windows.count - 1
    var numbers: [TouchKey: Int] = [:]
    for (index, patch) in patches.enumerated() {
      var timeline: [(layers: Range<Int>, touch: Int)] = []
      for touch in patch.reaching(rows, reading: reading, windows: windows) {
        precondition(
          touch.layers.upperBound <= windows.count && touch.site.isInBlock,
          "\(touch.site) in layers \(touch.layers) of \(windows.count)")
        let number = numbers[TouchKey(touch), default: touches.count]
        if number == touches.count {
          numbers[TouchKey(touch)] = number
          touches.append(touch)
        }
        timeline.append((touch.layers, number))
      }
      timelines.append(timeline)
      if let first = timeline.map(\.layers.lowerBound).min() {
        beginnings[first, default: []].append(index)
      }
    }
  }

  /// The groups of the patches after the last step.
  var results: [Int?] {
    var results = [Int?](repeating: nil, count: patches.count)
    for (place, group) in groups.enumerated() {
      for patch in group.patches { results[patch] = place }
    }
    return results
  }

  mutating func steps() -> [SweepPlan.Step] {
    guard let first = beginnings.keys.min() else { return [] }
    return (first...last).map { step($0) }
  }

  private mutating func step(_ layer: Int) -> SweepPlan.Step {
    var step = SweepPlan.Step(layer: layer)
    let (begun, joining) = beginning(at: layer)
    enter(begun, &step)
    step.groups = groups
    step.pass = groups.isEmpty ? nil : pass(layer)
    leave(joining, &step)
    step.joining = joining
    return step
  }

  /// The numbers of the touches of a patch in a layer.
  private func touches(of patch: Int, at layer: Int) -> [Int] {
    timelines[patch].filter { $0.layers.contains(layer) }.map(\.touch)
  }

  /// Patches by what they change in a layer, in the order in which each kind is first met.
  private func alike(_ members: [Int], at layer: Int) -> [(members: [Int], touches: [Int])] {
    if members.count == 1 { return [(members, touches(of: members[0], at: layer))] }
    struct Kind: Hashable {
      let base: Int
      let touches: [Int]
    }
    var places: [Kind: Int] = [:]
    var result: [(members: [Int], touches: [Int])] = []
    for patch in members {
      let kind = Kind(base: patches[patch].base, touches: touches(of: patch, at: layer))
      if let place = places[kind] {
        result[place].members.append(patch)
      } else {
        places[kind] = result.count
        result.append(([patch], kind.touches))
      }
    }
    return result
  }

  /// Groups that begin in a layer: those that enter the block, and those that begin with its output.
  private func beginning(
    at layer: Int
  ) -> (entering: [SweepPlan.Group], joining: [SweepPlan.Group]) {
    var result: (entering: [SweepPlan.Group], joining: [SweepPlan.Group]) = ([], [])
    for (members, numbers) in alike(beginnings[layer] ?? [], at: layer) {
      let base = patches[members[0]].base
      let positions = Set(numbers.flatMap { touches[$0].positions }).sorted()
      let (first, end) = (positions.first ?? 0, (positions.last ?? 0) + 1)
      var group = SweepPlan.Group(
        patches: members, base: base, segments: [first..<end], touches: numbers)
      if numbers.allSatisfy({ touches[$0].site == .blockOutput }) {
        if layer == last { group.segments = [read(of: base)] }
        result.joining.append(group)
      } else if numbers.contains(where: { touches[$0].site.reachesLaterPositionsInItsBlock }) {
        let read = read(of: base)
        group.segments = [
          layer == last
            ? min(first, read.lowerBound)..<read.upperBound
            : first..<reach(base).spread(end, in: layer)
        ]
        result.entering.append(group)
      } else {
        // Where later positions do not see the change in this very block, only the changed ones
        // go through it.
        group.segments = layer == last ? [read(of: base)] : Self.ranges(positions)
        result.entering.append(group)
      }
    }
    return result
  }

  private func reach(_ base: Int) -> Reach {
    Reach(length: rows.lengths[base], reading: reading, windows: windows)
  }

  /// The positions of a run that are read: all of them go through the last block.
  private func read(of base: Int) -> Range<Int> {
    rows.lengths[base] - reading..<rows.lengths[base]
  }

  private static func ranges(_ positions: [Int]) -> [Range<Int>] {
    positions.reduce(into: []) { ranges, position in
      if let last = ranges.last, last.upperBound == position {
        ranges[ranges.count - 1] = last.lowerBound..<position + 1
      } else {
        ranges.append(position..<position + 1)
      }
    }
  }

  /// Groups part where their patches do, reach back to earlier positions that are changed now and on to
  /// later ones that see a change in this block, and are joined by those that begin.
  private mutating func enter(_ begun: [SweepPlan.Group], _ step: inout SweepPlan.Step) {
    let layer = step.layer
    var next: [SweepPlan.Group] = []
    var pieces: [SweepPlan.Piece] = []
    var at = 0
    var isSame = begun.isEmpty
    for group in groups {
      let own = at..<at + group.count
      at = own.upperBound
      let start = group.segments.first?.lowerBound ?? 0
      let end = group.segments.last?.upperBound ?? 0
      let reach = reach(group.base)
      let parts = alike(group.patches, at: layer)
      if parts.count > 1 { isSame = false }
      for (members, numbers) in parts {
        let before = numbers.flatMap { number in
          touches[number].positions.filter {
            $0 < start && reach(touches[number].site, layer: layer, position: $0)
          }
        }
        let read = read(of: group.base)
        let first = (before + (layer == last ? [read.lowerBound] : [])).min().flatMap {
          $0 < start ? $0 : nil
        }
        let changed = numbers.map { number in
          let end = (touches[number].positions.max() ?? -1) + 1
          return touches[number].site.reachesLaterPositionsInItsBlock
            ? reach.spread(end, in: layer) : end
        }
        let seen =
          layer == last ? read.upperBound : max(reach.spread(end, in: layer), changed.max() ?? 0)
        if let first {
          isSame = false
          pieces += base(group.base, first..<start)
        }
        pieces.append(.own(own))
        if seen > end {
          isSame = false
          pieces += base(group.base, end..<seen)
        }
        next.append(
          SweepPlan.Group(
            patches: members, base: group.base, segments: [(first ?? start)..<seen],
            touches: numbers))
      }
    }
    for group in begun { pieces += group.segments.flatMap { base(group.base, $0) } }
    groups = next + begun
    if !isSame { step.entering = pieces }
  }

  private func base(_ run: Int, _ positions: Range<Int>) -> [SweepPlan.Piece] {
    rows.ranges(run: run, positions).map { .base($0) }
  }

  /// The positions of a group that did not go through the block are its base's from here on.
  private mutating func leave(_ joining: [SweepPlan.Group], _ step: inout SweepPlan.Step) {
    let isLast = step.layer == last
    var pieces: [SweepPlan.Piece] = []
    var at = 0
    var isSame = joining.isEmpty
    for index in groups.indices {
      let group = groups[index]
      if isLast {
        pieces.append(.own(at..<at + reading))
        at += reading
        continue
      }
      let whole =
        (group.segments.first?.lowerBound ?? 0)..<(group.segments.last?.upperBound ?? 0)
      var position = whole.lowerBound
      for segment in group.segments {
        pieces += base(group.base, position..<segment.lowerBound)
        pieces.append(.own(at..<at + segment.count))
        at += segment.count
        position = segment.upperBound
      }
      if group.segments != [whole] { isSame = false }
      groups[index].segments = [whole]
    }
    for group in joining { pieces += group.segments.flatMap { base(group.base, $0) } }
    groups += joining
    if !isSame { step.leaving = pieces }
  }

  private func pass(_ layer: Int) -> SweepPlan.Pass {
    let count = groups.reduce(0) { $0 + $1.count }
    let wanted = layer == last ? groups.count * reading : count
    func spared(_ site: Site) -> Int {
      groups.reduce(0) { sum, group in
        let replaced = group.touches.map { touches[$0] }.filter { $0.isWhole(at: site) }
        return sum
          + Set(replaced.flatMap(\.positions)).count {
            layer < last || $0 >= rows.lengths[group.base] - reading
          }
      }
    }
    return SweepPlan.Pass(
      rows: count, attentionRows: wanted - spared(.attentionOutput),
      mlpRows: wanted - spared(.mlpOutput))
  }
}
