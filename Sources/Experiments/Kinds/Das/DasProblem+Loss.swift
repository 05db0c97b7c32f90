internal import Autodiff
internal import CausalModels
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Prompts
internal import Tensors

extension DasProblem {
  /// The mean loss of some examples from the logits of their last positions.
  func loss(
    _ logits: Variable<Float>, _ numbers: [Int], of split: Split, reference: Tensor<Float>?,
    on tape: Tape<Float>
  ) -> Variable<Float> {
    let labels = labels(numbers, of: split)
    switch job.train.loss {
    // All of the probability at the label has no entropy of its own: the two are one number.
    case .crossEntropy,
      .divergence where job.train.target == .label:
      return tape.crossEntropy(logits, labels: labels)
    case .meanSquaredError where job.train.target == .label:
      var ones = [Float](repeating: 0, count: logits.value.count)
      for (row, label) in labels.enumerated() { ones[row * logits.value.width + label] = 1 }
      return tape.meanSquaredError(logits, Variable(Tensor(logits.value.shape, ones)))
    case .divergence:
      return tape.klDivergence(logits, from: Variable(reference ?? logits.value))
    case .meanSquaredError:
      return tape.meanSquaredError(logits, Variable(reference ?? logits.value))
    case .logitDifference:
      return tape.logitDifference(logits, labels: labels, foils: foils(numbers, of: split))
    }
  }

  /// Refuses data that the loss cannot be taken of.
  func checkLoss() throws(Refusal) {
    for split in Split.allCases {
      let items = job.items[split] ?? []
      for item in items {
        switch job.train.loss {
        case .crossEntropy: continue
        case .logitDifference:
          guard item.foil != nil || item.baseAnswer != nil else {
            throw item.place.member("foil").refusal(
              "no foil and no base_label",
              expected: "another answer, which logit_difference compares the label with")
          }
          guard item.foil != item.answer else {
            throw item.place.member("foil").refusal(
              "the label itself",
              expected: "another answer, which logit_difference compares the label with")
          }
        case .divergence, .meanSquaredError:
          guard job.train.target == .source else { continue }
          guard item.sources.count == 1 else {
            throw item.place.member("sources").refusal(
              "\(item.sources.count) sources",
              expected: "one, whose logits \(job.train.loss.rawValue) compares with")
          }
          guard item.sourcesAgree.allSatisfy(\.self) else {
            throw item.place.member("label").refusal(
              "another label than the source's own, to whose logits \(job.train.loss.rawValue) trains",
              expected: "sources that answer as their examples' labels say, or train.target = "
                + "\"label\", or another loss")
          }
        }
      }
      let numbers = Array(items.indices)
      if job.train.loss == .logitDifference, let first = items.first,
        labels(numbers, of: split) == foils(numbers, of: split)
      {
        throw first.place.member("base_label").refusal(
          "the label itself, as in every example of the \(split.rawValue) set",
          expected: "another answer in some, or foils, which logit_difference compares labels with")
      }
    }
  }

  /// How many of the logits' rows are largest at their label; of equals the first counts.
  static func correct(_ logits: Tensor<Float>, _ labels: [Int]) -> Int {
    let width = logits.width
    return logits.withPointer { x in
      labels.enumerated().count { row, label in
        var best = 0
        for column in 1..<max(1, width) where x[row * width + column] > x[row * width + best] {
          best = column
        }
        return best == label
      }
    }
  }
}
