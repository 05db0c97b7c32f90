internal import Autodiff
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore
internal import Tensors

/// The metrics of one row of logits.
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

  /// The metrics of each row of the last block's output, `[rows, width]`, in blocks of rows.
  static func of(
    _ stream: Tensor<Float>, _ model: DecoderModel<Float>, answer: Int, foil: Int
  ) -> [TraceMetrics] {
    var result: [TraceMetrics] = []
    for start in stride(from: 0, to: stream.rows, by: TraceMemory.logitRows) {
      let rows = stream.rows(start..<min(start + TraceMemory.logitRows, stream.rows))
      let logits = model.logits(Variable(rows), on: Tape()).value
      let total = logits.logSumExp().elements
      for row in 0..<rows.rows {
        let log = logits[row, answer] - total[row]
        result.append(
          TraceMetrics(
            probability: exp(log), logProbability: log,
            logitDifference: logits[row, answer] - logits[row, foil]))
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

  var bytes: [UInt8] {
    var bytes = ByteWriter()
    bytes.integer(Int32(top))
    bytes.integer(Int32(foil))
    for metrics in [clean] + corrupted { bytes.floats(metrics.values) }
    return bytes.bytes
  }

  init(top: Int, foil: Int, clean: TraceMetrics, corrupted: [TraceMetrics]) {
    (self.top, self.foil, self.clean, self.corrupted) = (top, foil, clean, corrupted)
  }

  /// - Throws: Where the bytes are not of a baseline with so many samples.
  init(_ bytes: [UInt8], samples: Int, unit: Int) throws(Refusal) {
    let expected = 8 + 4 * TraceMetrics.count * (samples + 1)
    guard bytes.count == expected else {
      throw Refusal(
        .store, field: "unit \(unit)", found: "a baseline of \(bytes.count) bytes",
        expected: "\(expected) bytes")
    }
    top = Int(ByteWriter.integer(bytes, at: 0))
    foil = Int(ByteWriter.integer(bytes, at: 4))
    let metrics = TraceMetrics.list(bytes, from: 8)
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
