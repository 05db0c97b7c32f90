import Checkpoints
import Foundation
import Inputs
import Models
import ResultsStore
import Tensors
import Testing
import _TestSupport

@testable import Experiments

extension EndToEnd {
  /// Dumps of activations as a job, with the tool as a user runs it.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Dump {
    /// Documents of 3 to 9 tokens.
    static let documents = (0..<24).map { number in
      (0..<3 + number % 7).map { (11 * number + 5 * $0 + 1) % 90 }
    }

    static func job(_ data: String = "", _ more: String = "") -> String {
      """
      kind = "dump"
      [model]
      path = "model"
      [data]
      items = \(documents)
      \(data)
      [dump]
      sites = ["block_output", "head_value_output"]
      layers = [0, 2]
      \(more)
      """
    }

    /// The bytes of each file below `activations.zarr`, by path.
    static func files(_ run: String) throws -> [String: Data] {
      let root = run + "/activations.zarr"
      var files: [String: Data] = [:]
      for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
        var isFolder: ObjCBool = false
        let path = "\(root)/\(name)"
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if !isFolder.boolValue { files[name] = try Data(contentsOf: URL(fileURLWithPath: path)) }
      }
      return files
    }

    @Test(arguments: ["", "context = 16\npack = true\nseparator = 3"])
    func `a dump is the same bytes on any ranks, and is checked, shown and exported`(
      data: String
    ) async throws {
      let bench = try Workbench(job: Self.job(data, "[statistics]\nmoments = true"))
      try await bench.finish("alone", ["--threads", "1"])
      let (alone, files) = (try bench.stored("alone"), try Self.files(bench.path("alone")))
      #expect(alone.records.count > 2)
      for ranks in 1...3 {
        try await bench.finish("ranks-\(ranks)", ranks: ranks)
        try bench.stored("ranks-\(ranks)").expectSame(as: alone, "\(ranks) ranks")
        #expect(try Self.files(bench.path("ranks-\(ranks)")) == files)
      }
      func tool(_ arguments: String...) async throws -> ToolRun {
        try await RunningTool(arguments, ranks: nil).end()
      }
      let run = bench.path("alone")
      let verify = try await tool("verify", run, "--recompute", "100%")
      #expect(verify.code == 0, "\(verify.errors)")
      let show = try await tool("show", run, "--site", "block_output")
      #expect(show.code == 0 && show.output.contains("layer 2"), "\(show.errors)")
      #expect(try await tool("status", run).output.contains("rows"))
      let tensors = bench.path("a.safetensors")
      let export = try await tool(
        "export", run, "--safetensors", tensors, "--site", "head_value_output", "--csv",
        bench.path("a.csv"))
      #expect(export.code == 0, "\(export.errors)")
      let found = try SafetensorsFile(tensors)
      let reader = try DumpReader(run)
      #expect(found.tensors["head_value_output.2"]?.shape.first == reader.rowCount)
      #expect(found.tensors["block_output.2"] == nil)
      #expect(
        try found.floats("head_value_output.2")
          == reader.values(.headValueOutput, layer: 2, rows: 0..<reader.rowCount).elements)
      #expect(try await tool("export", run).code == 2)
      let statistics = try ZarrStore.open(run + "/results.zarr")
      let heads = try statistics.array("head_value_output/key_head").readChunk([0], as: Int32.self)
      #expect(try heads?.map(Int.init) == reader.heads(.headValueOutput) && heads?.isEmpty == false)
    }

    @Test func `kills change no byte`() async throws {
      let bench = try Workbench(job: Self.job(), isInMemory: true)
      let whole = try await bench.finish("whole", ranks: 2)
      let (stored, files) = (try bench.stored("whole"), try Self.files(bench.path("whole")))
      var random = SeededRandom(seed: 5)
      var kills = 0
      for round in 0..<200 where kills < 8 {
        let run = "run-\(round)"
        // A unit that was in flight at three deaths is set aside: a run gets two of them.
        var struck = 0
        while true {
          let ranks = [nil, 1, 2, 3].randomElement(using: &random) ?? nil
          let tool = try bench.start(run, ranks: ranks)
          let delay = Double.random(in: 0...1, using: &random) * whole.seconds
          let isThere = struck < 2 ? try await tool.wait { tool.seconds >= delay } : false
          if isThere,
            kill(tool.processes().randomElement(using: &random) ?? tool.launcher, SIGKILL) == 0
          {
            (kills, struck) = (kills + 1, struck + 1)
          }
          let ended = try await tool.end(mayBeStuck: isThere)
          try await tool.waitForRanks()
          if ended.code == 0 { break }
          #expect(isThere, "\(ended.code): \(ended.errors)")
          guard isThere else { return }
        }
        try bench.stored(run).expectSame(as: stored, "after \(kills) kills")
        #expect(try Self.files(bench.path(run)) == files)
      }
    }

    @Test func `every damage of a shard or a label is found`() async throws {
      let bench = try Workbench(job: Self.job(), isInMemory: true)
      try await bench.finish("run")
      for name in ["block_output/c.1.0.0", "token_id/c.0", "block_output/zarr.json", "zarr.json"] {
        let url = URL(fileURLWithPath: bench.path("run/activations.zarr/\(name)"))
        let whole = try Data(contentsOf: url)
        var flipped = whole
        flipped[whole.count / 2] ^= 8
        for damaged in [flipped, whole.dropLast(), nil] {
          if let damaged {
            try damaged.write(to: url)
          } else {
            try FileManager.default.removeItem(at: url)
          }
          let verify = try await RunningTool(["verify", bench.path("run")], ranks: nil).end()
          #expect(verify.code == 5, "\(name): \(verify.output)")
        }
        try whole.write(to: url)
      }
    }

    @Test(arguments: [
      ("layers = [0, 2]", "layers = [0, 4]", ["line 9", "dump.layers", "layer 4"]),
      ("layers = [0, 2]", "layers = [0]\nheads = [9]", ["dump.heads", "head 9"]),
      ("layers = [0, 2]", "layers = [0]\npositions = [8]", ["dump.positions", "position 8"]),
      ("\"head_value_output\"", "\"attention_weight\"", ["dump.sites", "attention_weight"]),
      ("layers = [0, 2]", "layer = [0, 2]", ["dump.layer", "layers (did you mean that?)"]),
      ("[dump]", "context = 100000\n[dump]", ["data.context", "the model's context"]),
      ("[dump]", "separator = 3\n[dump]", ["data.separator", "pack = true"]),
      ("[dump]", "pack = true\nseparator = 99999\n[dump]", ["data.separator", "99999"]),
      ("[dump]", "[statistics]\nplaces = 3\n[dump]", ["statistics.places", "positions"]),
      ("items = [[1, ", "items = [[], [1, ", ["data.items", "without tokens"]),
    ])
    func `bad jobs are refused by line and field`(
      part: String, other: String, terms: [String]
    ) async throws {
      let job = Self.job()
      #expect(job.contains(part))
      let bench = try Workbench(job: job.replacing(part, with: other))
      let ended = try await bench.start("run").end()
      #expect(ended.code == 3, "\(ended.errors)")
      for term in terms { #expect(ended.errors.contains(term), "\(ended.errors)") }
      #expect(!bench.has("run"))
    }

    @Test func `a dump without every token is refused as a corpus by line and field`() async throws
    {
      let bench = try Workbench(job: Self.job("", "positions = [0]"))
      try await bench.finish("dump")
      try bench.put(Basis.job(data: "dump = \"dump\""), "basis.toml")
      let ended = try await RunningTool(["check", bench.path("basis.toml")], ranks: nil).end()
      #expect(ended.code == 3, "\(ended.code)")
      for words in ["basis.toml: data.dump, line", "\"dump\" (the positions 0)", "expected all"] {
        #expect(ended.errors.contains(words), "\(ended.errors)")
      }
    }

    @Test func `a basis reads the documents of a dump, and a specification its statistics`()
      async throws
    {
      let bench = try Workbench(
        job: Self.job("", "[statistics]\nmoments = true\npositions = \"from_start\"\nplaces = 4"))
      try await bench.finish("dump")
      try bench.put(Basis.job(data: "dump = \"dump\""), "basis.toml")
      let checked = try await RunningTool(["check", bench.path("basis.toml")], ranks: nil).end()
      #expect(checked.code == 0 && checked.output.contains("24 texts"), "\(checked.errors)")

      let reader = try DumpReader(bench.path("dump"))
      let mean = try reader.mean(.blockOutput, layer: 2, place: 1)
      let rows = try (0..<24).map {
        try reader.values(.blockOutput, layer: 2, document: $0, positions: [1]).elements
      }
      for (column, value) in mean.enumerated() {
        let sum = rows.reduce(0.0) { $0 + Double($1[column]) }
        #expect(abs(value - sum / 24) < 1e-6)
      }
      #expect(throws: Refusal.self) { try reader.values(.mlpOutput, layer: 2, rows: 0..<1) }
      #expect(throws: Refusal.self) { try reader.values(.blockOutput, layer: 1, rows: 0..<1) }
      #expect(throws: Refusal.self) { try reader.check(model: "0") }

      func spec(_ statistic: String) -> String {
        """
        kind = "forward"
        model = "\(bench.path("model"))"
        expected = ["intervened.logits"]
        [[representations]]
        component = "block_output"
        layer = 2
        unit = "pos"
        max_number_of_units = 1
        intervention_type = "VanillaIntervention"
        source_representation = "typical"
        [base]
        input_ids = [[5, 9, 1, 33]]
        [unit_locations]
        base = 3
        [dumps.typical]
        dump = "dump"
        site = "block_output"
        \(statistic)
        """
      }
      for (statistic, code) in [
        ("layer = 2\nstatistic = \"mean\"", Int32(0)), ("layer = 1\nstatistic = \"mean\"", 5),
        ("layer = 2\nstatistic = \"median\"", 3),
      ] {
        try bench.put(spec(statistic), "spec.toml")
        let ended = try await RunningTool(
          ["intervene", bench.path("spec.toml"), "-o", bench.path("out.safetensors"), "--force"],
          ranks: nil
        ).end()
        #expect(ended.code == code, "\(ended.errors)")
      }

      func logits(_ text: String, _ name: String) async throws -> [Float] {
        try bench.put(text, "\(name).toml")
        let path = bench.path("\(name).safetensors")
        let ended = try await RunningTool(
          ["intervene", bench.path("\(name).toml"), "-o", path], ranks: nil
        ).end()
        #expect(ended.code == 0, "\(ended.errors)")
        return try SafetensorsFile(path).floats("out.intervened.logits")
      }
      let named = spec("layer = 2\nstatistic = \"mean\"")
      // Where the tensor is wanted the site and the layer are known.
      let inline = String(named.split(separator: "[dumps.typical]")[0])
        .replacing("\"typical\"", with: "{ dump = \"dump\", statistic = \"mean\" }")
      #expect(try await logits(inline, "inline") == logits(named, "named"))

      // On a grid what was read of the dump is among the job's inputs.
      let grid =
        inline.replacing("expected = [\"intervened.logits\"]\n", with: "")
        + "\n[grid]\n\"unit_locations.base\" = [1, 3]\n"
      try bench.put(grid, "grid.toml")
      let ended = try await bench.start("grid", job: "grid.toml").end()
      #expect(ended.code == 0, "\(ended.errors)")
      let record = try String(contentsOfFile: bench.path("grid/spec.json"), encoding: .utf8)
      #expect(record.contains("\"dumps\""), "\(record)")
    }

    @Test(.enabled(if: SharedMaterial.isPresent), arguments: ["gpt2", "llama", "smollm2"])
    func `dumps have the values of the published implementation`(name: String) async throws {
      let root = try #require(SharedMaterial.root)
      let base = root.appendingPathComponent("goldens/experiments/dump/\(name)").path
      let golden = try JSONField.load(base + ".json", kind: .model)
      let values = try SafetensorsFile(base + ".safetensors")
      let model =
        name == "smollm2"
        ? SmolLM2.file : root.appendingPathComponent("goldens/models/\(name)")
      guard let model else { return }
      let ids = try golden["ids"].items().map { try $0.int() }
      let layers = try Set(
        golden["layers"].items().map { try $0.int() } + [golden["head_layer"].int()])
      let bench = try Workbench(
        job: """
          kind = "dump"
          [model]
          path = "\(model.path)"
          [data]
          items = [\(Array(ids.prefix(3))), \(ids)]
          [dump]
          sites = ["block_output", "head_attention_value_output"]
          layers = \(layers.sorted())
          """)
      try await bench.finish("run")
      let reader = try DumpReader(bench.path("run"))
      let rows = try reader.rows(ofDocument: 1)
      let tolerance = Tolerance(
        absolute: try golden["tolerance"]["atol"].double(),
        relative: try golden["tolerance"]["rtol"].double())
      for (tensor, description) in values.tensors where tensor.hasPrefix("layer.") {
        let parts = tensor.split(separator: ".")
        let site = try #require(Site(rawValue: String(parts[2])))
        let found = try reader.values(site, layer: Int(parts[1]) ?? 0, rows: rows)
        let expected = try values.floats(tensor)
        var mine = found.elements
        if description.shape.count == 3 {
          let (heads, width) = (description.shape[0], description.shape[2])
          mine = (0..<heads).flatMap { head in
            (0..<rows.count).flatMap { row in
              found.rows(row..<row + 1).elements[head * width..<(head + 1) * width]
            }
          }
        }
        #expect(tolerance.disagreement(mine, expected) == nil, "\(tensor)")
      }
    }

    @Test(.enabled(if: PythonReaders.arePresent))
    func `xarray, zarr and TensorStore read a dump without a warning, also before its first unit`()
      async throws
    {
      let bench = try Workbench(job: Self.job())
      try await bench.finish("run")
      let reader = try DumpReader(bench.path("run"))
      let path = bench.path("run/activations.zarr")
      let script = """
        import sys, xarray, zarr, tensorstore
        path = sys.argv[1]
        ds = xarray.open_zarr(path)
        a = zarr.open(path, mode="r")["block_output"][:]
        t = tensorstore.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": path + "/block_output/"}}).result()
        assert ds.block_output.dims == ("token", "layer", "width")
        same = (ds.block_output.values == a).all() and (t.read().result() == a).all()
        print(same, list(ds.layer.values), float(a[5, 1, 7]) if same else ds.block_output.isnull().all().item())
        """
      func read() throws -> String {
        let result = try PythonReaders.run(["-c", script, path])
        #expect(result.code == 0 && result.errors == "", "\(result.errors)")
        return result.output
      }
      let value = try reader.values(.blockOutput, layer: 2, rows: 5..<6).elements[7]
      let said = try read().split(separator: " ").last.flatMap { Double($0.dropLast()) }
      #expect(said.map { Float($0) } == value)
      for name in try FileManager.default.subpathsOfDirectory(atPath: path)
      where name.split(separator: "/").last?.hasPrefix("c.") == true {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
      #expect(try read().contains("True"), "an empty dump is all missing")
    }
  }
}
