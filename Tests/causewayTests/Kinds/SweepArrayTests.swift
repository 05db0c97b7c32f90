import ResultsStore
import Testing
import _TestSupport

@testable import Experiments

extension EndToEnd {
  /// What the store of a sweep tells beside its values: tokens, labels of places, and what means are of.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct SweepArrays {
    private static let pairs = [
      (clean: [5, 6, 7, 8, 9], corrupted: [5, 16, 7, 8, 9], x: 1),
      (clean: [25, 26, 27, 28, 29, 30], corrupted: [25, 26, 27, 31, 29, 30], x: 3),
    ]

    private static let job =
      """
      kind = "patch"
      [model]
      path = "model"
      [metric]
      store = ["logit_difference", "top_k_match"]
      top_k = 100000
      bootstrap = 10

      """
      + pairs.map {
        """
        [[data.items]]
        clean_ids = \($0.clean)
        corrupted_ids = \($0.corrupted)
        answer_id = 40
        foil_id = 41
        places = { x = \($0.x) }

        """
      }.joined()
      + [
        ("whole", "\"all\""), ("ends", "[-1, -2]"), ("both", "[1, -1]"),
        ("named", "[\"x\", \"last\"]"),
        ("mixed", "[\"x\", -1]"),
      ].map { "[[patch]]\nname = \"\($0)\"\nsite = \"block_output\"\npositions = \($1)\n" }.joined()

    private func finished() async throws -> (bench: Workbench, store: ZarrStore, ended: ToolRun) {
      let bench = try Workbench(TinyModel(.gpt2), job: Self.job)
      let ended = try await bench.finish("run")
      return (bench, try ZarrStore.open(bench.path("run/results.zarr")), ended)
    }

    @Test func `both runs' tokens stand by position, and places have the labels of figures`()
      async throws
    {
      let (bench, store, _) = try await finished()
      let view = try RunView(PatchKind.self, bench.path("run"))
      func texts(_ name: String) throws -> [String] {
        for (number, group) in view.table.groups.enumerated() {
          let names = group.quantities.map { group.path(of: $0) }
          if let place = names.firstIndex(of: name) {
            guard case .texts(let all)? = try view.values(number)[place] else { return [] }
            return all
          }
        }
        return []
      }
      func ids(_ name: String, _ pair: Int) throws -> [Int32] {
        let all = try #require(try store.array(name).readChunk([0, 0], as: Int32.self))
        return all[6 * pair..<6 * pair + 6].filter { $0 >= 0 }
      }
      for (number, pair) in Self.pairs.enumerated() {
        #expect(try ids("token_id", number) == pair.clean.map { Int32($0) })
        #expect(try ids("corrupted_token_id", number) == pair.corrupted.map { Int32($0) })
      }
      let (clean, corrupted) = (try texts("token"), try texts("corrupted_token"))
      #expect(clean.indices.filter { clean[$0] != corrupted[$0] } == [1, 9] && clean.count == 12)
      for (item, labels) in [
        ("whole", [0, 1, 2, 3, 4, 5]), ("ends", [-2, -1]), ("both", [1, -1]),
      ] as [(String, [Int32])] {
        #expect(try store.array("\(item)/position").readChunk([0], as: Int32.self) == labels)
      }
      for (item, labels) in [("named", ["x", "last"]), ("mixed", ["#0", "-1"])] {
        #expect(try texts("\(item)/position") == labels)
      }
    }

    @Test func `a mean tells of how many prompts it is, and a run where recovery is undefined`()
      async throws
    {
      let (bench, store, ended) = try await finished()
      let counts = try #require(
        try store.array("whole/count").readChunk([0, 0, 0, 0], as: Int32.self))
      let means = try #require(
        try store.array("whole/mean").readChunk([0, 0, 0, 0], as: Float.self))
      // The last place is the second pair's alone; with all tokens a match both runs agree in it.
      let row: (Int32) -> [Int32] = { [$0, $0, $0, $0, $0, min(1, $0)] }
      let layers = counts.count / 24
      let expected = [2, 2, 2, 0].flatMap { count in (0..<layers).flatMap { _ in row(count) } }
      #expect(counts == expected && means.map(\.isNaN) == expected.map { $0 == 0 })

      let line = "recovery is undefined where the two runs agree: of top_k_match for 2 of 2 pairs"
      #expect((ended.output + ended.errors).contains(line), "\(ended.output)\(ended.errors)")
      for command in [["status"], ["export", "--csv", bench.path("table.csv")]] {
        let told = try await RunningTool(
          [command[0], bench.path("run")] + command.dropFirst(), ranks: nil
        ).end()
        #expect(told.code == 0 && (told.output + told.errors).contains(line), "\(told.output)")
      }
      let verify = try await RunningTool(
        ["verify", bench.path("run"), "--recompute", "100%"], ranks: nil
      ).end()
      #expect(verify.code == 0, "\(verify.errors)")
    }
  }
}
