internal import Autodiff
internal import Inputs
internal import Models

/// The names of the outputs that a run can give, by which others are refused before it runs.
struct PossibleOutputs {
  let names: [String]
  /// Values that collecting interventions hand out, at most.
  private let collected: Int

  init(_ names: [String], collected: Int = 0) {
    (self.names, self.collected) = (names, collected)
  }

  func contains(_ name: String) -> Bool {
    if names.contains(name) { return true }
    guard let number = Int(name.dropFirst(Self.prefix.count)) else { return false }
    return name == Self.prefix + "\(number)" && (0..<collected).contains(number)
  }

  private static let prefix = "collected."

  /// All of them, for refusals.
  var list: [String] {
    switch collected {
    case 0: names
    case 1: names + [Self.prefix + "0"]
    default: names + ["\(Self.prefix)0 to \(Self.prefix)\(collected - 1)"]
    }
  }
}

extension SpecRun {
  /// Refuses outputs that the kind never gives, before anything runs.
  func checkExpected() throws(Refusal) {
    guard let wanted = spec.wanted else { return }
    let possible = possibleOutputs
    for field in wanted {
      let name = try field.string()
      if possible.contains(name) { continue }
      let near = nearest(to: name, among: possible.names).map { "\($0) (did you mean that?)" }
      throw field.refusal(
        "the output \(quoted(name)), which this run does not give",
        expected: near ?? "one of \(possible.list.joined(separator: ", "))")
    }
  }

  var possibleOutputs: PossibleOutputs {
    let lengths = [SpecOutputs.lengthsName]
    let ofGeneration = ["intervened.ids", SpecOutputs.promptLengthsName] + lengths
    let isSerial = setup.setup.mode == .serial
    // Of a serial run only the last group acts on the base; a generation is never serial.
    let acting = setup.setup.entries.indices.filter {
      !isSerial || setup.setup.entries[$0].group == setup.setup.groupCount - 1
    }
    let collecting = acting.count { setup.setup.intervention(of: $0).isCollecting }
    switch spec.kind {
    case .forward, .saveLoad, .gruTime, .attentionWeight:
      let latents = acting.filter { setup.representations[$0].type.hasLatents }
      return PossibleOutputs(
        ["original.logits", "intervened.logits"] + lengths + latents.map { "latent.\($0)" },
        collected: collecting)
    case .generate:
      if spec.generate?.soft != nil { return PossibleOutputs(ofGeneration + ["intervened.logits"]) }
      let passes = spec.generate?.newTokens ?? spec.generate?.length ?? 0
      return PossibleOutputs(["original.ids"] + ofGeneration, collected: collecting * passes)
    case .gradient:
      let parameters =
        spec.target == .model
        ? model.weights.parameters.map(\.name) : TrainedParameter.all(in: setup).map(\.path)
      return PossibleOutputs(
        ["intervened.logits", "loss"] + (spec.generate == nil ? lengths : ofGeneration)
          + parameters.map { "grad.\($0)" })
    case .train:
      let isTried = spec.train?.evaluation.isEmpty == false
      return PossibleOutputs(
        ["losses", "final.intervened.logits"] + (isTried ? ["eval.loss"] : [])
          + (spec.hasAccuracy ? ["eval.accuracy"] : [])
          + (spec.generate == nil
            ? [] : ["final.intervened.ids", SpecOutputs.promptLengthsName] + lengths)
          + (spec.train?.target == .model
          ? model.weights.parameters.map(\.name) : trainedOutputs).map { "final.\($0)" })
    }
  }

  /// The parameters of interventions as a training gives them, with the matrices of rotations.
  private var trainedOutputs: [String] {
    typealias Names = OrthogonalWeight<Float>
    return TrainedParameter.all(in: setup) { _ in true }.flatMap { parameter in
      let path = parameter.path
      guard parameter.name == Names.originalName else { return [path] }
      return [path, path.dropLast(parameter.name.count) + Names.weightName]
    }
  }
}

extension InterventionSpec {
  /// Whether the evaluation of a training has labels, which are right or wrong.
  var hasAccuracy: Bool {
    train?.evaluation.contains { batch in
      batch.objective.terms.contains { $0.loss.readsLabels }
    } ?? false
  }
}
