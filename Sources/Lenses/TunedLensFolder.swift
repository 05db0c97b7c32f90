internal import Checkpoints
internal import Foundation
public import Inputs
internal import ResultsStore

/// A tuned lens as the package `tuned-lens` 0.2.0 keeps it: `config.json`, and the translators'
/// state in `params.pt`.
public struct TunedLensFolder: Sendable {
  /// The lens.
  public let lens: TunedLens
  /// SHA-256 of both files.
  public let digest: String

  static let configName = "config.json"
  static let parametersName = "params.pt"
  package static let names = [configName, parametersName]
  /// Layers and width that a lens may have; the format sets no limit.
  static let layerLimit = 1 << 12
  package static let widthLimit = 1 << 16

  /// Reads a folder.
  ///
  /// - Throws: A refusal that names the file and the field or tensor at fault.
  public init(reading path: String) throws(Refusal) {
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    let file = "\(folder)/\(Self.configName)"
    let bytes = try BoundedFile(file, kind: .model).readAll(limit: 1 << 20)
    let config = JSONField(
      try JSON.parse(bytes, file: file, kind: .model), file: file, kind: .model)
    let type = try config.optional("lens_type")
    if let type, try type.string() != Self.lensType {
      throw type.refusal(quoted(try type.string()), expected: Self.lensType)
    }
    let width = try config["d_model"].int(in: 1...Self.widthLimit)
    let layers = try config["num_hidden_layers"].int(in: 1...Self.layerLimit)
    let hasBias = try config.optional("bias")?.bool() ?? true
    let parameters = try PyTorchFile("\(folder)/\(Self.parametersName)")
    try Self.check(parameters, layers: layers, width: width, hasBias: hasBias)
    var translators: [TunedLens.Translator] = []
    for layer in 0..<layers {
      translators.append(
        TunedLens.Translator(
          weight: try parameters.floats("\(layer).weight"),
          bias: hasBias ? try parameters.floats("\(layer).bias") : nil))
    }
    var digest = Digest()
    bytes.withUnsafeBytes { digest.update($0) }
    for translator in translators {
      for values in [translator.weight, translator.bias ?? []] {
        guard values.allSatisfy(\.isFinite) else {
          throw Refusal(
            .model, file: parameters.path, found: "a weight that is not finite",
            expected: "finite numbers")
        }
        values.withUnsafeBytes { digest.update($0) }
      }
    }
    self.digest = digest.hexadecimal()
    lens = TunedLens(
      width: width, model: try config.optional("base_model_name_or_path")?.string() ?? "",
      translators: translators)
  }

  private static let lensType = "linear_tuned_lens"

  /// Refuses tensors that are missing, misshapen or too many.
  private static func check(
    _ file: PyTorchFile, layers: Int, width: Int, hasBias: Bool
  ) throws(Refusal) {
    var expected: [String: [Int]] = [:]
    for layer in 0..<layers {
      expected["\(layer).weight"] = [width, width]
      if hasBias { expected["\(layer).bias"] = [width] }
    }
    for (name, shape) in expected.sorted(by: { $0.key < $1.key }) {
      guard let tensor = file.tensors[name] else {
        throw Refusal(
          .model, file: file.path, field: name, found: "no such tensor",
          expected: "one of shape \(shape), as config.json says")
      }
      guard tensor.shape == shape, tensor.elementType.isFloatingPoint else {
        throw Refusal(
          .model, file: file.path, field: name,
          found: "\(tensor.elementType.name) of shape \(tensor.shape)",
          expected: "floats of shape \(shape), as config.json says")
      }
    }
    if let odd = file.tensors.keys.filter({ expected[$0] == nil }).min() {
      throw Refusal(
        .model, file: file.path, field: odd, found: "a tensor that the lens has no use for",
        expected: "weights\(hasBias ? " and biases" : "") of \(layers) layers")
    }
  }

  /// Writes a lens as `tuned-lens` 0.2.0 reads it; `config.json` comes last, so that a folder with
  /// it is complete. The same lens gives the same bytes.
  public static func write(_ lens: TunedLens, to path: String) throws(Refusal) {
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Refusal(
        .store, file: folder, found: escaped(error.localizedDescription),
        expected: "a folder to write the lens to")
    }
    var parameters = PyTorchWriter()
    for (layer, translator) in lens.translators.enumerated() {
      parameters.add("\(layer).weight", shape: [lens.width, lens.width], translator.weight)
      if let bias = translator.bias {
        parameters.add("\(layer).bias", shape: [lens.width], bias)
      }
    }
    try parameters.write(to: "\(folder)/\(parametersName)")
    let hasBias = lens.translators.allSatisfy { $0.bias != nil }
    // Without `unembed_hash`, a digest of how NumPy prints the output head, nothing is compared.
    let text = Attribute.table([
      .init("base_model_name_or_path", .text(lens.model)), .init("d_model", .integer(lens.width)),
      .init("num_hidden_layers", .integer(lens.translators.count)), .init("bias", .flag(hasBias)),
      .init("lens_type", .text(lensType)),
    ]).json
    var config = try AtomicFile("\(folder)/\(configName)")
    try config.write(Array((text + "\n").utf8))
    try config.commit()
  }
}
