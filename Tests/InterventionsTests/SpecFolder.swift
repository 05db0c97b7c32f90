import Checkpoints
import Foundation
import Interventions
import Models
import Tensors
import _TestSupport

/// A folder with a small random GPT-2 and specifications written beside it, removed at the end.
final class SpecFolder {
  let root: URL
  let model: DecoderModel<Float>

  init() throws {
    root = FileManager.default.temporaryDirectory
      .appendingPathComponent("spec-\(UUID().uuidString)")
    model = .random(.gpt2(layers: 2, width: 12, heads: 3, vocabulary: 20, positions: 16))
    let folder = root.appendingPathComponent("models/tiny")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let config = """
      {"model_type": "gpt2", "n_embd": 12, "n_head": 3, "n_layer": 2, "n_positions": 16,
       "vocab_size": 20, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new"}
      """
    try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
    try model.weights.write(to: folder.appendingPathComponent("model.safetensors").path)
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  var models: String { root.appendingPathComponent("models").path }

  /// Opens a specification of this text, with tensors `in.NAME` of random numbers.
  ///
  /// - Parameters:
  ///   - microbatches: Examples of each, one after another; nil for whole batches.
  ///   - hasTensors: Whether there is a file of tensors at all.
  ///   - texts: The model's tokenizer.
  ///   - outputs: The files that results are to go to, and whether they may replace what is there.
  func run(
    _ text: String, tensors: [String: [Int]] = [:], saveTo: String? = nil, isNaive: Bool = false,
    microbatches: Int? = nil, hasTensors: Bool = true, texts: SpecTexts? = nil,
    outputs: (files: [String], force: Bool)? = nil
  ) throws -> SpecRun {
    let path = root.appendingPathComponent("job.json").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    var writer = SafetensorsWriter()
    for (number, (name, shape)) in tensors.sorted(by: { $0.key < $1.key }).enumerated() {
      let values = RunSupport.random(shape, seed: 5 + UInt64(number))
      writer.add("in.\(name)", shape: shape, values.elements)
    }
    if hasTensors { try writer.write(to: root.appendingPathComponent("job.safetensors").path) }
    var options = SpecRun.Options(models: models, isNaive: isNaive, saveTo: saveTo)
    options.microbatches = microbatches.map { Microbatches(of: $0, by: InTurn()) }
    if let texts { options.texts = { _ in texts } }
    options.outputs = outputs
    return try SpecRun(path, options: options)
  }

  /// Writes rows of integers as NumPy saves them.
  func write(_ name: String, shape: [Int], _ values: [Int32]) throws {
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<i4', 'fortran_order': False, 'shape': (\(sizes)), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    var bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]
    bytes += Array(header.utf8)
    for value in values { withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) } }
    try Data(bytes).write(to: root.appendingPathComponent(name))
  }

  /// Microbatches one after another, in this process.
  private struct InTurn: MicrobatchWorkers {
    func sum(
      _ count: Int, length: Int, label: Int, _ work: @Sendable (Int) throws -> [Float]
    ) throws -> [Float] {
      try (0..<count).reduce(into: [Float](repeating: 0, count: length)) { sum, number in
        for (place, value) in try work(number).enumerated() { sum[place] += value }
      }
    }
  }

  /// A forward specification whose parts can be exchanged.
  static func forward(
    representation: String = #""layer": 1, "component": "block_output""#,
    type: String = "VanillaIntervention", sources: String = #"[{"input_ids": [[4, 5, 6, 7]]}]"#,
    locations: String = #"{"sources->base": 2}"#, more: String = ""
  ) -> String {
    """
    {"model": "tiny", "representations": [{\(representation), "intervention_type": "\(type)"}],
     "base": {"input_ids": [[1, 2, 3, 9]]}, "sources": \(sources),
     "unit_locations": \(locations)\(more)}
    """
  }
}
