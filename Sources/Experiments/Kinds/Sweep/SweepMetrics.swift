internal import Autodiff
internal import Foundation
internal import Inputs
internal import JobFiles
internal import Models
internal import ResultsStore
internal import Tensors

/// What a sweep reads off the logits of a prompt's last position.
enum SweepMetric: String, CaseIterable, Sendable {
  /// The logit of the answer less that of the foil.
  case logitDifference = "logit_difference"
  case logProbability = "log_probability"
  case probability
  /// KL(unchanged clean run ‖ run).
  case divergence = "kl"
  /// Whether the answer is among the k most probable tokens.
  case topK = "top_k_match"

  var says: String {
    switch self {
    case .logitDifference: "logit of the answer less that of the foil"
    case .logProbability: "log-probability of the answer, in nats"
    case .probability: "probability of the answer"
    case .divergence:
      "KL(clean || run): divergence of the run from the unchanged clean run, in nats"
    case .topK: "1 where the answer is among the k most probable tokens, else 0"
    }
  }

  var law: Law { self == .probability || self == .topK ? .within(0...1) : .finite }
}

/// What is read off one row of logits.
struct RowMetrics: Sendable, Equatable {
  /// NaN without a foil.
  let logitDifference: Float
  let logProbability: Float
  let divergence: Float
  /// Tokens with a larger logit than the answer's.
  let rank: Float

  static let count = 4

  var values: [Float] { [logitDifference, logProbability, divergence, rank] }

  init(_ values: ArraySlice<Float>) {
    let at = values.startIndex
    (logitDifference, logProbability) = (values[at], values[at + 1])
    (divergence, rank) = (values[at + 2], values[at + 3])
  }

  private init(difference: Float, log: Float, divergence: Float, rank: Float) {
    (logitDifference, logProbability) = (difference, log)
    (self.divergence, self.rank) = (divergence, rank)
  }

  func value(_ metric: SweepMetric, topK: Int) -> Float {
    switch metric {
    case .logitDifference: logitDifference
    case .logProbability: logProbability
    case .probability: exp(logProbability)
    case .divergence: divergence
    case .topK: rank < Float(topK) ? 1 : 0
    }
  }

  /// Whether there are numbers where there should be.
  func isFinite(hasFoil: Bool) -> Bool {
    logProbability.isFinite && divergence.isFinite && (!hasFoil || logitDifference.isFinite)
  }

  /// Rows of logits that are made at once.
  private static let rowsAtOnce = 64

  /// The metrics of each row of the last block's output, `[rows, width]`.
  ///
  /// - Parameter clean: Log-probabilities of the unchanged clean run, `[1, vocabulary]`.
  static func of(
    _ stream: Tensor<Float>, _ model: DecoderModel<Float>, answer: Int, foil: Int?,
    clean: Tensor<Float>
  ) -> [RowMetrics] {
    stride(from: 0, to: stream.rows, by: rowsAtOnce).flatMap { start in
      let rows = stream.rows(start..<min(start + rowsAtOnce, stream.rows))
      let logits = model.logits(Variable(rows), on: Tape()).value
      return of(logits, logits.logSoftmaxOfRows(), answer: answer, foil: foil, clean: clean)
    }
  }

  /// The metrics of rows of logits and of their log-probabilities, both `[rows, vocabulary]`.
  static func of(
    _ logits: Tensor<Float>, _ logs: Tensor<Float>, answer: Int, foil: Int?, clean: Tensor<Float>
  ) -> [RowMetrics] {
    let width = logits.width
    precondition(clean.count == width, "\(clean.shape) for \(width) tokens")
    return (0..<logits.rows).map { row in
      let wanted = logits[row, answer]
      let larger = logits.withPointer { count(above: wanted, $0 + row * width, width) }
      var divergence: Float = 0
      Float.divergence(
        rows: 1, width: width, clean.unsafePointer, logs.unsafePointer + row * width, &divergence)
      return RowMetrics(
        difference: foil.map { wanted - logits[row, $0] } ?? .nan, log: logs[row, answer],
        divergence: divergence, rank: Float(larger))
    }
  }

  /// How many numbers are larger; a loop over a range would not become vector instructions.
  private static func count(above wanted: Float, _ x: UnsafePointer<Float>, _ width: Int) -> Int32 {
    var (larger, i) = (Int32(0), 0)
    while i < width {
      larger &+= x[i] > wanted ? 1 : 0
      i &+= 1
    }
    return larger
  }
}

/// `metric`: what is stored of each cell, and how it is averaged.
struct SweepMetricSection: Sendable {
  let store: [SweepMetric]
  let topK: Int
  /// Draws of the bootstrap; 0 for no intervals.
  let bootstrap: Int
  let confidence: Double
  let seed: Int

  init(_ f: inout Fields) throws(Refusal) {
    store = try f.field(
      "store", .list(of: .choice(), "metrics", isSet: true),
      orWritten: .items([.text(SweepMetric.logitDifference.rawValue)]),
      "logit_difference needs a foil; kl is KL(clean || run); top_k_match is 1 where the answer is "
        + "among the top_k most probable tokens.")
    topK = try f.topK(of: store)
    bootstrap = try f.field(
      "bootstrap", .int(0...100_000), or: 1000, unit: "draws",
      "Draws of prompts with replacement for the interval of a mean over prompts; 0: none.")
    confidence = try f.field(
      "confidence", .number(0.5...0.9999), or: 0.95,
      only: Fields.When(bootstrap > 0, "bootstrap above 0", of: "the means", keepsUsual: true),
      "What the intervals cover, by percentiles.")
    seed = try f.field(
      "seed", .seed, or: 0,
      only: Fields.When(bootstrap > 0, "bootstrap above 0", of: "the means", keepsUsual: true),
      "Of the draws.")
  }
}

extension Fields {
  /// How many tokens count as a match, where that is among the metrics.
  mutating func topK(of metrics: [SweepMetric]) throws(Refusal) -> Int {
    try field(
      "top_k", .int(1...1 << 20), or: 1,
      only: When(
        metrics.contains(.topK), "top_k_match among the stored metrics", of: "the metrics"),
      "How many tokens count as a match.")
  }
}
