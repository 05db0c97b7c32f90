/// Which rank gets which unit, and when: group by group, in each the costly ones first, so that no
/// long one comes last.
///
/// A rank computes one unit on each thread and has some in hand beside them, so that no thread
/// waits for a message. It is given such a unit ahead only while enough is left to keep all others
/// as long busy: near the end, the rank that is free takes it.
struct UnitQueue {
  /// Units in hand for each compute thread, beside the one that it computes.
  static let unitsAhead = 2

  /// The units not given out, the next one last.
  private var waiting: [WorkUnit]
  private var waitingCost: Double
  private let threads: [Int]
  private let threadCount: Double
  /// What each rank has, in the order in which it computes them.
  private var held: [[WorkUnit]]
  private(set) var openCount: Int

  /// - Parameters:
  ///   - units: Each number once.
  ///   - threads: The compute threads of each rank.
  init(units: [WorkUnit], threads: [Int]) {
    precondition(Set(units.map(\.number)).count == units.count, "a unit is listed twice")
    waiting = units.sorted { (-$0.group, $0.cost, -$0.number) < (-$1.group, $1.cost, -$1.number) }
    waitingCost = units.reduce(0) { $0 + $1.cost }
    self.threads = threads
    threadCount = Double(threads.reduce(0, +))
    held = Array(repeating: [], count: threads.count)
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
        if let unit = give(rank) { assignments.append(unit) }
      }
    }
    for rank in threads.indices { assignments += refill(rank) }
    return assignments
  }

  /// Notes that a rank has ended a unit, and returns what to hand it next; nil where the rank does
  /// not have that unit.
  mutating func end(_ unit: Int, on rank: Int) -> [Assignment]? {
    guard held.indices.contains(rank),
      let place = held[rank].firstIndex(where: { $0.number == unit })
    else { return nil }
    held[rank].remove(at: place)
    openCount -= 1
    return refill(rank)
  }

  private mutating func refill(_ rank: Int) -> [Assignment] {
    var assignments: [Assignment] = []
    while let next = waiting.last, mayHave(next, rank), let unit = give(rank) {
      assignments.append(unit)
    }
    return assignments
  }

  private func mayHave(_ unit: WorkUnit, _ rank: Int) -> Bool {
    let count = held[rank].count
    guard count >= threads[rank] else { return true }
    guard count < threads[rank] * (1 + UnitQueue.unitsAhead) else { return false }
    let ahead = held[rank].dropFirst(threads[rank]).reduce(unit.cost) { $0 + $1.cost }
    return ahead <= (waitingCost - unit.cost) / threadCount
  }

  private mutating func give(_ rank: Int) -> Assignment? {
    guard let unit = waiting.popLast() else { return nil }
    waitingCost = waiting.isEmpty ? 0 : waitingCost - unit.cost
    held[rank].append(unit)
    return Assignment(unit: unit.number, rank: rank)
  }
}
