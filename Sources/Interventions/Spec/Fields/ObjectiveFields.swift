internal import Inputs
internal import JobFiles

/// `objective`: what is made smaller, as a specification says it.
struct ObjectiveFields: Sendable {
  let terms: [Term]

  /// Whether a term reads the labels that stand beside the objective.
  var readsLabels: Bool { terms.contains { $0.loss.readsLabels && $0.labels == nil } }

  /// Whether a term reads labels at all.
  var hasLabels: Bool { terms.contains { $0.loss.readsLabels } }

  /// What is meant where nothing is said.
  static func usual(at place: JobPlace) -> ObjectiveFields {
    ObjectiveFields(terms: [Term(.crossEntropy, at: place)])
  }

  /// One of the losses that are added.
  struct Term: Sendable {
    /// Where it stands, for refusals.
    let place: JobPlace
    let loss: Objective.Loss
    let weight: Double
    /// nil: logits.
    let collected: String?
    let positions: JSONField?
    let labels: JSONField?
    let foils: JSONField?
    let target: JSONField?

    /// A loss by its name alone.
    init(_ loss: Objective.Loss, at place: JobPlace) {
      (self.loss, self.place, weight) = (loss, place, 1)
      (collected, positions, labels, foils, target) = (nil, nil, nil, nil, nil)
    }

    init(_ f: inout Fields) throws(Refusal) {
      place = f.place
      let loss: Objective.Loss = try f.required(
        "loss", .choice(),
        "cross_entropy of labels; kl: the divergence from the target's distribution; "
          + "mean_squared_error from the target; logit_difference: the foils' logits less the labels'."
      )
      self.loss = loss
      weight = try f.field("weight", .finite, or: 1, "What it is multiplied by in the sum.")
      func reading(_ holds: Bool, _ losses: Objective.Loss...) -> Fields.When {
        Fields.When(
          holds, "loss = " + losses.map { quoted($0.rawValue) }.joined(separator: " or "),
          of: "loss = \(quoted(loss.rawValue))")
      }
      let of = try f.field(
        "of", .text, or: Self.logits, only: reading(loss == .meanSquaredError, .meanSquaredError),
        "logits, or a value that CollectIntervention hands out, by the name of its output.")
      let isOfLogits = of == Self.logits
      collected = isOfLogits ? nil : of
      positions = try f.optional(
        "positions", .json("a position, a range such as \"1:\", \"all\", or a list of these"),
        usually: "last",
        only: Fields.When(isOfLogits, "of = \"logits\"", of: "a value that is collected"),
        "The positions of each example whose logits are read; with generate its new tokens, from 0, "
          + "all of them where there are labels for all.")
      labels = try f.optional(
        "labels", .labels, usually: "those beside the objective",
        only: reading(loss.readsLabels, .crossEntropy, .logitDifference),
        "What is right: one for each example, or where several positions are read a list for each.")
      foils = try f.optional(
        "foils", .labels,
        needed: Fields.When(loss == .logitDifference, "with loss = \"logit_difference\""),
        only: reading(loss == .logitDifference, .logitDifference),
        "What labels are compared with, in the form of labels.")
      target = try f.optional(
        "to", .json("\"original\", or a tensor as elsewhere"),
        needed: Fields.When(
          loss.readsTarget, "with loss = \"kl\" or \"mean_squared_error\""),
        only: reading(loss.readsTarget, .divergence, .meanSquaredError),
        "What is compared with: original, the logits of the model without interventions, as it is "
          + "before training; or logits, [classes] or a row for each position; or of what is collected "
          + "a tensor of its shape, or [width].")
    }

    private static let logits = "logits"
  }
}

extension FieldType where Value == ObjectiveFields {
  static var objective: FieldType {
    let term = FieldType<ObjectiveFields.Term>.table(ObjectiveFields.Term.init)
    func one(_ item: JobField) throws(Refusal) -> ObjectiveFields.Term {
      guard case .string = item.value.content else { return try term.value(of: item) }
      let loss = try item.choice(of: Objective.Loss.allCases)
      guard loss == .crossEntropy else {
        let further = loss == .logitDifference ? "foils" : "to"
        throw item.place.refusal(
          "\(quoted(loss.rawValue)) without \(further)",
          expected: "a table with loss = \(quoted(loss.rawValue)) and \(further)")
      }
      return ObjectiveFields.Term(loss, at: item.place)
    }
    let type = FieldType(
      "the name of a loss, a table with loss, or a list of these, which are added",
      placeholder: ObjectiveFields(terms: []), canonical: { _ in JobValue(.null) }
    ) { (field, _) throws(Refusal) in
      guard case .list = field.value.content else {
        return ObjectiveFields(terms: [try one(field)])
      }
      var terms: [ObjectiveFields.Term] = []
      for item in try field.items() { terms.append(try one(item)) }
      guard !terms.isEmpty else {
        throw field.place.refusal("no loss", expected: "one at least")
      }
      return ObjectiveFields(terms: terms)
    }
    return type.holding(ObjectiveFields.Term.init)
  }
}
