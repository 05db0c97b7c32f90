internal import Inputs
internal import JobFiles

/// `metric`: what is read off the logits of each cell of a grid, at one position of each prompt.
struct GridMetrics: Sendable {
  let store: [SweepMetric]
  let topK: Int
  /// One for each prompt, or one for all; nil: the unchanged run's most probable token.
  let answers: [JobField]?
  let foils: [JobField]?
  /// From the start, or where it is negative from the end; nil: the last, or the mask of a masked model.
  let position: Int?
  /// How many of the most probable tokens are kept; nil: 5, or as many classes as there are.
  let top: Int?
  /// Where the two stand.
  let positionPlace, topPlace: JobPlace

  init(_ f: inout Fields) throws(Refusal) {
    answers = try f.optional(
      "answers", Self.choices, usually: "the unchanged run's most probable token",
      "The answer of each prompt, or one for all: a text that is one token behind the prompt, or "
        + "the number of a token or class.")
    foils = try f.optional(
      "foils", Self.choices, usually: "none",
      only: Fields.When(answers != nil || f.isManual, "answers"),
      "What each answer is weighed against: another token or class.")
    let usual: [SweepMetric] =
      foils != nil ? [.logitDifference, .divergence] : [.probability, .divergence]
    store = try f.field(
      "store", .list(of: .choice(), "metrics", isSet: true), or: usual,
      usually: "[\"probability\", \"kl\"], with foils [\"logit_difference\", \"kl\"]",
      "logit_difference needs foils; kl is KL(unchanged || changed); top_k_match is 1 where the "
        + "answer is among the top_k most probable tokens.")
    if store.contains(.logitDifference), foils == nil, !f.isManual {
      throw f.place(of: "store").refusal("logit_difference", expected: "foils for it")
    }
    if foils != nil, !store.contains(.logitDifference), !f.isManual {
      throw f.place(of: "foils").refusal(
        "foils for \(store.map(\.rawValue).joined(separator: ", "))",
        expected: "none: logit_difference alone reads them")
    }
    topK = try f.topK(of: store)
    position = try f.optional(
      "position", .int(-(1 << 20)...1 << 20), usually: "-1, of masked models the mask",
      "Where the logits are read in each prompt; negative numbers count from its end. A classifier has "
        + "one answer, and no position.")
    top = try f.optional(
      "top_tokens", .int(1...1000), usually: "5, or all classes",
      "How many of the most probable tokens or classes are kept, before and after.")
    (positionPlace, topPlace) = (f.place(of: "position"), f.place(of: "top_tokens"))
  }

  private static var choices: FieldType<[JobField]> {
    FieldType(
      "a text or number, or a list with one for each prompt", placeholder: [],
      canonical: { .items($0.map(\.value)) }
    ) { (field, _) throws(Refusal) in
      let items = if case .list = field.value.content { try field.items() } else { [field] }
      guard !items.isEmpty else {
        throw field.refusal(expected: "an answer for each prompt, or one for all")
      }
      for item in items {
        switch item.value.content {
        case .string, .integer: continue
        default: throw item.refusal(expected: "a text, or the number of a token or class")
        }
      }
      return items
    }
  }
}
