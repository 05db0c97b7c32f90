internal import Autodiff
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore
internal import Tensors

/// The metrics of one answer: of one row of logits, or of one for each of its tokens.
struct TraceMetrics: Sendable, Equatable {
  let probability: Float
  let logProbability: Float
  let logitDifference: Float

  static let count = 3

  var values: [Float] { [probability, logProbability, logitDifference] }

  subscript(metric: Metric) -> Float {
    switch metric {
    case .probability: probability
    case .logProbability: logProbability
    case .logitDifference: logitDifference
    }
  }

  /// The metrics of runs, by the last block's output at their last positions,
  /// `[runs · answers, width]`, in blocks of rows.
  ///
  /// - Parameters:
  ///   - answers: The answer's tokens, each given those before it: its log-probability is their sum.
  ///   - foil: What the first of them is compared with.
  static func of(
    _ stream: Tensor<Float>, _ model: DecoderModel<Float>, answers: [Int], foil: Int
  ) -> [TraceMetrics] {
    var result: [TraceMetrics] = []
    var (log, difference) = (Float(0), Float(0))
    for start in stride(from: 0, to: stream.rows, by: TraceMemory.logitRows) {
      let rows = stream.rows(start..<min(start + TraceMemory.logitRows, stream.rows))
      let logits = model.logits(Variable(rows), on: Tape()).value
      let total = logits.logSumExp().elements
      for row in 0..<rows.rows {
        let place = (start + row) % answers.count
        let logit = logits[row, answers[place]]
        if place == 0 {
          (log, difference) = (logit - total[row], logit - logits[row, foil])
        } else {
          log += logit - total[row]
        }
        guard place == answers.count - 1 else { continue }
        result.append(
          TraceMetrics(
            probability: exp(log), logProbability: log, logitDifference: difference))
      }
    }
    return result
  }
}

/// What a fact's baseline unit found: its clean run, and its corrupted runs.
struct TraceBaseline: Sendable, Equatable {
  /// The most probable next token of the clean run.
  let top: Int
  /// What the answer is compared with.
  let foil: Int
  let clean: TraceMetrics
  /// By sample.
  let corrupted: [TraceMetrics]
  /// How many of the answer's tokens, from the first, are the most probable ones of the clean run; nil
  /// where one token is read, which `top` tells of.
  var leading: Int?
  /// The text of `top` where that is the answer; nil where the data tell the answer.
  var topText: String?

  var bytes: [UInt8] {
    var bytes = ByteWriter()
    bytes.integer(Int32(top))
    bytes.integer(Int32(foil))
    for metrics in [clean] + corrupted { bytes.floats(metrics.values) }
    if let leading { bytes.integer(Int32(leading)) }
    if let topText { bytes.append(Array(topText.utf8)) }
    return bytes.bytes
  }

  init(top: Int, foil: Int, clean: TraceMetrics, corrupted: [TraceMetrics]) {
    (self.top, self.foil, self.clean, self.corrupted) = (top, foil, clean, corrupted)
  }

  /// - Throws: Where the bytes are not of a baseline of the fact with so many samples.
  init(_ bytes: [UInt8], samples: Int, of fact: TracedFact, unit: Int) throws(Refusal) {
    let end = 8 + 4 * TraceMetrics.count * (samples + 1)
    let expected = end + (fact.reading > 1 ? 4 : 0)
    guard fact.takesTop ? bytes.count >= expected : bytes.count == expected else {
      throw Refusal(
        .store, field: "unit \(unit)", found: "a baseline of \(bytes.count) bytes",
        expected: "\(expected) bytes" + (fact.takesTop ? " and a text" : ""))
    }
    top = Int(ByteWriter.integer(bytes, at: 0))
    foil = Int(ByteWriter.integer(bytes, at: 4))
    leading = fact.reading > 1 ? Int(ByteWriter.integer(bytes, at: end)) : nil
    topText = fact.takesTop ? String(decoding: bytes[expected...], as: UTF8.self) : nil
    let metrics = TraceMetrics.list(Array(bytes[..<end]), from: 8)
    clean = metrics[0]
    corrupted = Array(metrics.dropFirst())
  }
}

extension TraceMetrics {
  /// Metrics from where `bytes` holds them, to its end.
  static func list(_ bytes: [UInt8], from start: Int) -> [TraceMetrics] {
    let floats = ByteWriter.floats(bytes, from: start)
    return stride(from: 0, to: floats.count, by: count).map {
      TraceMetrics(
        probability: floats[$0], logProbability: floats[$0 + 1], logitDifference: floats[$0 + 2])
    }
  }
}
