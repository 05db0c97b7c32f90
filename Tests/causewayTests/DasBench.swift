import Foundation
import _TestSupport

/// A small model with data to train interventions on.
struct DasBench {
  let bench: Workbench

  /// - Parameters:
  ///   - job: The job's text.
  ///   - splits: Numbers of examples by the names of files.
  init(
    _ model: TinyModel = TinyModel(.llama, layers: 3, width: 24),
    job: String = DasBench.job,
    splits: [(String, Int)] = [("train", 22), ("development", 6), ("test", 9)]
  ) throws {
    bench = try Workbench(model, job: job)
    for (number, (name, count)) in splits.enumerated() {
      try bench.put(Self.lines(count, seed: UInt64(number) + 1), "\(name).jsonl")
    }
  }

  /// Examples of random tokens, of unequal lengths, whose label is the source's second token.
  static func lines(_ count: Int, seed: UInt64) -> String {
    var random = SeededRandom(seed: seed)
    func tokens() -> [Int] {
      (0..<Int.random(in: 4...7, using: &random)).map { _ in Int.random(in: 0..<64, using: &random)
      }
    }
    return (0..<count).map { _ in
      let (base, source) = (tokens(), tokens())
      return """
        {"base": \(base), "source": \(source), "label": \(source[1]), "base_label": \(base[1]), \
        "places": {"early": 1}, "source_places": {"early": 1}}
        """
    }.joined(separator: "\n") + "\n"
  }

  static let job = """
    kind = "das"
    seed = 3

    [model]
    path = "model"

    [data]
    train = "train.jsonl"
    development = "development.jsonl"
    test = "test.jsonl"

    [[interventions]]
    intervention_type = "LowRankRotatedSpaceIntervention"
    component = "block_output"

    [sweep]
    layers = [0, 2]
    positions = ["early", -1]
    widths = [1, 4]

    [train]
    learning_rate = 0.05
    optimizer = "adam"
    schedule = "linear"
    warm_up = 2
    epochs = 3
    batch = 5
    microbatch = 2
    accumulation = 2
    clip = 1.0

    [run]
    checkpoint_steps = 2

    """
}
