import Autodiff
import Checkpoints
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// Recurrent models, perceptrons and Backpacks against what pyvene computed.
struct SmallModelGoldensTests {
  static let goldens = ModelGoldens.named([
    "gru_classifier", "gru_lm", "mlp_classifier", "mlp_classifier_gelu", "backpack_gpt2",
  ])

  @Test(arguments: goldens)
  func `every site and the logits agree with the published implementation`(
    golden: GoldenModel
  ) throws {
    let (model, values, inputs) = (try golden.model(), try golden.values(), try golden.inputs())
    try inputLimitsAccept(inputs, model)
    var seen = SeenSites()
    let logits = model.run(inputs, on: Tape()) { here in
      seen.add(here)
      return here.value
    }
    try golden.expect(logits.value.elements, "logits", in: values)

    // Backpacks have no layer in the names of their recorded values.
    let names = values.tensors.keys.sorted().filter {
      $0.hasPrefix("layer.") || ["sense_network_output", "contextualization"].contains($0)
    }
    for name in names {
      let parts = name.split(separator: ".")
      let last = try #require(parts.last)
      let site = try #require(Site(rawValue: String(last)))
      let layer = parts.count == 3 ? try #require(Int(parts[1])) : 0
      #expect(model.sites.contains { $0.site == site && $0.layers.contains(layer) })
      let value = try #require(seen.values[SeenSites.Key(site: site, layer: layer)])
      let width = try values.tensor(name).count / (inputs.lengths.count * inputs.lengths[0])
      #expect(
        value.count == inputs.lengths.reduce(0, +) && value.allSatisfy { $0.count == width },
        "\(name): one row for each example and position")
      if site != .contextualization { #expect(model.width(of: site) == width) }
      let isByHead = parts.count == 1
      try golden.expect(
        isByHead
          ? byHead(value, heads: try #require(model.heads(of: site)), inputs.lengths)
          : value.flatMap(\.self), name, in: values)
    }
    let recorded = try golden.document()["sites"].members().count
    let layers = try golden.document()["layers"][""].int()
    let family = golden.name.hasPrefix("backpack")
    #expect(names.count == (family ? 2 : recorded * layers))
  }

  /// `[examples · positions][heads · width]` as `[example, head, position, width]`.
  private func byHead(_ rows: [[Float]], heads: Int, _ lengths: [Int]) -> [Float] {
    var start = 0
    return lengths.flatMap { length in
      defer { start += length }
      return (0..<heads).flatMap { head in
        (start..<start + length).flatMap { row in
          let width = rows[row].count / heads
          return rows[row][head * width..<(head + 1) * width]
        }
      }
    }
  }

  private func inputLimitsAccept(
    _ inputs: ModelInputs<Float>, _ model: any TrainableModel<Float>
  ) throws { try model.check(inputs) }

  @Test(arguments: goldens)
  func `module paths of the recording lead to the sites recorded there`(
    golden: GoldenModel
  ) throws {
    let model = try golden.model()
    for (name, field) in try golden.document()["sites"].members() {
      let module = try field["module"].string().replacing("{layer}", with: "0")
      let found = model.site(atModulePath: "\(module).\(try field["hook"].string())")
      let site = try #require(found, "\(module)").site
      let isSplit = try field["split"].items().count > 0
      if !isSplit { #expect(site.rawValue == name) }
    }
    #expect(model.site(atModulePath: "nowhere.h[0].output") == nil)
    #expect(model.site(atModulePath: "gru.cells[99].output") == nil)
  }

  @Test(arguments: ModelGoldens.named(["gru_classifier"]))
  func `with a mask the last step that it keeps is scored`(golden: GoldenModel) throws {
    let (model, values) = (try golden.opened().load(), try golden.values())
    let inputs = try golden.embeddings("embeds")
    let flat = try values.integers("embeds.attention_mask")
    let length = inputs.lengths[0]
    let mask = stride(from: 0, to: flat.count, by: length).map { Array(flat[$0..<$0 + length]) }
    #expect(Set(mask).count > 1, "examples of different lengths")
    let logits = model.run(try inputs.cut(by: mask), on: Tape(), visit: nil)
    try golden.expect(logits.value.elements, "embeds.logits", in: values)
  }
}

/// The values that a model showed, as rows in the order of examples and positions.
struct SeenSites {
  struct Key: Hashable {
    let site: Site
    let layer: Int
  }

  private var rows: [Key: [Int: [Int: [Float]]]] = [:]

  mutating func add(_ here: SiteValue<Float>) {
    let width = here.value.value.width
    for example in 0..<here.places.exampleCount {
      for position in here.places.positions(of: example) {
        guard let row = here.places.row(example: example, position: position) else { continue }
        let value = here.value.value.rows(row..<row + 1).elements
        rows[Key(site: here.site, layer: here.layer), default: [:]][example, default: [:]][
          position] = Array(value.prefix(width))
      }
    }
  }

  var values: [Key: [[Float]]] {
    rows.mapValues { examples in
      examples.sorted { $0.key < $1.key }.flatMap { _, positions in
        positions.sorted { $0.key < $1.key }.map(\.value)
      }
    }
  }
}
