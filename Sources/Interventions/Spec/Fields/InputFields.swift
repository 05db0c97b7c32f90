internal import Inputs
internal import JobFiles

/// What a model is run on, as a specification says it.
struct InputFields: Sendable {
  /// Where it stands, for refusals.
  let place: JobPlace
  let ids: JSONField?
  let prompts: JSONField?
  let embeddings: JSONField?
  let pixels: JSONField?
  let features: JSONField?
  let mask: JSONField?
  let segments: JSONField?
  let decoderIds: JSONField?

  /// The inputs themselves, of which one must be there.
  static let kinds = ["input_ids", "prompts", "inputs_embeds", "pixel_values", "input_features"]

  /// The name of the one that is there.
  var name: String {
    let given = [ids, prompts, embeddings, pixels, features]
    return zip(Self.kinds, given).first { $1 != nil }?.0 ?? Self.kinds[0]
  }

  /// The names of inputs that can be tensors.
  static let tensorKeys =
    kinds.filter { $0 != "prompts" } + ["attention_mask", "token_type_ids", "decoder_input_ids"]

  init(_ field: JSONField) throws(Refusal) {
    var fields = try Fields(field)
    try self.init(&fields)
    _ = try fields.end()
  }

  init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    func apart(from own: String) -> [String] { Self.kinds.filter { $0 != own } }
    ids = try f.optional(
      "input_ids", .json("a list of lists of token ids, or the name of integers"),
      apartFrom: apart(from: "input_ids"), "The tokens of each example: [examples, positions].")
    prompts = try f.optional(
      "prompts", .json("a list of texts"), apartFrom: apart(from: "prompts"),
      "The text of each example, for the model's own tokenizer.")
    embeddings = try f.optional(
      "inputs_embeds", .json("the name of a tensor, or numbers"),
      apartFrom: apart(from: "inputs_embeds"),
      "What stands for embedded tokens: [examples, positions, width].")
    pixels = try f.optional(
      "pixel_values", .json("the name of a tensor, or numbers"),
      apartFrom: apart(from: "pixel_values"),
      "Images as the model's processor gives them: [examples, channels, height, width].")
    features = try f.optional(
      "input_features", .json("the name of a tensor, or numbers"),
      apartFrom: apart(from: "input_features"),
      "Sound as the model's processor gives it: [examples, channels, frames].")
    mask = try f.optional(
      "attention_mask", .json("the name of integers, or lists of them"),
      usually: "every position counts",
      "1 for positions that count, 0 for padding before or after them: [examples, positions]. The model "
        + "counts positions from the first that counts, as in transformers' generation; places and "
        + "positions of a specification count the padding before it too.")
    let tokens = Fields.When(
      f.isManual || f.has("input_ids") || f.has("prompts"), "input_ids or prompts",
      of: "inputs that are no tokens")
    segments = try f.optional(
      "token_type_ids", .json("a list of lists, or the name of integers"), usually: "zeros",
      only: tokens, "The segment of each token: [examples, positions].")
    decoderIds = try f.optional(
      "decoder_input_ids", .json("a list of lists of token ids, or the name of integers"),
      "Of models of encoder and decoder, what the decoder reads: [examples, positions].")
    if f.isManual { return }
    guard Self.kinds.contains(where: f.has) else {
      throw f.place.refusal("no inputs", expected: "one of \(Self.kinds.joined(separator: ", "))")
    }
  }
}

/// What sources are run on.
enum SourceFields: Sendable {
  /// One for every group of interventions.
  case all(InputFields)
  /// One a group; nil leaves out the interventions that would read it.
  case each([InputFields?])

  var each: [InputFields] {
    switch self {
    case .all(let one): [one]
    case .each(let list): list.compactMap(\.self)
    }
  }
}

extension FieldType where Value == SourceFields {
  static var sources: FieldType {
    let words =
      "inputs as in [base] for every group of interventions, or a list with inputs or null "
      + "(in TOML \"none\") for each group"
    let one = FieldType<InputFields>.table(InputFields.init)
    let type = FieldType(
      words, placeholder: .each([]), canonical: { _ in JobValue(.null) }
    ) { (field, folder) throws(Refusal) in
      guard case .list = field.value.content else {
        return .all(try one.value(of: field, folder: folder))
      }
      var list: [InputFields?] = []
      for item in try field.items() {
        if case .null = item.value.content {
          list.append(nil)
        } else {
          list.append(try one.value(of: item, folder: folder))
        }
      }
      return .each(list)
    }
    return type.holding(InputFields.init)
  }
}
