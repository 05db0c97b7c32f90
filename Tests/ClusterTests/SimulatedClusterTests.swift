import Testing
import _TestSupport

@testable import Cluster

/// The real queue of units at sizes that no test can start: a thousand-fact trace of the GPT-2 XL
/// shape, on up to 4,096 ranks in virtual time.
@Suite struct SimulatedClusterTests {
  /// Units of a trace: 48 layers, ten samples, three sites, prompts of 8 to 17 tokens, at most 1,024
  /// rows a unit. A row takes 0.63 ms through a block: 61 million operations at 98 GFLOP/s, what units
  /// of four such blocks were measured at on one thread (`CausewayBenchmarks xl-blocks`).
  static let cluster: VirtualCluster = {
    let (layers, samples, blockRow) = (48, 10, 0.00063)
    var random = SeededRandom(seed: 1)
    var (seconds, group): ([Double], [Int]) = ([], [])
    for fact in 0..<1000 {
      let tokens = Int.random(in: 8...17, using: &random)
      for _ in 0..<3 {
        let rows = tokens * (tokens + 1) / 2 * layers * samples
        let parts = (rows + 1023) / 1024
        for part in 0..<parts {
          // Cells of lower layers have more blocks before them.
          let above = Double(layers) * (1 - Double(part) / Double(parts))
          seconds.append(Double(rows) / Double(parts) * above * blockRow)
          group.append(fact)
        }
      }
    }
    // A clean run and ten corrupted ones, of eleven tokens or so.
    let base = 11 * 12 * Double(layers) * blockRow
    return VirtualCluster(ranks: 1, seconds: seconds, group: group, baseSeconds: base)
  }()

  @Test(arguments: [(1, 0.99), (16, 0.99), (256, 0.98), (1024, 0.97), (4096, 0.93)])
  func `a thousand facts keep ranks busy`(ranks: Int, least: Double) {
    var cluster = Self.cluster
    cluster.ranks = ranks
    let outcome = cluster.run()
    #expect(outcome.done.count == cluster.seconds.count)
    #expect(outcome.efficiency > least)
    // Rank 0 computes too: serving must leave its core alone.
    #expect(outcome.coordinatorLoad < 0.06)
  }

  @Test func `what a fact's units share is made on few ranks`() {
    var cluster = Self.cluster
    cluster.ranks = 256
    #expect(cluster.run().bases < 2)
    cluster.ranks = 16
    #expect(cluster.run().bases < 1.1)
  }

  @Test func `one rank in a hundred that is three times slower holds up nobody for long`() {
    var cluster = Self.cluster
    cluster.ranks = 1024
    let even = cluster.run()
    cluster.slowness = { $0 % 100 == 7 ? 3 : 1 }
    let uneven = cluster.run()
    // Ten such ranks are lost work of less than one percent; the rest is the wait for the last.
    #expect(uneven.elapsed < 1.06 * even.elapsed)
  }

  @Test func `a job that dies and starts again loses what was under way, and no more`() {
    var cluster = Self.cluster
    cluster.ranks = 1024
    let whole = cluster.run()
    let moment = 0.4 * whole.elapsed
    let before = cluster.run(until: moment)
    #expect(before.done.count < whole.done.count)
    cluster.ranks = 1023
    let after = cluster.run(besides: before.done)
    #expect(after.done.isDisjoint(with: before.done))
    #expect(after.done.count + before.done.count == whole.done.count)
    let lost = moment + after.elapsed - whole.elapsed
    // A unit and a base on each rank at most, and one rank less for the rest.
    let longest = (cluster.seconds.max() ?? 0) + cluster.baseSeconds
    #expect(lost < 2 * longest)
  }

  @Test(arguments: [(256, 0.01, 0.6), (1024, 0.1, 0.3), (4096, 1, 0.2)])
  func `one coordinator is enough for short units too, since ranks report many at once`(
    ranks: Int, seconds: Double, most: Double
  ) {
    var cluster = Self.cluster
    let count = min(1_000_000, Int(120 * Double(ranks) / seconds))
    (cluster.ranks, cluster.baseSeconds) = (ranks, 0)
    cluster.seconds = Array(repeating: seconds, count: count)
    cluster.group = Array(repeating: 0, count: count)
    let even = cluster.run()
    #expect(even.coordinatorLoad < most && even.efficiency > 0.97)
    // What a slow rank has ahead at the end is what all others wait for.
    cluster.slowness = { $0 % 100 == 7 ? 3 : 1 }
    #expect(cluster.run().elapsed < 1.1 * even.elapsed)
  }
}
