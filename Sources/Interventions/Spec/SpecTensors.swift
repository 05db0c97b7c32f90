internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Models
internal import Tensors

/// The tensors that a specification refers to by name: `in.NAME` in its tensor file, or made elsewhere.
struct SpecTensors {
  /// What stands before names in the file.
  private let prefix: String
  /// Where they are looked for; nil of a job that names no file.
  private let path: String?
  private let file: SafetensorsFile?
  private let made: [String: Tensor<Float>]

  /// Those of a file that a job names, or none.
  init(_ path: String?, prefix: String = "in.") throws(Refusal) {
    (self.path, self.prefix) = (path, prefix)
    file = try path.map { (path) throws(Refusal) in try SafetensorsFile(path, kind: .job) }
    made = [:]
  }

  /// Those beside a specification, in the file of its own name if there is one.
  ///
  /// - Parameters:
  ///   - named: The file instead of that one.
  ///   - made: Tensors that no file holds, by name; they hide those of the file.
  init(
    beside document: String, or named: String?, made: [String: Tensor<Float>]
  ) throws(Refusal) {
    let path = named ?? Self.path(beside: document)
    let isThere = named != nil || FileManager.default.fileExists(atPath: path)
    (self.path, prefix) = (path, "in.")
    file = isThere ? try SafetensorsFile(path, kind: .job) : nil
    self.made = made
  }

  /// The tensor file of a specification.
  static func path(beside document: String) -> String {
    URL(fileURLWithPath: document).deletingPathExtension().appendingPathExtension("safetensors")
      .path
  }

  private func description(
    _ field: JSONField, _ name: String
  ) throws(Refusal) -> (file: SafetensorsFile, tensor: TensorDescription) {
    if let file, let tensor = file.tensors[prefix + name] { return (file, tensor) }
    let known =
      (file?.tensors.keys.filter { $0.hasPrefix(prefix) }
        .map { String($0.dropFirst(prefix.count)) } ?? []) + made.keys
    let near =
      nearest(to: name, among: known.sorted()).map { "; the nearest name is \(quoted($0))" } ?? ""
    guard let file else {
      let place = path.map { "the file \(escaped($0)) with" } ?? "a file in the job's tensors with"
      throw field.refusal(
        "the tensor \(quoted(name)) and no tensor file",
        expected: "\(place) \(prefix + name)\(near)")
    }
    throw field.refusal(
      "the tensor \(quoted(name)), which \(escaped(file.path)) does not have",
      expected: "the name of a tensor \(prefix)NAME there\(near)")
  }

  /// The floating-point tensor that a field names.
  func floats(_ field: JSONField) throws(Refusal) -> Tensor<Float> {
    try floats(named: field.string(), for: field)
  }

  func floats(named name: String, for field: JSONField) throws(Refusal) -> Tensor<Float> {
    if let tensor = made[name] { return tensor }
    let (file, tensor) = try description(field, name)
    guard tensor.elementType.isFloatingPoint else {
      throw field.refusal(
        "the tensor \(quoted(name)) of type \(tensor.elementType.name)",
        expected: "floating-point numbers")
    }
    return Tensor(tensor.shape, try file.floats(prefix + name))
  }

  /// The integers that a field names, with their shape.
  func integers(_ field: JSONField) throws(Refusal) -> (shape: [Int], values: [Int]) {
    let name = try field.string()
    let (file, tensor) = try description(field, name)
    guard !tensor.elementType.isFloatingPoint else {
      throw field.refusal(
        "the tensor \(quoted(name)) of type \(tensor.elementType.name)", expected: "integers")
    }
    return (tensor.shape, try file.integers(prefix + name))
  }

  /// A row of integers for each example.
  func rows(_ field: JSONField) throws(Refusal) -> [[Int]] {
    let (shape, values) = try integers(field)
    guard shape.count == 2 else {
      throw field.refusal("integers of shape \(shape)", expected: "[examples, positions]")
    }
    return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
  }
}
