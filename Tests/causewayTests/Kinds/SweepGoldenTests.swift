import Checkpoints
import Foundation
import Inputs
import Models
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Patching and ablation as jobs, cell by cell beside what PyTorch computed with plain hooks.
  @Suite(
    .serialized, .timeLimit(.minutes(30)),
    .enabled(if: SharedMaterial.root != nil, "no goldens beside the checkout"))
  struct SweepGoldens {
    struct Case: Sendable, CustomTestStringConvertible {
      let model: String
      let isNaive: Bool

      var testDescription: String { "\(model)\(isNaive ? ", naive" : "")" }

      static let all =
        ["gpt2", "llama"].flatMap {
          [Case(model: $0, isNaive: false), Case(model: $0, isNaive: true)]
        } + (SmolLM2.isPresent && runsSlowTests ? [Case(model: "smollm2", isNaive: false)] : [])
    }

    /// The goldens of a kind for a model.
    struct Goldens {
      let document: JSONField
      let values: SafetensorsFile
      let model: String

      init(_ kind: String, _ name: String) throws {
        let root = try #require(SharedMaterial.root).appendingPathComponent("goldens")
        let path = root.appendingPathComponent("experiments/\(kind)/\(name)").path
        document = try JSONField.load(path + ".json", kind: .model)
        values = try SafetensorsFile(path + ".safetensors")
        model =
          name == "smollm2"
          ? try #require(SmolLM2.file).path
          : root.appendingPathComponent("models/\(name)").path
      }

      func integers(_ field: JSONField) throws -> [Int] { try field.items().map { try $0.int() } }

      func lists(_ field: JSONField) throws -> [[Int]] {
        try field.items().map { try integers($0) }
      }

      /// Prompts whose cells have the same layers.
      func groups(_ key: String) throws -> [(layers: [Int], prompts: [(Int, JSONField)])] {
        var groups: [(layers: [Int], prompts: [(Int, JSONField)])] = []
        for (number, prompt) in try document[key].items().enumerated() {
          let layers = try integers(prompt["layers"])
          if let place = groups.firstIndex(where: { $0.layers == layers }) {
            groups[place].prompts.append((number, prompt))
          } else {
            groups.append((layers, [(number, prompt)]))
          }
        }
        return groups
      }

      /// - Returns: Whether there is such a tensor to compare with.
      @discardableResult
      func expect(_ name: String, _ found: [Float], _ part: String? = nil) throws -> Bool {
        guard values.tensors[name] != nil else { return false }
        var field = try document["tolerance"]
        if let part, let own = try field.optional(part) { field = own }
        let tolerance = Tolerance(
          absolute: try field["atol"].double(), relative: try field["rtol"].double())
        let wrong = tolerance.disagreement(found, try values.floats(name))
        #expect(wrong == nil, "\(name) \(wrong ?? "")")
        return true
      }
    }

    /// A finished run's arrays.
    struct Arrays {
      let store: ZarrStore

      /// Runs a job with two ranks.
      init(_ bench: Workbench, _ name: String, _ job: String) async throws {
        try bench.put(job, "job.toml")
        try await bench.finish(name, ranks: 2)
        store = try ZarrStore.open(bench.path("\(name)/results.zarr"))
      }

      /// Values of a prompt, and of one of its conditions.
      func values(_ name: String, _ places: [Int]) throws -> [Float] {
        let array = try store.array(name)
        let rest = array.spec.shape.dropFirst(places.count).map { _ in 0 }
        return try #require(try array.readChunk(places + rest, as: Float.self), "\(name)")
      }
    }

    /// A thing that is swept, its fields and the golden tensor's name.
    struct Item {
      let name: String
      let site: String
      let fields: String
      /// Whether cells lie along positions, as many as the longest prompt of the job has.
      var isByPosition = false

      var folder: String { name.replacing(".", with: "-") }

      func text(_ table: String) -> String {
        "[[\(table)]]\nname = \"\(folder)\"\nsite = \"\(site)\"\n\(fields)\n"
      }
    }

    @Test(arguments: Case.all)
    func `patches in both directions are what plain hooks give`(_ test: Case) async throws {
      let goldens = try Goldens("patch", test.model)
      let bench = try Workbench()
      let subspace = try goldens.document["subspace"]
      let coordinates = try goldens.integers(subspace["coordinates"])
      let width = try PublishedModel(goldens.model).shape.width
      var rows = [Float](repeating: 0, count: coordinates.count * width)
      for (row, column) in coordinates.enumerated() { rows[row * width + column] = 1 }
      var writer = SafetensorsWriter()
      writer.add("rows", shape: [coordinates.count, width], rows)
      try writer.write(to: bench.path("rows.safetensors"))
      let layer = try subspace["layer"].int()
      let neurons = try goldens.lists(goldens.document["neurons"])
      var compared = 0
      for (number, group) in try goldens.groups("pairs").enumerated() {
        let layers = "layers = \(group.layers)\n"
        var items = ["block_output", "attention_output", "mlp_output"].map {
          Item(name: $0, site: $0, fields: layers, isByPosition: true)
        }
        items.append(
          Item(
            name: "head_attention_value_output.last", site: "head_attention_value_output",
            fields: layers))
        items += [
          "head_attention_value_output", "head_query_output", "head_key_output",
          "head_value_output", "attention_weight",
        ].map { Item(name: $0 + ".all", site: $0, fields: layers + "positions = \"all\"") }
        for place in ["last", "all"] {
          items.append(
            Item(
              name: "mlp_activation.\(place)", site: "mlp_activation",
              fields: "units = \(neurons)\npositions = \"\(place)\""))
        }
        let own = "layers = \(layer)\nsubspace = \"rows.safetensors\"\n"
        items.append(
          Item(name: "subspace", site: "block_output", fields: own, isByPosition: true))
        items.append(
          Item(
            name: "subspace.all", site: "block_output", fields: own + "each_position = false"))
        let pairs = try group.prompts.map { number, pair in
          """
          [[data.items]]
          id = "\(number)"
          clean_ids = \(try goldens.integers(pair["clean_ids"]))
          corrupted_ids = \(try goldens.integers(pair["corrupted_ids"]))
          answer_id = \(try pair["answer"].int())
          foil_id = \(try pair["foil"].int())

          """
        }.joined()
        let arrays = try await Arrays(
          bench, "run-\(number)",
          """
          kind = "patch"
          directions = ["denoising", "noising"]
          [model]
          path = "\(goldens.model)"
          [metric]
          store = ["logit_difference", "log_probability", "kl"]
          [run]
          naive = \(test.isNaive)
          \(pairs)
          """ + items.map { $0.text("patch") }.joined())
        let metrics = ["logit_difference", "log_probability", "kl"]
        let longest = try group.prompts.map { try $0.1["clean_ids"].items().count }.max() ?? 0
        for (place, (pair, field)) in group.prompts.enumerated() {
          let count = try field["clean_ids"].items().count
          for run in ["clean", "corrupted"] {
            let found = try metrics.flatMap { try arrays.values("\(run)_\($0)", [place]) }
            #expect(try goldens.expect("pair.\(pair).\(run)", found))
          }
          for (direction, word) in ["denoising", "noising"].enumerated() {
            for item in items {
              for (suffix, end) in [("", ""), ("_recovery", ".recovery")] {
                let columns = try metrics.map {
                  try arrays.values("\(item.folder)/\($0)\(suffix)", [place, direction])
                }
                // Of a job with longer prompts the places that this one has not are left out.
                let cells = columns[0].indices.filter {
                  !item.isByPosition || $0 % longest < count
                }
                let found = cells.flatMap { cell in columns.map { $0[cell] } }
                let name = "pair.\(pair).\(word).\(item.name)\(end)"
                let isThere = try goldens.expect(name, found, end.isEmpty ? nil : "recovery")
                compared += isThere ? 1 : 0
              }
            }
          }
        }
      }
      let all = goldens.values.tensors.keys.count { $0.contains("ing.") }
      #expect(compared == all)
    }

    @Test(arguments: Case.all)
    func `ablations are what plain hooks give`(_ test: Case) async throws {
      let goldens = try Goldens("ablate", test.model)
      let bench = try Workbench()
      let heads = try goldens.lists(goldens.document["pairs_of_heads"]).joined().max() ?? 0
      let layer = try goldens.document["pair_layer"].int()
      let ways = ["zero", "mean", "mean_by_position", "resample"]
      var compared = 0
      for (number, group) in try goldens.groups("prompts").enumerated() {
        let layers = "layers = \(group.layers)\npositions = \"all\"\n"
        let items = [
          Item(name: "head", site: "head_attention_value_output", fields: layers),
          Item(name: "mlp", site: "mlp_output", fields: layers + "each_position = false"),
          Item(
            name: "attention", site: "attention_output", fields: layers + "each_position = false"),
          Item(
            name: "head_pair", site: "head_attention_value_output",
            fields: "units = \((0...heads).map { [layer, $0] })\ncombine = \"pairs\"\n"
              + "positions = \"all\""),
        ]
        let prompts = try group.prompts.map { number, prompt in
          """
          [[data.items]]
          id = "\(number)"
          ids = \(try goldens.integers(prompt["ids"]))
          answer_id = \(try prompt["answer"].int())
          foil_id = \(try prompt["foil"].int())

          """
        }.joined()
        let arrays = try await Arrays(
          bench, "run-\(number)",
          """
          kind = "ablate"
          ablations = \(ways)
          permutation = \(try goldens.integers(goldens.document["permutation"]))
          [model]
          path = "\(goldens.model)"
          [dataset]
          items = \(try goldens.lists(goldens.document["dataset"]))
          [run]
          naive = \(test.isNaive)
          \(prompts)
          """ + items.map { $0.text("ablate") }.joined())
        for (place, (prompt, _)) in group.prompts.enumerated() {
          let name = "prompt.\(prompt)"
          #expect(
            try goldens.expect(
              name + ".logit_difference", arrays.values("unchanged_logit_difference", [place])))
          for (way, word) in ways.enumerated() {
            for item in items {
              let found = try arrays.values(
                "\(item.folder)/logit_difference_change", [place, way])
              compared += try goldens.expect("\(name).\(item.name).\(word)", found) ? 1 : 0
            }
          }
        }
      }
      let all = goldens.values.tensors.keys.count {
        $0.hasPrefix("prompt.") && !$0.hasSuffix(".logit_difference")
      }
      #expect(compared == all)
    }
  }
}
