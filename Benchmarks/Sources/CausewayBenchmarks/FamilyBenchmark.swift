import Autodiff
import Models

/// Forward passes of a language model of any family, logits included.
enum FamilyBenchmark {
  /// - Returns: The seconds of each pass of 8 texts of 64 tokens, after one that warms up.
  static func run(model path: String, passes: Int) throws -> [String] {
    let model = try PublishedModel(path).load()
    let texts = (0..<8).map { text in (0..<64).map { (7919 * text + 31 * $0 + 1) % 30000 } }
    func pass() -> Double {
      var logits: Variable<Float>?
      let time = seconds { logits = model.run(.tokens(texts), on: Tape(), visit: nil) }
      let first = logits?.value.withPointer { $0[0] }
      precondition(first?.isFinite == true, "a logit is not finite")
      return time
    }
    _ = pass()
    return (0..<passes).map { _ in "\(pass())" }
  }
}
