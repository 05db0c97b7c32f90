internal import Inputs
internal import JobFiles

/// `generate`: how many tokens follow the prompts, how each is chosen, what ends them, and where
/// interventions act.
struct GenerateFields: Sendable {
  /// Where it stands, for refusals.
  let place: JobPlace
  /// New tokens of each example, at most.
  let newTokens: Int?
  /// Tokens of each example with its prompt, at most.
  let length: Int?
  let actsOnPrompt: Bool
  let steps: JSONField?
  let afterTokens: JSONField?
  /// nil: the most probable token.
  let sampling: SamplingFields?
  let repetitionPenalty: Double?
  let ends: EndFields
  let beams: Int?
  /// Continuations of each prompt.
  let sequences: Int
  let soft: SoftFields?

  /// Whether places are those of each new token, and not of the prompt.
  var actsOnNewTokens: Bool { soft == nil && !actsOnPrompt }

  /// - Parameter hasLoss: Whether a loss is taken of what is generated.
  init(_ f: inout Fields, hasLoss: Bool) throws(Refusal) {
    place = f.place
    soft = try f.optional(
      "soft", .table(SoftFields.init),
      needed: Fields.When(hasLoss, "with kind = \"gradient\" or \"train\""), usually: "none",
      "The model reads its own soft choices, through which gradients pass.")
    let isHard = Fields.When(soft == nil, "no soft", of: "soft generation")
    length = try f.optional(
      "max_length", .int(1...1 << 24), unit: "tokens", only: isHard, apartFrom: ["max_new_tokens"],
      "The length at which an example ends, its prompt included.")
    newTokens = try f.optional(
      "max_new_tokens", .int(1...1 << 24),
      needed: Fields.When(!f.has("max_length"), "without max_length"), unit: "tokens",
      apartFrom: ["max_length"], "New tokens of each example, at most.")
    beams = try f.optional(
      "num_beams", .int(1...1024), usually: "1", only: isHard,
      "Continuations of each prompt that are followed, all to the last token; the most probable is "
        + "given.")
    actsOnPrompt = try f.field(
      "intervene_on_prompt", .flag, or: false, only: isHard,
      "Whether places are those of the prompt, where interventions then act; otherwise they act on "
        + "each new token, whose place is 0.")
    let isAlone = Fields.When(
      soft == nil && (beams ?? 1) == 1, "num_beams = 1 and no soft",
      of: soft == nil ? "beams" : "soft generation")
    steps = try f.optional(
      "steps", .json("a list of numbers, or one for each example"), usually: "all", only: isAlone,
      "The passes after the prompt's in which interventions act, from 0.")
    afterTokens = try f.optional(
      "after_tokens", .json("a list of tokens, by number or text"), usually: "all", only: isAlone,
      "Interventions act only in passes that read one of these.")
    let samples = try f.field(
      "do_sample", .flag, or: false, only: isAlone,
      "Whether tokens are drawn; otherwise each is the most probable.")
    let drawn = Fields.When(f.isManual || samples, "do_sample = true")
    let fields = try SamplingFields(&f, drawn)
    sampling = samples ? fields : nil
    sequences = try f.field(
      "num_return_sequences", .int(1...1024), or: 1, only: drawn,
      "Continuations drawn of each prompt, one after another in the outputs.")
    repetitionPenalty = try f.optional(
      "repetition_penalty", .number(above: 0), usually: "1, no penalty", only: isAlone,
      "Divides positive and multiplies negative logits of tokens that the example has already.")
    ends = try EndFields(&f, isAlone)
  }
}

/// How tokens are drawn: the filters of `transformers`, in its order.
struct SamplingFields: Sendable {
  let temperature: Double
  let top: Int?
  let mass: Double?
  let least: Double?
  let seed: Int

  init(_ f: inout Fields, _ when: Fields.When) throws(Refusal) {
    temperature = try f.field(
      "temperature", .number(above: 0), or: 1, only: when, "Divides the logits.")
    top = try f.optional(
      "top_k", .int(1...1 << 24), usually: "all", only: when,
      "Tokens are drawn from so many of the most probable ones.")
    mass = try f.optional(
      "top_p", .number(above: 0, to: 1), usually: "1", only: when,
      "Then from the fewest of them whose probabilities sum to so much.")
    least = try f.optional(
      "min_p", .number(0...1), usually: "0", only: when,
      "Then from those at least so many times as probable as the most probable one.")
    seed = try f.field(
      "seed", .seed, or: 0, only: when,
      "Of the draws: each hangs on it, the example's and the continuation's number and the step "
        + "alone.")
  }
}

/// What ends an example before its last token.
struct EndFields: Sendable {
  /// nil: the model's.
  let tokens: [Int]?
  let texts: [String]

  init(_ f: inout Fields, _ when: Fields.When) throws(Refusal) {
    tokens = try f.optional(
      "eos_token_id", .tokenIds, usually: "the model's", only: when,
      "An example ends after one of these tokens; [] ends none.")
    texts = try f.field(
      "stop", .texts, or: [], usually: "none", only: when,
      "An example ends with the token that completes one of these texts in what is generated.")
  }
}

/// `generate.soft`: how a choice is softened.
struct SoftFields: Sendable {
  /// Where it stands, for refusals.
  let place: JobPlace
  let temperature: Double
  let isStraightThrough: Bool
  let noise: JSONField?
  let seed: Int?

  init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    temperature = try f.required(
      "temperature", .number(above: 0), "Divides the logits of the soft choice.")
    isStraightThrough = try f.field(
      "straight_through", .flag, or: false,
      "Whether the model reads the most probable token, with the gradient of the soft choice.")
    noise = try f.optional(
      "noise", .json("the name of a tensor, or numbers"), usually: "none", apartFrom: ["seed"],
      "Gumbel noise that is added to the logits: [steps, examples, vocabulary].")
    seed = try f.optional(
      "seed", .seed, usually: "no noise", apartFrom: ["noise"],
      "Of Gumbel noise that is drawn: it hangs on the seed, the example and the step alone.")
  }
}

extension FieldType where Value == [Int] {
  /// A token or a list of them.
  static var tokenIds: FieldType {
    json("a token id, or a list of them", []) { (field) throws(Refusal) in
      field.isNumber ? [try field.int()] : try field.integers()
    }
  }
}

extension FieldType where Value == [String] {
  /// A text or a list of them, none empty.
  static var texts: FieldType {
    json("a text, or a list of texts", []) { (field) throws(Refusal) in
      var texts: [String] = []
      for item in field.isName ? [field] : try field.items() {
        let text = try item.string()
        guard !text.isEmpty else { throw item.refusal("no text", expected: "a text") }
        texts.append(text)
      }
      return texts
    }
  }
}
