internal import Cluster
internal import Foundation
internal import Inputs
internal import Lenses
internal import ResultsStore

/// What a lens' units, arrays and figures hang on beside its job.
struct LensOutline: Sendable, Codable {
  /// Of the model.
  let modelLayers: Int
  let width: Int
  /// Whose translators are trained, in rising order.
  let layers: [Int]
}

/// Units and arrays of a lens: a unit is a layer; the lens itself is a folder beside the arrays.
struct LensTable: Table {
  let spec: LensSpec
  let outline: LensOutline

  init(_ spec: LensSpec, _ outline: LensOutline) throws(Refusal) {
    let layers = outline.layers
    guard zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 }), let first = layers.first,
      let last = layers.last, first >= 0, last < outline.modelLayers,
      (1...TunedLensFolder.widthLimit).contains(outline.width)
    else {
      throw Refusal(
        .store, field: "layers", found: "\(layers.prefix(8)) of \(outline.modelLayers) layers",
        expected: "layers of the model in rising order")
    }
    (self.spec, self.outline) = (spec, outline)
  }

  var layers: [Int] { outline.layers }
  var unitCount: Int { layers.count }
  func name(of unit: Int) -> String { "layer \(layers[unit])" }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> LensResult {
    try LensResult(
      bytes, unit: unit, steps: spec.settings.steps, width: outline.width,
      hasBias: spec.settings.hasBias)
  }

  func next(_ results: Results<LensResult>) -> Phase? {
    Phase("layers", of: "layers", over: Array(layers.indices), results) {
      WorkUnit(number: $0, cost: 1)
    }
  }

  var groups: [ArrayGroup] {
    let (layer, step) = (Axis("layer", layers.count), Axis("step", spec.settings.steps))
    func divergence(_ name: String, of what: String) -> Quantity {
      Quantity(
        "\(name)_divergence", .float32, [layer],
        "mean KL divergence of \(what) from the model over all tokens, in nats", law: .finite)
    }
    return [
      ArrayGroup([Quantity("layer", .int32, [layer]), Quantity("step", .int32, [step])]),
      ArrayGroup(
        over: [layer],
        [
          Quantity(
            "loss", .float32, [step],
            "mean KL divergence of the lens from the model over a step's tokens, before it, in nats",
            law: .finite)
        ]),
      ArrayGroup([
        divergence("logit_lens", of: "the logit lens"),
        divergence("tuned_lens", of: "the tuned lens"),
      ]),
    ]
  }

  func values(
    _ group: Int, at block: [Int], _ results: Results<LensResult>
  ) throws(Refusal) -> [ArrayValues?] {
    switch group {
    case 0: return [.integers(layers.map { Int32($0) }), .index(spec.settings.steps)]
    case 1: return [results[block[0]].map { .floats($0.losses.map { Float($0) }) }]
    default:
      guard layers.indices.allSatisfy({ results.hasEnded($0) }) else { return [nil, nil] }
      func floats(_ value: (LensResult) -> Double) -> ArrayValues {
        .floats(layers.indices.map { results[$0].map { Float(value($0)) } ?? .nan })
      }
      return [floats(\.untrained), floats(\.trained)]
    }
  }

  // MARK: The lens

  static func folder(in run: String) -> String { run + "/lens" }

  /// The lens, with the logit lens for what is not trained.
  private func lens(_ results: Results<LensResult>) -> TunedLens {
    var translators = TunedLens.identity(
      layers: outline.modelLayers, width: outline.width, hasBias: spec.settings.hasBias)
    for (place, layer) in layers.enumerated() {
      if let result = results[place] { translators[layer] = result.translator }
    }
    return TunedLens(width: outline.width, model: spec.modelName, translators: translators)
  }

  func conclude(_ results: Results<LensResult>, in folder: RunFolder) throws(Refusal) {
    try TunedLensFolder.write(lens(results), to: Self.folder(in: folder.path))
  }

  func audit(
    _ results: Results<LensResult>, in folder: RunFolder, isFinished: Bool
  ) -> (faults: [Refusal], notes: [String]) {
    guard isFinished else { return ([], []) }
    // The same lens is the same bytes.
    let path = Self.folder(in: folder.path)
    let scratch = NSTemporaryDirectory() + "/causeway-lens-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    var faults: [Refusal] = []
    do throws(Refusal) { try TunedLensFolder.write(lens(results), to: scratch) } catch {
      return ([error], [])
    }
    for name in TunedLensFolder.names {
      let file = "\(path)/\(name)"
      do throws(Refusal) {
        guard try fileDigest(file) != fileDigest("\(scratch)/\(name)") else { continue }
        faults.append(
          Refusal(
            .store, file: file, found: "other bytes than the journals' lens has",
            expected: "the lens that the journals hold"))
      } catch { faults.append(error) }
    }
    return (faults, [])
  }
}

extension LensResult {
  var bytes: [UInt8] {
    let numbers = [untrained, trained] + losses
    return RunStart.encode(numbers.map { Int(truncatingIfNeeded: $0.bitPattern) })
      + ByteWriter.bytes(of: translator.weight + (translator.bias ?? []))
  }

  /// - Throws: Where the bytes are not of a training of so many steps.
  init(_ bytes: [UInt8], unit: Int, steps: Int, width: Int, hasBias: Bool) throws(Refusal) {
    let head = 8 * (2 + steps)
    let expected = head + 4 * width * (width + (hasBias ? 1 : 0))
    guard bytes.count == expected else {
      throw Refusal(
        .store, field: "unit \(unit)", found: "a translator of \(bytes.count) bytes",
        expected: "\(expected) bytes")
    }
    let numbers = RunStart.decode(Array(bytes[..<head])).map {
      Double(bitPattern: UInt64(bitPattern: Int64($0)))
    }
    let weights = ByteWriter.floats(bytes, from: head)
    guard numbers.allSatisfy(\.isFinite), weights.allSatisfy(\.isFinite) else {
      throw Refusal(
        .store, field: "unit \(unit)", found: "a number that is not finite",
        expected: "finite numbers")
    }
    self.init(
      untrained: numbers[0], trained: numbers[1], losses: Array(numbers[2...]),
      translator: TunedLens.Translator(
        weight: Array(weights[..<(width * width)]),
        bias: hasBias ? Array(weights[(width * width)...]) : nil))
  }
}
