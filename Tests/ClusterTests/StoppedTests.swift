import Inputs
import Locks
import Testing

@testable import Cluster

/// Work that is given up is neither done nor failed, wherever it is done.
struct StoppedTests {
  @Test func `a unit that a stop ends is neither kept nor failed`() throws {
    let world = try MPIEnvironment(environment: [:]).world
    let stop = StopSignal()
    var (kept, failed): ([Int], [Int]) = ([], [])
    let outcome = try UnitScheduler(
      units: (0..<8).map { WorkUnit(number: $0, cost: 1) }, settings: .init(computeThreads: 2)
    ).run(
      on: world, stop: stop,
      .init(
        compute: { unit in
          if unit >= 2 { stop.request() }
          if stop.isRequested { throw Stopped() }
          return []
        },
        keep: { unit, _ in kept.append(unit) }, sync: {}, finished: { _ in },
        failed: { failed.append($0.unit) }))
    #expect(outcome == .stopped)
    #expect(failed.isEmpty)
    #expect(kept.allSatisfy { $0 < 2 })
  }

  @Test func `a sum is given up where a stop is asked for`() throws {
    let world = try MPIEnvironment(environment: [:]).world
    let stop = StopSignal()
    let sums = ContributionSum(count: 5, threads: 2, on: world, stop: stop)
    #expect(try sums.total(length: 1) { [Float($0)] } == [10])
    #expect(throws: Stopped.self) {
      _ = try sums.total(length: 1) { number -> [Float] in
        stop.request()
        return [Float(number)]
      }
      _ = try sums.total(length: 1) { [Float($0)] }
    }
  }

  @Test(arguments: [1, 3, 8])
  func `threads change neither the results nor the error`(threads: Int) throws {
    struct Fault: Error, Equatable { let number: Int }
    #expect(concurrently(100, threads: threads) { $0 * $0 } == (0..<100).map { $0 * $0 })
    #expect(throws: Fault(number: 17)) {
      _ = try concurrently(100, threads: threads) { (number) throws(Fault) -> Int in
        if number >= 17 { throw Fault(number: number) }
        return number
      }
    }
  }
}
