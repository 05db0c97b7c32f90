internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors

/// Reads what a model is run on: `input_ids`, with `token_type_ids` where it tells segments apart, or
/// `inputs_embeds`, or `prompts` as text, or `pixel_values`, or `input_features`; beside what an encoder
/// reads `decoder_input_ids`.
struct SpecInputs {
  let tensors: SpecTensors
  let limits: InputLimits
  let tokenize: ((String) throws(Refusal) -> [Int])?
  /// Whether a mask may leave out positions before those that it keeps.
  var allowsPaddingBefore = false

  func callAsFunction(_ fields: InputFields) throws(Refusal) -> ModelInputs<Float> {
    var inputs: ModelInputs<Float>
    if let ids = fields.ids {
      inputs = .tokens(try tokens(ids))
    } else if let values = fields.embeddings {
      inputs = .embeddings(try parts(values, "[examples, positions, width]"))
    } else if let values = fields.pixels {
      inputs = .images(try parts(values, "[examples, channels, height, width]"))
    } else if let values = fields.features {
      inputs = .features(try parts(values, "[examples, channels, frames]"))
    } else if let texts = fields.prompts {
      inputs = .tokens(try prompts(texts))
    } else {
      preconditionFailure("inputs without inputs")
    }
    if let kinds = fields.segments, case .tokens(let tokens) = inputs {
      let rows = try self.tokens(kinds)
      guard rows.count == tokens.count else {
        throw kinds.refusal("\(rows.count) rows", expected: "\(tokens.count)")
      }
      inputs = .segments(tokens, kinds: rows)
    }
    if let mask = fields.mask {
      let rows = try tensors.rows(mask)
      do {
        // Of two inputs places would count the padding of one.
        inputs = try inputs.cut(
          by: rows, allowsPaddingBefore: allowsPaddingBefore && fields.decoderIds == nil)
      } catch { throw error.at(fields.place) }
    }
    if let ids = fields.decoderIds {
      inputs = .pairs(inputs, decoder: try tokens(ids))
    }
    do { try limits.check(inputs) } catch {
      throw error.naming("inputs", as: fields.name).at(fields.place)
    }
    return inputs
  }

  /// The positions that inputs with a mask have beside those that it leaves out; nil without one.
  func paddedLength(_ fields: InputFields) throws(Refusal) -> Int? {
    guard let mask = fields.mask, fields.decoderIds == nil else { return nil }
    return try tensors.rows(mask).first?.count
  }

  /// How many positions a mask leaves out before each example's own; empty without a mask.
  func paddingBefore(_ fields: InputFields?) throws(Refusal) -> [Int] {
    guard let mask = fields?.mask, fields?.decoderIds == nil else { return [] }
    return try tensors.rows(mask).map { row in row.prefix { $0 == 0 }.count }
  }

  /// Token numbers: the name of a tensor, or lists as they are.
  private func tokens(_ field: JSONField) throws(Refusal) -> [[Int]] {
    guard case .array = field.value else { return try tensors.rows(field) }
    var rows: [[Int]] = []
    for item in try field.items() { rows.append(try item.integers()) }
    return rows
  }

  /// A tensor's parts along its first axis.
  ///
  /// - Parameter axes: What its axes are, for refusals.
  private func parts(_ field: JSONField, _ axes: String) throws(Refusal) -> [Tensor<Float>] {
    let values = try tensors.floats(field)
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
  func at(_ place: JSONField) -> Refusal { at(.specification(place)) }

  /// The refusal under the table of a specification where it arose.
  func at(_ place: JobPlace) -> Refusal {
    let isBare = field.isEmpty || field.hasPrefix("[") || place.path.isEmpty
    let inner = isBare ? field : ".\(field)"
    return Refusal(
      place.kind, file: place.file, field: place.path + inner, found: found, expected: expected)
  }

  /// The refusal of a field of a table of a specification.
  func at(_ place: JobPlace, field: String) -> Refusal {
    place.member(field).refusal(found, expected: expected)
  }

  /// The refusal of a call, which knows no file, in its specification.
  func of(_ place: JobPlace) -> Refusal {
    Refusal(place.kind, file: place.file, field: field, found: found, expected: expected)
  }
}
