import Inputs
import Testing
import _TestSupport

@testable import Cluster

/// The sum along the tree, written out: halves split at the largest power of two.
private func tree(_ values: ArraySlice<Float>) -> Float {
  guard values.count > 1, let first = values.first else { return values.first ?? 0 }
  var half = 1
  while half * 2 < values.count { half *= 2 }
  return values.count == 1
    ? first : tree(values.prefix(half)) + tree(values.dropFirst(half))
}

@Suite struct FixedOrderSumTests {
  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 13, 31, 100])
  func `the sum follows the tree, in whatever order contributions come`(count: Int) throws {
    var random = SeededRandom(seed: UInt64(count))
    let values = (0..<count).map { _ in Float.random(in: -1e6...1e6, using: &random) }
    let alone = try MPIEnvironment(environment: [:]).world
    for _ in 0..<5 {
      var sum = FixedOrderSum<Float>(count: count, length: 2)
      for number in (0..<count).shuffled(using: &random) {
        try sum.add([values[number], -values[number]], number: number)
      }
      let expected = tree(values[...])
      #expect(try sum.total(on: alone, step: 0) == [expected, -expected])
    }
  }

  @Test func `contributions in order keep few vectors`() throws {
    var sum = FixedOrderSum<Float>(count: 1000, length: 1)
    for number in 0..<1000 {
      try sum.add([1], number: number)
      #expect(sum.nodes.count <= 10)
    }
  }

  @Test func `a sum of nothing is zero`() throws {
    let alone = try MPIEnvironment(environment: [:]).world
    #expect(try FixedOrderSum<Float>(count: 0, length: 2).total(on: alone, step: 0) == [0, 0])
    var empty = FixedOrderSum<Double>(count: 1, length: 0)
    try empty.add([], number: 0)
    #expect(try empty.total(on: alone, step: 0) == [])
  }

  @Test func `a number twice, past the count or with another length is refused`() throws {
    var sum = FixedOrderSum<Float>(count: 4, length: 1)
    try sum.add([1], number: 0)
    try sum.add([1], number: 1)
    let wrong: [(Int, [Float])] = [(0, [1]), (1, [1]), (4, [1]), (-1, [1]), (2, [1, 2])]
    for (number, vector) in wrong {
      #expect(throws: Refusal.self) { try sum.add(vector, number: number) }
    }
  }

  @Test func `a missing contribution is named`() throws {
    var sum = FixedOrderSum<Float>(count: 3, length: 1)
    try sum.add([1], number: 0)
    try sum.add([1], number: 2)
    let alone = try MPIEnvironment(environment: [:]).world
    let refusal = #expect(throws: Refusal.self) { try sum.total(on: alone, step: 0) }
    #expect(refusal?.field == "contribution 1")
  }

  @Test func `a card of another rank that claims impossible parts is refused`() throws {
    let tree = SumTree(count: 5)
    let parts = [(-1, 0), (4, 0), (0, 5), (0, -1), (62, 1), (3, 1), (Int.max, Int.max)]
    for (level, index) in parts {
      let card = SumCard(
        step: 0, count: 5, length: 1, stride: 4, nodes: [SumNode(level: level, index: index)])
      #expect(throws: Refusal.self) {
        try SumCard.owners(of: [try SumCard(card.encoded)], tree: tree) { "rank \($0)" }
      }
    }
  }
}

extension MultiRankTests {
  @Suite struct SumsOverRanks {
    /// The digests of the sums, in floats and doubles; all ranks must print the same.
    private func digests(ranks: Int?, _ arguments: String...) async throws -> Set<String> {
      let run = try await RunningProbe(["sum"] + arguments, ranks: ranks).end()
      #expect(run.exitCode == 0)
      #expect(run.lines.count == ranks ?? 1)
      return Set(run.lines.map { String($0.dropFirst(2)) })
    }

    @Test(arguments: ["block", "cyclic", "scattered", "last"])
    func `the bits are the same on 1 to 4 ranks, whoever holds what`(spread: String) async throws {
      let alone = try await digests(ranks: nil, "count=13", "length=5000")
      #expect(alone.count == 1)
      for ranks in 1...4 {
        let sums = try await digests(
          ranks: ranks, "count=13", "length=5000", "spread=\(spread)", "limit=4000")
        #expect(sums == alone)
      }
    }

    @Test func `long vectors go in pieces and come out the same`() async throws {
      let alone = try await digests(ranks: nil, "count=7", "length=150001")
      let sums = try await digests(
        ranks: 3, "count=7", "length=150001", "spread=cyclic", "order=reversed")
      #expect(sums == alone)
    }

    @Test func `fewer contributions than ranks still reach all`() async throws {
      let alone = try await digests(ranks: nil, "count=2", "length=10")
      #expect(try await digests(ranks: 4, "count=2", "length=10") == alone)
      #expect(try await digests(ranks: 4, "count=2", "length=0").count == 1)
    }

    @Test(arguments: [
      ("step", "found 1 as step, expected 0"), ("missing", "contribution 2"),
      ("twice", "contribution 1"),
    ])
    func `ranks that mean different sums are refused`(
      fault: String, message: String
    ) async throws {
      let run = try await probe("uneven-sum", "fault=\(fault)", ranks: 3)
      #expect(run.exitCode == 7)
      #expect(run.errors.contains(message))
      #expect(run.lines.isEmpty)
    }
  }
}
