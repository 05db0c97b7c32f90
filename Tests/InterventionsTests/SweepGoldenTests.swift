import Autodiff
import Checkpoints
import Foundation
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Patching and ablation, against what the published implementations gave with plain hooks.
struct SweepGoldenTests {
  static let models = ["gpt2", "llama"]
  static let reason: Comment = "no goldens/experiments beside the checkout"

  /// The goldens of a kind for a model, and the model.
  struct Goldens {
    let document: JSONField
    let values: SafetensorsFile
    let model: DecoderModel<Float>

    init(_ kind: String, _ name: String) throws {
      let root = try #require(SharedMaterial.root).appendingPathComponent("goldens")
      let path = root.appendingPathComponent("experiments/\(kind)/\(name)").path
      document = try JSONField.load(path + ".json", kind: .model)
      values = try SafetensorsFile(path + ".safetensors")
      model = try PublishedModel(root.appendingPathComponent("models/\(name)").path).load()
    }

    var layers: Int { model.shape.layers }

    func integers(_ field: JSONField) throws -> [Int] { try field.items().map { try $0.int() } }

    func tolerance(_ name: String?) throws -> Tolerance {
      var field = try document["tolerance"]
      if let name, let own = try field.optional(name) { field = own }
      return Tolerance(
        absolute: try field["atol"].double(), relative: try field["rtol"].double())
    }

    func expect(_ name: String, _ found: [Float], _ tolerance: String? = nil) throws {
      let wrong = try self.tolerance(tolerance).disagreement(found, values.floats(name))
      #expect(wrong == nil, "\(name) \(wrong ?? "")")
    }

    /// The last streams of patches, by the staircase and naively.
    func streams(_ runs: BaseRuns, _ patches: [Patch]) throws -> Tensor<Float> {
      let streams = try Staircase(model, runs, patches).run()
      let naive = try NaiveSweep(model, runs, patches).run()
      #expect(streams.elements == naive.elements)
      return streams
    }

    func logits(_ streams: Tensor<Float>) -> [[Double]] {
      let logits = model.logits(Variable(streams), on: Tape()).value
      return (0..<logits.rows).map { logits.rows($0..<$0 + 1).elements.map(Double.init) }
    }
  }

  private static func logSoftmax(_ logits: [Double]) -> [Double] {
    let most = logits.max() ?? 0
    let sum = log(logits.reduce(0) { $0 + exp($1 - most) }) + most
    return logits.map { $0 - sum }
  }

  /// The sweeps of `patch`: for each name its touches, in the order of its cells.
  private func sweeps(_ goldens: Goldens, source: Int, length: Int) throws -> [(String, [Touch])] {
    let shape = goldens.model.shape
    let (all, last) = (Array(0..<length), [length - 1])
    func touch(
      _ site: Site, _ layer: Int, _ positions: [Int], _ coordinates: PatchCoordinates = .all
    ) -> Touch {
      Touch(
        site, layers: layer..<layer + 1, positions: positions,
        .run(source, positions: positions), at: coordinates)
    }
    var result: [(String, [Touch])] = []
    for site in [Site.blockOutput, .attentionOutput, .mlpOutput] {
      result.append(
        (site.rawValue, (0..<shape.layers).flatMap { l in all.map { touch(site, l, [$0]) } }))
    }
    let headed: [(Site, String, [Int])] = [
      (.headAttentionValueOutput, "last", last), (.headAttentionValueOutput, "all", all),
      (.headQueryOutput, "all", all), (.headKeyOutput, "all", all),
      (.headValueOutput, "all", all), (.attentionWeight, "all", all),
    ]
    for (site, name, positions) in headed {
      let heads = try #require(shape.heads(of: site))
      result.append(
        (
          "\(site.rawValue).\(name)",
          (0..<shape.layers).flatMap { layer in
            (0..<heads).map { touch(site, layer, positions, .heads([$0])) }
          }
        ))
    }
    let neurons = try goldens.document["neurons"].items().map { try goldens.integers($0) }
    for (name, positions) in [("last", last), ("all", all)] {
      result.append(
        (
          "mlp_activation.\(name)",
          neurons.map { touch(.mlpActivation, $0[0], positions, .columns([$0[1]])) }
        ))
    }
    let layer = try goldens.document["subspace"]["layer"].int()
    let columns = try goldens.integers(goldens.document["subspace"]["coordinates"])
    let rows = Tensor<Float>.identity(shape.width, shape.width).gathered(columns)
    for space in [PatchCoordinates.columns(columns), .subspace(PatchSubspace(rows: rows))] {
      result.append(("subspace", all.map { touch(.blockOutput, layer, [$0], space) }))
      result.append(("subspace.all", [touch(.blockOutput, layer, all, space)]))
    }
    return result
  }

  @Test(.enabled(if: SharedMaterial.isPresent, reason), arguments: models)
  func `patches of one run into another agree with the goldens`(name: String) throws {
    let goldens = try Goldens("patch", name)
    var compared = 0
    for (number, pair) in try goldens.document["pairs"].items().enumerated() {
      let prompts = [
        try goldens.integers(pair["clean_ids"]), try goldens.integers(pair["corrupted_ids"]),
      ]
      let (answer, foil) = (try pair["answer"].int(), try pair["foil"].int())
      let runs = try BaseRuns(
        goldens.model, BaseRun.sharingPrefixes(prompts, short: nil), keeping: Set(Site.decoderSites)
      )
      let length = prompts[0].count
      let unchanged = Tensor.concatenated(
        [0, 1].map { runs.stream(run: $0, position: length - 1) })
      let clean = Self.logSoftmax(goldens.logits(unchanged)[0])
      func metrics(_ streams: Tensor<Float>) -> [[Double]] {
        goldens.logits(streams).map { logits in
          let own = Self.logSoftmax(logits)
          let divergence = zip(clean, own).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
          return [logits[answer] - logits[foil], own[answer], divergence]
        }
      }
      let base = metrics(unchanged)
      try goldens.expect("pair.\(number).clean", base[0].map(Float.init))
      try goldens.expect("pair.\(number).corrupted", base[1].map(Float.init))
      for (direction, changed) in [("denoising", 1), ("noising", 0)] {
        let sweeps = try sweeps(goldens, source: 1 - changed, length: length)
        // All sweeps of a pair and direction in one staircase.
        let patches = sweeps.flatMap { $0.1.map { Patch(base: changed, [$0]) } }
        let found = metrics(try goldens.streams(runs, patches))
        var cell = 0
        for (sweep, touches) in sweeps {
          let values = found[cell..<cell + touches.count]
          cell += touches.count
          let name = "pair.\(number).\(direction).\(sweep)"
          try goldens.expect(name, values.joined().map(Float.init))
          let recovery = values.flatMap { value in
            (0..<3).map {
              Float((value[$0] - base[changed][$0]) / (base[1 - changed][$0] - base[changed][$0]))
            }
          }
          try goldens.expect(name + ".recovery", recovery, "recovery")
          compared += 1
        }
      }
    }
    #expect(compared == 3 * 2 * 15)
  }

  /// Means over the data set of a site: over all tokens, and by distance from the end.
  private struct Means {
    /// By layer, `[width]`.
    var overall: [Tensor<Float>] = []
    /// By layer, `[distance, width]`.
    var byDistance: [Tensor<Float>] = []

    init(_ runs: BaseRuns, _ site: Site, layers: Int, longest: Int) {
      for layer in 0..<layers {
        let values = runs.runs.indices.map { runs.value(site, layer: layer, run: $0) }
        overall.append(Self.mean(Tensor.concatenated(values)))
        byDistance.append(
          .concatenated(
            (1...longest).map { distance in
              let rows = values.filter { $0.rows >= distance }
                .map { $0.rows($0.rows - distance..<$0.rows - distance + 1) }
              let mean = Self.mean(.concatenated(rows))
              return mean.reshaped([1, mean.count])
            }))
      }
    }

    static func mean(_ rows: Tensor<Float>) -> Tensor<Float> {
      let elements = rows.elements
      return Tensor(
        [rows.width],
        (0..<rows.width).map { column in
          Float(
            (0..<rows.rows).reduce(0.0) { $0 + Double(elements[$1 * rows.width + column]) }
              / Double(rows.rows))
        })
    }
  }

  @Test(.enabled(if: SharedMaterial.isPresent, reason), arguments: models)
  func `ablations agree with the goldens`(name: String) throws {
    let goldens = try Goldens("ablate", name)
    let shape = goldens.model.shape
    let dataset = try goldens.document["dataset"].items().map { try goldens.integers($0) }
    let units: [(name: String, site: Site)] = [
      ("head", .attentionValueOutput), ("mlp", .mlpOutput), ("attention", .attentionOutput),
    ]
    let runs = try BaseRuns(
      goldens.model, BaseRun.sharingPrefixes(dataset, short: nil), keeping: Set(units.map(\.site)))
    let longest = dataset.map(\.count).max() ?? 0
    var means: [Site: Means] = [:]
    for (unit, site) in units {
      let own = Means(runs, site, layers: shape.layers, longest: longest)
      means[site] = own
      try goldens.expect("mean.\(unit)", own.overall.flatMap(\.elements), "means")
    }
    let pairLayer = try goldens.document["pair_layer"].int()
    let pairs = try goldens.document["pairs_of_heads"].items().map { try goldens.integers($0) }
    for (number, prompt) in try goldens.document["prompts"].items().enumerated() {
      let base = try prompt["dataset_index"].int()
      let donor = try prompt["donor"].int()
      let (answer, foil) = (try prompt["answer"].int(), try prompt["foil"].int())
      let length = dataset[base].count
      let all = Array(0..<length)
      func touch(_ site: Site, _ layer: Int, _ head: Int?, _ how: String) throws -> Touch {
        let own = try #require(means[site])
        let d = shape.headWidth
        func part(_ rows: Tensor<Float>) -> Tensor<Float> {
          head.map { rows.columns($0 * d..<($0 + 1) * d) } ?? rows
        }
        let value: PatchValue
        switch how {
        case "zero": value = .zero
        case "mean":
          let mean = own.overall[layer]
          value = .row(part(mean.reshaped([1, mean.count])))
        case "mean_by_position":
          value = .rows(part(own.byDistance[layer].gathered(all.map { length - 1 - $0 })))
        default: value = .run(donor, positions: all)
        }
        return Touch(
          site, layers: layer..<layer + 1, positions: all, value,
          at: head.map { .heads([$0]) } ?? .all)
      }
      var sweeps: [(name: String, patches: [Patch])] = []
      for how in ["zero", "mean", "mean_by_position", "resample"] {
        for (unit, site) in units {
          let heads: [Int?] = unit == "head" ? (0..<shape.heads).map { $0 } : [nil]
          sweeps.append(
            (
              "\(unit).\(how)",
              try (0..<shape.layers).flatMap { layer in
                try heads.map { Patch(base: base, [try touch(site, layer, $0, how)]) }
              }
            ))
        }
        if how == "zero" || how == "mean" {
          sweeps.append(
            (
              "head_pair.\(how)",
              try pairs.map { pair in
                Patch(
                  base: base,
                  try pair.map { try touch(.attentionValueOutput, pairLayer, $0, how) })
              }
            ))
        }
      }
      func difference(_ logits: [Double]) -> Double { logits[answer] - logits[foil] }
      let unchanged = difference(
        goldens.logits(runs.stream(run: base, position: length - 1))[0])
      try goldens.expect("prompt.\(number).logit_difference", [Float(unchanged)])
      let streams = try goldens.streams(runs, sweeps.flatMap(\.patches))
      let found = goldens.logits(streams).map { Float(difference($0) - unchanged) }
      var cell = 0
      for (name, patches) in sweeps {
        try goldens.expect("prompt.\(number).\(name)", Array(found[cell..<cell + patches.count]))
        cell += patches.count
      }
      #expect(sweeps.count == 14)
    }
  }
}
