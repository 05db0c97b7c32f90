import Checkpoints
import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Patching, ablation and bases that take activations from a dump, beside the same jobs without one.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct DumpSources {
    /// Pairs of 9 tokens with a common beginning of 2 or 3.
    private static let pairs = (0..<5).map { number -> (clean: [Int], corrupted: [Int]) in
      let clean = (0..<9).map { (11 * number + 5 * $0 + 1) % 60 }
      var corrupted = clean
      corrupted[2 + number % 2] = 61
      corrupted[6] = 62
      return (clean, corrupted)
    }

    private static let items = pairs.enumerated().map { number, pair in
      """
      [[data.items]]
      clean_ids = \(pair.clean)
      corrupted_ids = \(pair.corrupted)
      answer_id = \(number + 20)
      foil_id = \(number + 33)

      """
    }.joined()

    private static let sites =
      "[\"block_output\", \"mlp_output\", \"mlp_activation\", \"head_attention_value_output\"]"

    private static func dump(
      _ documents: [[Int]], _ more: String = "", data: String = "", sites: String = sites
    ) -> String {
      """
      kind = "dump"
      [model]
      path = "model"
      [data]
      items = \(documents)
      \(data)
      [dump]
      sites = \(sites)
      \(more)
      """
    }

    private static let swept = """
      [[patch]]
      site = "block_output"
      [[patch]]
      site = "mlp_output"
      window = 2
      [[patch]]
      site = "mlp_activation"
      neurons = [0, 7, 30]
      [[patch]]
      site = "head_attention_value_output"
      positions = [3, "last"]
      each_position = true
      [[patch]]
      name = "pairs_of_heads"
      site = "head_attention_value_output"
      units = [[0, 1], [1, 0], [2, 1]]
      combine = "pairs"
      [[patch]]
      name = "part"
      site = "block_output"
      subspace = "part.safetensors"
      layers = [1]

      """

    private static func patch(
      _ direction: String, _ source: String = "", swept: String = swept, more: String = ""
    ) -> String {
      """
      kind = "patch"
      directions = ["\(direction)"]
      \(more)
      [model]
      path = "model"
      [data]
      \(items)
      \(source)
      \(swept)
      [metric]
      store = ["logit_difference", "kl"]
      bootstrap = 20
      """
    }

    private func bench(_ family: TinyModel.Family = .gpt2) throws -> Workbench {
      let bench = try Workbench(TinyModel(family))
      var part = SafetensorsWriter()
      let rows: [Float] =
        [0.6, 0.8] + Array(repeating: 0, count: 46) + [-0.8, 0.6]
        + Array(repeating: 0, count: 46)
      part.add("rows", shape: [2, 48], rows)
      try part.write(to: bench.path("part.safetensors"))
      return bench
    }

    /// The records of a finished run, and the bytes of its chunks by path.
    private func results(
      _ bench: Workbench, _ job: String, _ name: String, ranks: Int? = nil
    ) async throws -> (records: [UInt64: [UInt8]], chunks: [String: String]) {
      try bench.put(job, "job.toml")
      try await bench.finish(name, ranks: ranks)
      let stored = try bench.stored(name)
      return (stored.records, stored.files.filter { !$0.key.hasSuffix("zarr.json") })
    }

    private func tool(_ arguments: String...) async throws -> ToolRun {
      try await RunningTool(arguments, ranks: nil).end()
    }

    @Test(arguments: TinyModel.Family.allCases, [false, true])
    func `patches by a dump are those by the pairs' other runs to the bit`(
      family: TinyModel.Family, isNaive: Bool
    ) async throws {
      let bench = try bench(family)
      let run = "[run]\nnaive = \(isNaive)\n"
      // Clean documents in the pairs' order, corrupted ones in another with one more among them.
      let others = [[1, 2, 3]] + Self.pairs.reversed().map(\.corrupted)
      for (direction, documents, which) in [
        ("denoising", Self.pairs.map(\.clean), ""),
        ("noising", others, "documents = [5, 4, 3, 2, 1]"),
      ] {
        _ = try await results(bench, Self.dump(documents), "dump-\(direction)")
        let plain = try await results(bench, Self.patch(direction) + "\n" + run, "\(direction)")
        let source = "[source]\ndump = \"dump-\(direction)\"\n\(which)"
        let name = "\(direction)-dumped"
        let dumped = try await results(
          bench, Self.patch(direction, source) + "\n" + run, name, ranks: 2)
        #expect(dumped.records == plain.records && !plain.records.isEmpty)
        #expect(dumped.chunks == plain.chunks && !plain.chunks.isEmpty)
        let verify = try await tool("verify", bench.path(name), "--recompute", "100%")
        #expect(verify.code == 0, "\(verify.errors)")
      }
    }

    @Test func `noise is taken away by a dump of the clean prompts`() async throws {
      let bench = try bench()
      _ = try await results(bench, Self.dump(Self.pairs.map(\.clean)), "dump")
      func job(_ source: String) -> String {
        Self.patch("denoising", "[corrupt]\nnoise = 0.5\npositions = [2]\n\(source)")
      }
      let plain = try await results(bench, job(""), "plain")
      let dumped = try await results(bench, job("[source]\ndump = \"dump\""), "dumped")
      #expect(dumped.records == plain.records && dumped.chunks == plain.chunks)
    }

    @Test func `rounded values are taken, which is said`() async throws {
      let bench = try bench()
      let documents = Self.pairs.map(\.clean)
      _ = try await results(bench, Self.dump(documents, "[save]\nround_bits = 7"), "dump")
      let plain = try await results(bench, Self.patch("denoising"), "plain")
      try bench.put(Self.patch("denoising", "[source]\ndump = \"dump\""), "job.toml")
      let checked = try await tool("check", bench.path("job.toml"))
      #expect(checked.code == 0 && checked.output.contains("rounded to 7 bits"))
      let ended = try await bench.finish("dumped")
      #expect(ended.errors.contains("rounded to 7 bits"), "\(ended.errors)")
      #expect(try bench.stored("dumped").records != plain.records)
    }

    private static let clean = pairs.map(\.clean)
    private static let heads = "[[patch]]\nsite = \"head_attention_value_output\""

    struct Wrong: Sendable {
      var dump = DumpSources.dump(DumpSources.clean)
      var direction = "denoising"
      var more = ""
      var source = "[source]\ndump = \"dump\"\n"
      var swept = DumpSources.swept
      let terms: [String]
      var code: Int32 = 3
    }

    private static let wrong: [Wrong] = [
      Wrong(dump: dump(clean, sites: "[\"block_output\"]"), terms: ["source.dump", "mlp_output"]),
      Wrong(dump: dump(clean, "layers = [0, 1]"), terms: ["the layers 0, 1", "layer 2"]),
      Wrong(
        dump: dump(clean, "heads = [0, 2]"), swept: heads, terms: ["the heads 0, 2", "head 1"]),
      Wrong(dump: dump(clean.dropLast()), terms: ["4 documents", "expected 5"]),
      Wrong(
        dump: dump(clean, "positions = [3]"), swept: heads,
        terms: ["no row for position 8 of document 0"]),
      Wrong(
        dump: dump(pairs.map(\.corrupted)), terms: ["the token id 61 at position 2 of document 0"]),
      Wrong(
        dump: dump(clean.map { Array($0.dropLast()) }), terms: ["8 tokens of document 0", "the 9"]),
      Wrong(
        dump: dump(clean, data: "context = 16\npack = true"),
        terms: ["packed into sequences of 16"]),
      Wrong(
        source: "[source]\ndump = \"dump\"\ndocuments = [0]", terms: ["source.documents", "1 n"]),
      Wrong(
        source: "[source]\ndump = \"dump\"\ndocuments = [0, 1, 2, 3, 5]",
        terms: ["source.documents", "from 0 to 4"]),
      Wrong(direction: "denoising\", \"noising", terms: ["source", "both directions"]),
      Wrong(
        direction: "noising",
        source: "[corrupt]\nnoise = 1\npositions = [2]\n[source]\ndump = \"dump\"",
        terms: ["source", "noise"]),
      Wrong(source: "[source]\ndump = \"model\"", terms: ["model"], code: 5),
      Wrong(source: "[source]\ndmp = \"dump\"", terms: ["source.dump", "dmp"]),
    ]

    @Test func `a dump that does not have what cells take is refused`() async throws {
      for (number, wrong) in Self.wrong.enumerated() {
        let bench = try bench()
        _ = try await results(bench, wrong.dump, "dump")
        try bench.put(
          Self.patch(wrong.direction, wrong.source, swept: wrong.swept), "job.toml")
        let checked = try await tool("check", bench.path("job.toml"))
        #expect(checked.code == wrong.code, "\(number): \(checked.output)\(checked.errors)")
        for term in wrong.terms {
          #expect(checked.errors.contains(term), "\(number): \(checked.errors)")
        }
      }
    }

    @Test func `a dump of another model, or an unfinished one, is refused`() async throws {
      let bench = try bench()
      _ = try await results(bench, Self.dump(Self.clean), "dump")
      let job = Self.patch("denoising", "[source]\ndump = \"dump\"")
      try TinyModel(.gpt2, seed: 2).write(to: bench.folder.appendingPathComponent("model"))
      try bench.put(job, "job.toml")
      let other = try await bench.start("other").end()
      #expect(other.code == 5 && other.errors.contains("SHA-256"), "\(other.errors)")
      #expect(!bench.has("other"))
      let journal = bench.path("dump/journal")
      for name in try FileManager.default.contentsOfDirectory(atPath: journal) {
        try FileManager.default.removeItem(atPath: "\(journal)/\(name)")
      }
      let open = try await tool("check", bench.path("job.toml"))
      #expect(open.code == 3 && open.errors.contains("not finished"), "\(open.errors)")
    }

    @Test(arguments: [
      ("model", "block_input", "[\"block_input\"]", "[1, 2]"),
      ("model", "mlp_output", "[\"block_output\", \"mlp_output\"]", "[0, 1]"),
      ("logit", "block_input", "[\"block_output\"]", "\"all\""),
    ])
    func `a basis by a dump is the model's own to the bit`(
      lens: String, site: String, sites: String, layers: String
    ) async throws {
      let bench = try bench()
      let documents = [[5, 9, 1, 33, 2, 7, 8], [11, 4], [3, 17, 20, 9, 2, 40, 12, 1, 5]]
      func job(_ source: String) -> String {
        Basis.job(
          lens: lens, more: "site = \"\(site)\"\nskip_positions = 2",
          data: "items = \(documents)\n\(source)")
      }
      _ = try await results(
        bench, Self.dump(documents, "layers = \(layers)", sites: sites), "dump")
      let plain = try await results(bench, job(""), "plain")
      let dumped = try await results(bench, job("[source]\ndump = \"dump\""), "dumped", ranks: 2)
      #expect(dumped.records == plain.records && dumped.chunks == plain.chunks)
      let verify = try await tool("verify", bench.path("dumped"), "--recompute", "100%")
      #expect(verify.code == 0, "\(verify.errors)")
      for (more, terms) in [
        ("layers = [2]", ["source.dump", "layer 1"]),
        ("layers = \(layers)\npositions = [0]", ["rows of some positions"]),
      ] {
        try FileManager.default.removeItem(atPath: bench.path("dump"))
        _ = try await results(bench, Self.dump(documents, more, sites: "[\"block_input\"]"), "dump")
        guard sites.contains("block_input") || terms.count == 2 else { continue }
        try bench.put(job("[source]\ndump = \"dump\""), "job.toml")
        let checked = try await tool("check", bench.path("job.toml"))
        #expect(checked.code == 3, "\(checked.errors)")
        for term in terms { #expect(checked.errors.contains(term), "\(checked.errors)") }
      }
    }

    @Test(arguments: ["", "heads = [1, 3]\n"])
    func `means of a dump ablate as means over its documents`(heads: String) async throws {
      let bench = try bench()
      let documents = (0..<12).map { number in (0..<9).map { (7 * number + 3 * $0) % 64 } }
      let prompts = Self.items.split(separator: "\n").filter { !$0.contains("corrupted") }
      func job(_ source: String) -> String {
        """
        kind = "ablate"
        ablations = ["mean", "mean_by_position"]
        [model]
        path = "model"
        [data]
        \(prompts.joined(separator: "\n"))
        \(source)
        [[ablate]]
        site = "mlp_output"
        [[ablate]]
        site = "head_attention_value_output"
        \(heads)[metric]
        store = ["log_probability"]
        bootstrap = 20
        """
      }
      func dump(_ statistics: String) -> String {
        Self.dump(documents, heads + "[statistics]\n" + statistics)
      }
      _ = try await results(bench, dump("positions = \"from_end\""), "dump")
      _ = try await results(bench, job("[dataset]\nitems = \(documents)"), "plain")
      _ = try await results(bench, job("[source]\ndump = \"dump\""), "dumped", ranks: 2)
      for site in ["mlp_output", "head_attention_value_output"] {
        func values(_ run: String) throws -> [Float] {
          let store = try ZarrStore.open(bench.path("\(run)/results.zarr"))
          let array = try store.array("\(site)/log_probability")
          return try #require(try array.read(rows: 0..<5, as: Float.self))
        }
        let (plain, dumped) = (try values("plain"), try values("dumped"))
        #expect(plain.contains { !$0.isNaN } && plain.count == dumped.count)
        for (a, b) in zip(plain, dumped) where !a.isNaN { #expect(abs(a - b) < 1e-5) }
      }
      let verify = try await tool("verify", bench.path("dumped"), "--recompute", "100%")
      #expect(verify.code == 0, "\(verify.errors)")
      for (statistics, term) in [
        ("", "no means by place from the end"), ("positions = \"from_start\"", "from_end"),
        ("positions = \"from_end\"\nplaces = 8", "means at 8 places"),
      ] {
        try FileManager.default.removeItem(atPath: bench.path("dump"))
        _ = try await results(bench, dump(statistics), "dump")
        try bench.put(job("[source]\ndump = \"dump\""), "job.toml")
        let checked = try await tool("check", bench.path("job.toml"))
        #expect(checked.code == 3 && checked.errors.contains(term), "\(checked.errors)")
      }
    }

    @Test func `a PCA intervention takes components, mean and deviation of a dump`() async throws {
      let bench = try bench()
      _ = try await results(bench, Self.dump(Self.clean, "[statistics]\nmoments = true"), "dump")
      func statistic(_ name: String, _ more: String) -> String {
        "[dumps.\(name)]\ndump = \"dump\"\nsite = \"block_output\"\nlayer = 2\n\(more)\n"
      }
      try bench.put(
        """
        kind = "forward"
        model = "\(bench.path("model"))"
        expected = ["intervened.logits"]
        [[representations]]
        component = "block_output"
        layer = 2
        unit = "pos"
        max_number_of_units = 1
        intervention_type = "PCARotatedSpaceIntervention"
        interchange_dim = 2
        args = { components = "parts", mean = "typical", std = "spread" }
        [base]
        input_ids = [[5, 9, 1, 33]]
        [[sources]]
        input_ids = [[7, 8, 2, 4]]
        [unit_locations]
        "sources->base" = 3

        """ + statistic("parts", "statistic = \"components\"\ncount = 3")
          + statistic("typical", "statistic = \"mean\"")
          + statistic("spread", "statistic = \"std\""), "spec.toml")
      let ended = try await tool(
        "intervene", bench.path("spec.toml"), "-o", bench.path("out.safetensors"))
      #expect(ended.code == 0, "\(ended.errors)")
      let found = try SafetensorsFile(bench.path("out.safetensors"))
      #expect(try found.floats("out.intervened.logits").allSatisfy(\.isFinite))
    }
  }
}
