internal import Checkpoints
internal import Inputs
internal import JobFiles
internal import Models
internal import Prompts
internal import Randomness
internal import Tensors

/// The noise that corrupts each fact's subject where a job has noise, `[samples, subject tokens, width]`.
struct TraceNoise: Sendable {
  private enum Source: Sendable {
    /// Philox, keyed by the seed and the fact's id.
    case drawn(level: Float, seed: UInt64)
    /// NumPy's legacy generator, seeded anew for each fact, as ROME's script has it.
    case rome(level: Float, seed: UInt32)
    case file(SafetensorsFile)
  }

  /// The standard deviation of drawn noise, in the units of the embedding; nil for a file.
  let level: Double?
  private let source: Source
  private let width: Int

  /// Corrupted runs of each fact.
  let samples: Int

  /// - Parameter job: Its data's subjects may set the level.
  init(_ job: TraceJob, _ model: DecoderModel<Float>) throws(Refusal) {
    let spec = job.spec
    width = model.shape.width
    samples = job.samples
    let corrupt = spec.corrupt
    let factor: Double
    guard let noise = corrupt.noise else { preconditionFailure("a job without noise") }
    switch noise {
    case .file(let path):
      let file = try SafetensorsFile(path.resolved, kind: .job)
      source = .file(file)
      level = nil
      return
    case .absolute(let value): factor = value
    case .multiple(let multiple, .embeddings):
      factor = multiple * Self.deviation(model, Array(0..<model.shape.vocabulary))
    case .multiple(let multiple, .subjects):
      factor = multiple * Self.deviation(model, job.subjectTokens)
    }
    level = factor
    let seed = UInt64(corrupt.seed ?? 0)
    guard spec.parity == .rome else {
      source = .drawn(level: Float(factor), seed: seed)
      return
    }
    guard let seed = UInt32(exactly: seed) else {
      throw Refusal(
        .job, file: spec.file, field: "corrupt.seed", found: "\(seed)",
        expected: "at most \(UInt32.max) with parity = \"rome\"")
    }
    source = .rome(level: Float(factor), seed: seed)
  }

  /// The noise of one fact in some samples, `[samples, subject tokens, width]`. The same on any rank
  /// and beside any other facts and samples.
  func noise(for fact: ResolvedPrompt, _ samples: Range<Int>) throws(Refusal) -> Tensor<Float> {
    let tokens = fact.subject?.count ?? 0
    let shape = [samples.count, tokens, width]
    switch source {
    case .drawn(let level, let seed):
      let key = Philox(seed: seed, name: fact.id)
      let draws = samples.flatMap { sample in
        (0..<tokens).flatMap { key.normals(width, UInt32($0), UInt32(sample), 0) }
      }
      return Tensor(shape, draws.map { $0 * level })
    case .rome(let level, let seed):
      var generator = NumPyRandomState(seed: seed)
      for _ in 0..<samples.lowerBound * tokens * width { _ = generator.normal() }
      let draws = (0..<shape.reduce(1, *)).map { _ in Float(generator.normal()) }
      return Tensor(shape, draws.map { $0 * level })
    case .file(let file):
      let all = try file.floats(Self.name(of: fact, in: file))
      let row = tokens * width
      return Tensor(shape, Array(all[samples.lowerBound * row..<samples.upperBound * row]))
    }
  }

  /// The standard deviation of all elements of the tokens' embeddings, with n − 1.
  private static func deviation(_ model: DecoderModel<Float>, _ tokens: [Int]) -> Double {
    var (count, sum, squares) = (0.0, 0.0, 0.0)
    model.eachEmbedding(of: tokens) { value in
      count += 1
      sum += value
      squares += value * value
    }
    return (max(0, squares - sum * sum / count) / max(1, count - 1)).squareRoot()
  }

  private static func name(of fact: ResolvedPrompt, in file: SafetensorsFile) -> String {
    let own = "noise.\(fact.id)"
    return file.tensors[own] == nil ? "noise" : own
  }

  /// Corrupted runs of each fact: the job's, or as many as each tensor of its noise file holds.
  static func samples(
    _ spec: TraceSpec, _ facts: [ResolvedPrompt], width: Int
  ) throws(Refusal) -> Int {
    guard let path = spec.corrupt.file else { return spec.corrupt.samples ?? 10 }
    let file = try SafetensorsFile(path.resolved, kind: .job)
    var samples = spec.corrupt.samples
    var checked: Set<String> = []
    for fact in facts {
      let tensor = try file.tensor(name(of: fact, in: file))
      if checked.insert(tensor.name).inserted {
        for value in try file.floats(tensor.name) where !value.isFinite {
          throw Refusal(
            .job, file: file.path, field: tensor.name,
            found: "a value of \(value.isNaN ? "NaN" : "\(value)")",
            expected: "finite numbers")
        }
      }
      let tokens = fact.subject?.count ?? 0
      guard tensor.shape.count == 3, tensor.shape[0] > 0,
        tensor.shape[0] == samples ?? tensor.shape[0],
        tensor.shape[1] == tokens, tensor.shape[2] == width
      else {
        throw Refusal(
          .job, file: file.path, field: tensor.name, found: "shape \(tensor.shape)",
          expected:
            "[\(samples.map { "\($0)" } ?? "samples"), \(tokens), \(width)]: the subject of "
            + "fact \(fact.id) has \(tokens) tokens")
      }
      samples = tensor.shape[0]
    }
    return samples ?? 1
  }
}
