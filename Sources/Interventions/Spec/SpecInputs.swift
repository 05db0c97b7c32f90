internal import Inputs
internal import Models
internal import Tensors

/// Reads what a model is run on: `input_ids`, `inputs_embeds` or `pixel_values`, or `prompts` as text.
struct SpecInputs {
  let tensors: SpecTensors?
  let limits: InputLimits
  let tokenize: ((String) throws(Refusal) -> [Int])?

  private static let kinds = ["input_ids", "inputs_embeds", "pixel_values", "prompts"]

  func callAsFunction(_ field: JSONField) throws(Refusal) -> ModelInputs<Float> {
    try field.refuseUnknownKeys(
      known: Self.kinds + ["attention_mask"])
    var given: [String] = []
    for key in Self.kinds where try field.optional(key) != nil {
      given.append(key)
    }
    guard given.count == 1 else {
      throw field.refusal(
        given.isEmpty ? "no inputs" : given.joined(separator: " and "),
        expected: "one of \(Self.kinds.joined(separator: ", "))")
    }
    var inputs: ModelInputs<Float>
    if let ids = try field.optional("input_ids") {
      inputs = .tokens(try tokens(ids))
    } else if let values = try field.optional("inputs_embeds") {
      inputs = .embeddings(try embeddings(values))
    } else if let values = try field.optional("pixel_values") {
      inputs = .images(try images(values))
    } else {
      inputs = .tokens(try prompts(field["prompts"]))
    }
    if let mask = try field.optional("attention_mask") {
      do {
        inputs = try inputs.cut(by: try named(mask).rows(mask))
      } catch { throw error.at(mask) }
    }
    do { try limits.check(inputs) } catch { throw error.at(field) }
    return inputs
  }

  /// The positions that inputs with a mask have beside those that it leaves out; nil without one.
  func paddedLength(_ field: JSONField) throws(Refusal) -> Int? {
    guard let mask = try field.optional("attention_mask") else { return nil }
    return try named(mask).rows(mask).first?.count
  }

  private func named(_ field: JSONField) throws(Refusal) -> SpecTensors {
    guard let tensors else {
      throw field.refusal(
        "the name of a tensor", expected: "a tensor file beside the specification")
    }
    return tensors
  }

  /// Token numbers: the name of a tensor, or lists as they are.
  private func tokens(_ field: JSONField) throws(Refusal) -> [[Int]] {
    guard case .array = field.value else { return try named(field).rows(field) }
    var rows: [[Int]] = []
    for item in try field.items() { rows.append(try item.integers()) }
    return rows
  }

  private func embeddings(_ field: JSONField) throws(Refusal) -> [Tensor<Float>] {
    let values = try named(field).floats(field)
    guard values.shape.count == 3 else {
      throw field.refusal("shape \(values.shape)", expected: "[examples, positions, width]")
    }
    return examples(of: values)
  }

  private func images(_ field: JSONField) throws(Refusal) -> [Tensor<Float>] {
    let values = try named(field).floats(field)
    guard values.shape.count == 4 else {
      throw field.refusal(
        "shape \(values.shape)", expected: "[examples, channels, height, width]")
    }
    return examples(of: values)
  }

  private func examples(of values: Tensor<Float>) -> [Tensor<Float>] {
    (0..<values.shape[0]).map {
      values.rows($0..<$0 + 1).reshaped(Array(values.shape.dropFirst()))
    }
  }

  private func prompts(_ field: JSONField) throws(Refusal) -> [[Int]] {
    guard let tokenize else {
      throw field.refusal("text", expected: "input_ids: the model has no tokenizer here")
    }
    var rows: [[Int]] = []
    for item in try field.items() { rows.append(try tokenize(try item.string())) }
    return rows
  }
}

extension Refusal {
  /// The refusal under the field of a specification where it arose.
  func at(_ place: JSONField) -> Refusal {
    let inner = field.isEmpty ? "" : field.hasPrefix("[") ? field : ".\(field)"
    return Refusal(
      place.kind, file: place.file, field: place.path + inner, found: found, expected: expected)
  }
}
