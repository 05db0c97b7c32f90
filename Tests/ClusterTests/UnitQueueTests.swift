import Testing
import _TestSupport

@testable import Cluster

@Suite struct UnitQueueTests {
  private func units(_ costs: [Double]) -> [WorkUnit] {
    costs.enumerated().map { WorkUnit(number: $0, cost: $1) }
  }

  @Test func `every thread gets one of the costliest units before any rank gets two`() {
    var queue = UnitQueue(units: units([1, 100, 1, 100, 1, 100, 1, 1]), threads: [1, 1, 1])
    let first = queue.start().prefix(3)
    #expect(first.map(\.unit) == [1, 3, 5])
    #expect(first.map(\.rank) == [0, 1, 2])
  }

  @Test func `a rank gets no long unit ahead that another could start sooner`() {
    var queue = UnitQueue(units: units([100, 100, 100]), threads: [1, 1])
    #expect(queue.start().count == 2)
    let isHeld = queue.end(1, on: 1, after: 1)
    #expect(isHeld)
    let next = queue.refill(1)
    #expect(next == [UnitQueue.Assignment(unit: 2, rank: 1)])
  }

  @Test func `with much left, threads have units ahead`() {
    var queue = UnitQueue(
      units: units(Array(repeating: 1, count: 100)), threads: [1, 2])
    let counts = Dictionary(grouping: queue.start(), by: \.rank).mapValues(\.count)
    #expect(counts == [0: 3, 1: 6])
  }

  @Test func `of short units a thread has as many ahead as it ends between its reports`() {
    var queue = UnitQueue(
      units: units(Array(repeating: 1, count: 10_000)), threads: Array(repeating: 1, count: 100))
    let first = queue.start().filter { $0.rank == 7 }
    // A hundred ranks report each 0.4 s: 16 units of 49 ms are not more than 0.8 s.
    let isHeld = queue.end(first[0].unit, on: 7, after: 0.049)
    #expect(isHeld)
    #expect(first.count - 1 + queue.refill(7).count == 1 + 16)
  }

  @Test(arguments: [1, 2, 5, 40])
  func `each unit goes out once and the slowest rank ends with the others`(ranks: Int) {
    var random = SeededRandom(seed: UInt64(ranks))
    let costs = (0..<200).map { _ in Double.random(in: 0...10, using: &random) }
    var queue = UnitQueue(units: units(costs), threads: Array(repeating: 1, count: ranks))
    var waiting = Array(repeating: [Int](), count: ranks)
    var clock = Array(repeating: 0.0, count: ranks)
    var done: [Int] = []
    for assignment in queue.start() { waiting[assignment.rank].append(assignment.unit) }
    func end(_ rank: Int) -> Double { clock[rank] + costs[waiting[rank][0]] }
    // The rank whose present unit ends first goes on first.
    while let rank = (0..<ranks).filter({ !waiting[$0].isEmpty }).min(by: { end($0) < end($1) }) {
      let unit = waiting[rank].removeFirst()
      clock[rank] += costs[unit]
      done.append(unit)
      let isHeld = queue.end(unit, on: rank, after: costs[unit])
      #expect(isHeld)
      for next in queue.refill(rank) { waiting[next.rank].append(next.unit) }
    }
    #expect(done.sorted() == Array(0..<200))
    #expect(queue.openCount == 0)
    let ideal = max(costs.reduce(0, +) / Double(ranks), costs.max() ?? 0)
    #expect((clock.max() ?? 0) < ideal * 1.1 + 1)
  }

  @Test func `a result of a rank that does not have the unit is not taken`() {
    var queue = UnitQueue(units: units([1, 1]), threads: [1, 1])
    _ = queue.start()
    for (unit, rank, isTaken) in [
      (0, 1, false), (7, 0, false), (0, 9, false), (0, 0, true), (0, 0, false),
    ] {
      let taken = queue.end(unit, on: rank, after: 1)
      #expect(taken == isTaken)
    }
  }
}

@Suite struct HeartbeatTests {
  private let start = ContinuousClock.now

  private func heartbeat() -> Heartbeat {
    Heartbeat(of: 1...3, interval: .seconds(2), limit: .seconds(60), now: start)
  }

  @Test func `the lowest silent rank is named after the limit, and not before`() {
    var beat = heartbeat()
    var silent: [Int?] = []
    for second in 1...61 {
      beat.hear(1, at: start + .seconds(second))
      silent.append(beat.silent(at: start + .seconds(second))?.rank)
    }
    #expect(silent == Array(repeating: nil, count: 60) + [2])
    beat.forget(2)
    beat.forget(3)
    let last = beat.silent(at: start + .seconds(62))
    #expect(last == nil)
  }

  @Test func `a rank that itself stood still blames nobody`() {
    var beat = heartbeat()
    for second in [1, 500, 510] {
      let silent = beat.silent(at: start + .seconds(second))
      #expect(silent == nil)
    }
  }

  @Test func `a sign of life is due once each interval`() {
    var beat = heartbeat()
    let due = (1...4).map { beat.isDue(at: start + .seconds($0)) }
    #expect(due == [false, true, false, true])
  }
}
