internal import Inputs
internal import Models
internal import Tensors

/// Reads what a model is run on: `input_ids`, with `token_type_ids` where it tells segments apart, or
/// `inputs_embeds`, or `prompts` as text, or `pixel_values`, or `input_features`; beside what an encoder
/// reads `decoder_input_ids`.
struct SpecInputs {
  let tensors: SpecTensors?
  let limits: InputLimits
  let tokenize: ((String) throws(Refusal) -> [Int])?

  private static let kinds = [
    "input_ids", "inputs_embeds", "pixel_values", "input_features", "prompts",
  ]
  /// The names of inputs that are tensors.
  static let keys =
    kinds.dropLast() + ["attention_mask", "token_type_ids", "decoder_input_ids"]

  func callAsFunction(_ field: JSONField) throws(Refusal) -> ModelInputs<Float> {
    try field.refuseUnknownKeys(known: Self.keys + ["prompts"])
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
      inputs = .embeddings(try parts(values, "[examples, positions, width]"))
    } else if let values = try field.optional("pixel_values") {
      inputs = .images(try parts(values, "[examples, channels, height, width]"))
    } else if let values = try field.optional("input_features") {
      inputs = .features(try parts(values, "[examples, channels, frames]"))
    } else {
      inputs = .tokens(try prompts(field["prompts"]))
    }
    if let kinds = try field.optional("token_type_ids") {
      guard case .tokens(let tokens) = inputs else {
        throw kinds.refusal("kinds of segments", expected: "none beside inputs_embeds")
      }
      let rows = try self.tokens(kinds)
      guard rows.count == tokens.count else {
        throw kinds.refusal("\(rows.count) rows", expected: "\(tokens.count)")
      }
      inputs = .segments(tokens, kinds: rows)
    }
    if let mask = try field.optional("attention_mask") {
      let rows = try named(mask).rows(mask)
      do { inputs = try inputs.cut(by: rows) } catch { throw error.at(field) }
    }
    if let ids = try field.optional("decoder_input_ids") {
      inputs = .pairs(inputs, decoder: try tokens(ids))
    }
    do { try limits.check(inputs) } catch {
      throw error.naming("inputs", as: given[0]).at(field)
    }
    return inputs
  }

  /// The positions that inputs with a mask have beside those that it leaves out; nil without one.
  func paddedLength(_ field: JSONField) throws(Refusal) -> Int? {
    guard let mask = try field.optional("attention_mask"),
      try field.optional("decoder_input_ids") == nil
    else { return nil }
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

  /// A tensor's parts along its first axis.
  ///
  /// - Parameter axes: What its axes are, for refusals.
  private func parts(_ field: JSONField, _ axes: String) throws(Refusal) -> [Tensor<Float>] {
    let values = try named(field).floats(field)
    guard values.shape.count == axes.split(separator: ",").count else {
      throw field.refusal("shape \(values.shape)", expected: axes)
    }
    return (0..<values.shape[0]).map {
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
    let isBare = field.isEmpty || field.hasPrefix("[") || place.path.isEmpty
    let inner = isBare ? field : ".\(field)"
    return Refusal(
      place.kind, file: place.file, field: place.path + inner, found: found, expected: expected)
  }
}
