internal import Figures
internal import JobFiles

/// How figures name what a trace restores and measures: the words of Meng et al., 2022.
extension Restoration {
  /// What is restored, for a title.
  var part: String {
    switch site {
    case .blockOutput: window > 1 ? "states" : "state"
    case .mlpOutput: "MLP"
    case .mlpActivation: "MLP activation"
    case .attentionOutput: "Attn"
    }
  }

  /// What is restored, for the axis of its layers.
  var axisName: String {
    switch site {
    case .blockOutput: "block"
    case .mlpOutput, .mlpActivation: "MLP"
    case .attentionOutput: "Attn"
    }
  }

  var colors: ColorScale {
    switch site {
    case .blockOutput: .purples
    case .mlpOutput, .mlpActivation: .greens
    case .attentionOutput: .reds
    }
  }
}

extension Metric {
  /// The value of one fact, by its answer.
  func name(of answer: String) -> String {
    switch self {
    case .probability: "p(\(answer))"
    case .logProbability: "log p(\(answer))"
    case .logitDifference: "logit difference of \(answer)"
    }
  }

  var averageName: String {
    switch self {
    case .probability: "mean p(answer)"
    case .logProbability: "mean log p(answer)"
    case .logitDifference: "mean logit difference"
    }
  }
}

extension TokenRole {
  var title: String {
    switch self {
    case .before: "Before the subject"
    case .subjectFirst: "First subject token"
    case .subjectMiddle: "Middle subject tokens"
    case .subjectLast: "Last subject token"
    case .firstAfter: "First subsequent token"
    case .further: "Further tokens"
    case .last: "Last token"
    }
  }
}
