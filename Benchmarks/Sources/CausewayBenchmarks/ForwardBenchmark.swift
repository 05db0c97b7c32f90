import Autodiff
import Models

/// Plain forward passes on one thread: what a dump of activations is measured by.
enum ForwardBenchmark {
  /// Tokens of a document, and documents that pass together.
  private static let (length, together) = (256, 2)

  /// Runs documents through a model's blocks, and again with the logits of every token.
  static func run(model path: String, documents: Int) throws -> [String] {
    let model = try PublishedModel(path).load()
    let texts = (0..<documents).map { document in
      (0..<length).map { (7919 * document + 31 * $0 + 1) % 40000 }
    }
    func pass(_ name: String, _ head: Bool) -> String {
      var sum: Float = 0
      let time = seconds {
        for start in stride(from: 0, to: documents, by: together) {
          let batch = texts[start..<min(documents, start + together)]
          let run = Run<Float>(Batch(lengths: batch.map(\.count)))
          let stream = model(batch.flatMap(\.self), in: run)
          let last = head ? model.logits(stream, on: run.tape) : stream
          sum += last.value.elements[0]
        }
      }
      precondition(sum.isFinite, "the stream is not finite")
      return """
        {"name": "\(name)", "tokens": \(documents * length), "seconds": \(time)}
        """
    }
    _ = pass("warm", false)
    return [pass("forward_blocks", false), pass("forward_logits", true)]
  }
}
