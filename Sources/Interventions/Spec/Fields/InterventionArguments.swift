internal import Inputs
internal import JobFiles

/// `args` of a representation: what some types read beside their parameters.
struct InterventionArguments: Sendable {
  /// Where they stand, for refusals.
  let place: JobPlace
  let factor: Double?
  let alpha: Double?
  let level: Double?
  let noise: JSONField?
  let tensor: JSONField?
  let components: JSONField?
  let mean: JSONField?
  let deviation: JSONField?
  let keepsError: Bool
  let formula: JSONField?
  let constants: [(name: String, value: JSONField)]
  let trained: [(name: String, value: TrainedArgument)]
  let seed: Int?

  init(_ f: inout Fields, of type: InterventionType) throws(Refusal) {
    place = f.place
    func tensor(
      _ key: String, _ types: InterventionType..., says: String
    ) throws(Refusal) -> JSONField? {
      try f.optional(
        key, .json("the name of a tensor, or numbers"), only: type.within(f, types), says)
    }
    factor = try f.optional(
      "factor", .finite,
      only: type.within(f, .scale), "What the base is multiplied by.")
    alpha = try f.optional(
      "alpha", .finite,
      only: type.within(f, .interpolate), "The part of the source: base + alpha (source - base).")
    level = try f.optional(
      "level", .finite,
      usually: "pyvene's for NoiseIntervention",
      only: type.within(f, .noise, .fixedNoise), "The factor of the noise.")
    noise = try tensor(
      "noise", .noise, .fixedNoise,
      says: "The noise, the same for every example: [1, units, width].")
    self.tensor = try tensor("tensor", .multiply, says: "What the base is multiplied by.")
    components = try tensor(
      "components", .pcaRotatedSpace, says: "Directions of the largest variance: [count, width].")
    mean = try tensor("mean", .pcaRotatedSpace, says: "What is subtracted before: [width].")
    deviation = try tensor("std", .pcaRotatedSpace, says: "What is divided by then: [width].")
    keepsError = try f.field(
      "keep_error", .flag, or: false, only: type.within(f, .jumpReLUAutoencoder),
      "Whether what the latents do not account for is put back.")
    formula = try f.optional(
      "formula", .json("a text"), only: type.within(f, .expression),
      "What takes the base's place, over base, source, input and the names below.")
    constants = try f.field(
      "constants", .members("numbers or names of tensors, by name"), or: [], usually: "none",
      only: type.within(f, .expression), "What the formula's names stand for.")
    trained = try f.field(
      "trained", .tables(named: "NAME") { (f, _) throws(Refusal) in try TrainedArgument(&f) },
      or: [], usually: "none", only: type.within(f, .expression),
      "What training changes of the formula."
    )
    .map { ($0.name, $0.item) }
    seed = try f.optional(
      "seed", .int(0...InterventionBuilding.largestSeed),
      usually: "1 for NoiseIntervention, otherwise 0",
      only: type.within(f, InterventionType.allCases.filter { $0.drawsStart || $0 == .noise }),
      apartFrom: ["noise"], "Of the draws that parameters start from, or of the noise.")
  }
}

extension InterventionArguments {
  /// Whether they say which noise is added, or how much of it.
  var saysNoise: Bool { level != nil || noise != nil || seed != nil }
}

/// A parameter of a formula that training changes.
struct TrainedArgument: Sendable {
  /// Where it stands, for refusals.
  let place: JobPlace
  let start: JSONField?
  let shape: JSONField?
  let isOrthogonal: Bool
  let seed: Int?

  init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    start = try f.optional(
      "start", .json("the name of a tensor, or numbers"), usually: "drawn", "What it starts from.")
    shape = try f.optional(
      "shape", .json("a list of at most two numbers"), usually: "that of start or params",
      "Of what is drawn.")
    isOrthogonal = try f.field(
      "orthogonal", .flag, or: false, "Whether its columns are kept orthonormal.")
    seed = try f.optional(
      "seed", .int(0...InterventionBuilding.largestSeed), usually: "its number, from 0",
      "Of what it starts from.")
  }
}

extension FieldType where Value == [(name: String, value: JSONField)] {
  fileprivate static func members(_ words: String) -> FieldType {
    json(words, []) { (field) throws(Refusal) in
      try field.members().filter { !$0.field.isNull }.map { ($0.key, $0.field) }
    }
  }
}
