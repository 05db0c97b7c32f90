import Autodiff
import Interventions
import Models

/// A plain forward pass of one prompt through the GPT-2 small shape, on one thread.
enum PromptBenchmark {
  /// Seconds by prompt length, as JSON: all blocks at all positions, and the log-probabilities at the
  /// last one.
  static func passes(lengths: [Int]) -> String {
    let model = DecoderModel<Float>.randomGPT2(layers: 12, width: 768, vocabulary: 50257)
    let entries = lengths.map { length in
      let tokens = (0..<length).map { 37 * $0 + 5 }
      let time = InterventionBenchmark.median {
        let run = Run<Float>(Batch(lengths: [length]))
        let stream = model(tokens, in: run)
        _ = model.logits(run.tape.rows(stream, [length - 1]), on: run.tape).value
          .logSoftmaxOfRows()
      }
      return "\"\(length)\": \(time)"
    }
    return "{\(entries.joined(separator: ", "))}"
  }
}
