internal import Autodiff
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Prompts
internal import Tensors

/// What makes the corrupted runs of a trace, on any rank the same.
enum TraceCorruption: Sendable {
  case noise(TraceNoise)
  /// The other prompt of each fact.
  case counterfactual
  /// What stands in place of the embedding of each token of the subject, `[1, width]`.
  case row(Tensor<Float>)

  init(_ job: TraceJob, _ model: DecoderModel<Float>) throws(Refusal) {
    switch job.spec.corrupt.way {
    case .noise: self = .noise(try TraceNoise(job, model))
    case .counterfactual: self = .counterfactual
    case .zero: self = .row(Tensor(zeros: [1, model.shape.width]))
    case .mean(.subjects): self = .row(Self.mean(model, job.subjectTokens))
    case .mean(.embeddings): self = .row(Self.mean(model, Array(0..<model.shape.vocabulary)))
    }
  }

  /// The clean run of a fact, and a corrupted one for each of some samples.
  func runs(of fact: ResolvedPrompt, _ samples: Range<Int>) throws(Refusal) -> [BaseRun] {
    let subject = fact.subject ?? 0..<0
    return switch self {
    case .noise(let noise):
      BaseRun.corrupted(fact.forced(fact.ids), subject, noise: try noise.noise(for: fact, samples))
    case .counterfactual:
      // All are as long as the fact.
      BaseRun.sharingPrefixes(
        ([fact.ids] + fact.sources.map(\.ids)).map(fact.forced), short: nil)
    case .row(let row): BaseRun.corrupted(fact.forced(fact.ids), subject, by: row)
    }
  }

  /// The standard deviation of drawn noise, in the units of the embedding.
  var noiseLevel: Double? { if case .noise(let noise) = self { noise.level } else { nil } }

  /// The mean embedding of tokens, `[1, width]`.
  private static func mean(_ model: DecoderModel<Float>, _ tokens: [Int]) -> Tensor<Float> {
    var sums = [Double](repeating: 0, count: model.shape.width)
    var place = 0
    model.eachEmbedding(of: tokens) { value in
      sums[place % sums.count] += value
      place += 1
    }
    return Tensor([1, sums.count], sums.map { Float($0 / Double(max(1, tokens.count))) })
  }
}

extension DecoderModel<Float> {
  /// The elements of tokens' embeddings, token after token.
  func eachEmbedding(of tokens: [Int], _ take: (Double) -> Void) {
    for start in stride(from: 0, to: tokens.count, by: 1024) {
      let piece = Array(tokens[start..<min(start + 1024, tokens.count)])
      for value in tokenEmbeddings(piece, on: Tape()).value.elements { take(Double(value)) }
    }
  }
}
