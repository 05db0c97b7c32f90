/// Which rank gets which unit, and when.
///
/// A rank goes on with the group of units that it has begun, so that what the group shares is made
/// on few ranks; then it begins the next group, and where all are begun it helps with the one that
/// has most left. Within a group the costly units come first, so that no long one comes last.
///
/// A rank computes one unit on each thread and has some in hand beside them, so that no thread
/// waits for a message: two, or as many short ones as it ends between its reports. It is given such
/// a unit ahead only while enough is left to keep all others as long busy, or twice as long where
/// there are more than two: near the end, the rank that is free takes it.
struct UnitQueue {
  /// Units in hand for each compute thread, beside the one that it computes; more where they are
  /// short.
  static let unitsAhead = 2
  /// As many short ones at most.
  static let shortUnitsAhead = 500

  /// Units of a group that are not given out.
  private struct Group {
    /// The next one last.
    var waiting: [WorkUnit]
    var cost: Double
  }

  /// In the order in which they are begun.
  private var groups: [Group] = []
  /// The first group that no rank has begun.
  private var nextGroup = 0
  /// Groups that are begun and have units waiting.
  private var begun: Set<Int> = []
  /// The group that each rank takes units from.
  private var current: [Int?]
  private var waitingCost: Double
  private let threads: [Int]
  private let threadCount: Double
  private let pace: UnitPace
  /// Of the units that have ended, on all ranks.
  private var ended = (cost: 0.0, seconds: 0.0)
  /// What each rank has, in the order in which it computes them.
  private var held: [[WorkUnit]]
  private var heldCost: [Double]
  private(set) var openCount: Int

  /// - Parameters:
  ///   - units: Each number once.
  ///   - threads: The compute threads of each rank.
  init(units: [WorkUnit], threads: [Int]) {
    precondition(Set(units.map(\.number)).count == units.count, "a unit is listed twice")
    groups = Dictionary(grouping: units, by: \.group).sorted { $0.key < $1.key }.map { _, units in
      Group(
        waiting: units.sorted { ($0.cost, -$0.number) < ($1.cost, -$1.number) },
        cost: units.reduce(0) { $0 + $1.cost })
    }
    waitingCost = units.reduce(0) { $0 + $1.cost }
    self.threads = threads
    threadCount = Double(threads.reduce(0, +))
    pace = UnitPace(ranks: threads.count)
    held = Array(repeating: [], count: threads.count)
    heldCost = Array(repeating: 0, count: threads.count)
    current = Array(repeating: nil, count: threads.count)
    openCount = units.count
  }

  struct Assignment: Equatable {
    let unit: Int
    let rank: Int
  }

  /// What to hand out at the start: one unit for each thread of all ranks, then some ahead.
  mutating func start() -> [Assignment] {
    var assignments: [Assignment] = []
    for round in 0..<(threads.max() ?? 0) {
      for rank in threads.indices where threads[rank] > round {
        if let group = group(for: rank) { assignments.append(give(rank, from: group)) }
      }
    }
    for rank in threads.indices { assignments += refill(rank) }
    return assignments
  }

  /// Notes that a rank has ended a unit; false where the rank does not have that unit.
  ///
  /// - Parameter seconds: How long it was computed.
  mutating func end(_ unit: Int, on rank: Int, after seconds: Double) -> Bool {
    guard held.indices.contains(rank),
      let place = held[rank].firstIndex(where: { $0.number == unit })
    else { return false }
    let cost = held[rank].remove(at: place).cost
    heldCost[rank] = held[rank].isEmpty ? 0 : heldCost[rank] - cost
    if seconds.isFinite, seconds > 0 { ended = (ended.cost + cost, ended.seconds + seconds) }
    openCount -= 1
    return true
  }

  /// What to hand a rank that has ended units.
  mutating func refill(_ rank: Int) -> [Assignment] {
    var assignments: [Assignment] = []
    while let group = group(for: rank), let next = groups[group].waiting.last, mayHave(next, rank) {
      assignments.append(give(rank, from: group))
    }
    return assignments
  }

  /// The group that a rank's next unit comes from; nil where no unit waits.
  private func group(for rank: Int) -> Int? {
    if let group = current[rank], !groups[group].waiting.isEmpty { return group }
    if nextGroup < groups.count { return nextGroup }
    return begun.max { (groups[$0].cost, -$0) < (groups[$1].cost, -$1) }
  }

  private func mayHave(_ unit: WorkUnit, _ rank: Int) -> Bool {
    let count = held[rank].count
    guard count >= threads[rank] else { return true }
    let begun = held[rank].prefix(threads[rank]).reduce(0) { $0 + $1.cost }
    let ahead = heldCost[rank] - begun + unit.cost
    let fair = (waitingCost - unit.cost) / threadCount
    if count < threads[rank] * (1 + UnitQueue.unitsAhead) { return ahead <= fair }
    return count < threads[rank] * (1 + UnitQueue.shortUnitsAhead)
      && ended.seconds > 0 && ahead <= fair / 2
      && ahead * ended.seconds <= pace.secondsAhead * Double(threads[rank]) * ended.cost
  }

  private mutating func give(_ rank: Int, from group: Int) -> Assignment {
    let unit = groups[group].waiting.removeLast()
    let isEmpty = groups[group].waiting.isEmpty
    groups[group].cost = isEmpty ? 0 : groups[group].cost - unit.cost
    waitingCost -= unit.cost
    if group == nextGroup { nextGroup += 1 }
    if isEmpty { begun.remove(group) } else { begun.insert(group) }
    if nextGroup == groups.count, begun.isEmpty { waitingCost = 0 }
    current[rank] = group
    held[rank].append(unit)
    heldCost[rank] += unit.cost
    return Assignment(unit: unit.number, rank: rank)
  }
}
