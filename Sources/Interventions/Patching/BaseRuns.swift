internal import Autodiff
public import Inputs
public import Models
public import Tensors

/// What patched runs continue from: a prompt's clean run and its corrupted runs.
///
/// The corrupted runs are continuations of the clean one from the first corrupted position on, one
/// for each sample. States, keys and values of all of them are kept; their rows lie below each
/// other, the clean run's first.
public struct BaseRuns: Sendable {
  /// Tokens of the prompt.
  public let length: Int
  /// The first position that the corruption touches.
  public let firstCorrupted: Int
  public let samples: Int
  /// The stream entering block l at index l, and the last block's output at the end:
  /// `[length + samples · (length − firstCorrupted), width]`.
  public let streams: [Tensor<Float>]
  /// Keys and values by layer, rows as in `streams`.
  public let keyValues: KeyValues<Float>
  /// What the clean run made at the sites that cells restore, by layer, `[length, width of site]`.
  public let clean: [Site: [Tensor<Float>]]

  /// Runs the prompt clean, then once for each sample with noise on its embeddings.
  ///
  /// - Parameters:
  ///   - tokens: The prompt.
  ///   - noise: Added to the token embeddings at `corrupted`, `[samples, corrupted.count, width]`.
  ///   - corrupted: Positions of the subject.
  ///   - restoring: Sites whose clean values will be put back.
  ///   - isGivenUp: Asked before each layer.
  /// - Throws: `Stopped` once nobody wants the runs any more.
  public init(
    _ model: DecoderModel<Float>, tokens: [Int], noise: Tensor<Float>, corrupted: Range<Int>,
    restoring: Set<Site>, unless isGivenUp: () -> Bool = { false }
  ) throws(Stopped) {
    precondition(
      noise.shape == [noise.rows, corrupted.count, model.shape.width],
      "noise \(noise.shape) for \(corrupted) of width \(model.shape.width)")
    length = tokens.count
    firstCorrupted = corrupted.lowerBound
    samples = noise.rows
    let embeddings = model.tokenEmbeddings(tokens, on: Tape()).value
    let sites = Set(restoring.map(\.unsplit)).subtracting([.blockInput, .blockOutput])

    let first = try Self.pass(
      model, Batch(lengths: [tokens.count]), embeddings, prefix: nil, collecting: sites,
      unless: isGivenUp)
    let tail = tokens.count - firstCorrupted
    let noisy = (0..<noise.rows).map { sample in
      Self.corrupted(
        embeddings.rows(corrupted.lowerBound..<tokens.count),
        noise: noise.rows(sample..<sample + 1).reshaped([corrupted.count, model.shape.width]))
    }
    let batch = Batch(
      Array(repeating: (count: tail, prefix: [0..<firstCorrupted]), count: noise.rows))
    let second = try Self.pass(
      model, batch, .concatenated(noisy), prefix: first.kept, collecting: [], unless: isGivenUp)

    streams = zip(first.streams, second.streams).map { .concatenated([$0, $1]) }
    keyValues = KeyValues(
      keys: zip(first.kept.keys, second.kept.keys).map { .concatenated([$0, $1]) },
      values: zip(first.kept.values, second.kept.values).map { .concatenated([$0, $1]) })
    var clean = first.sites
    clean[.blockInput] = first.streams.dropLast().map(\.self)
    clean[.blockOutput] = first.streams.dropFirst().map(\.self)
    self.clean = clean
  }

  private static func corrupted(_ rows: Tensor<Float>, noise: Tensor<Float>) -> Tensor<Float> {
    .concatenated([rows.rows(0..<noise.rows) + noise, rows.rows(noise.rows..<rows.rows)])
  }

  private static func pass(
    _ model: DecoderModel<Float>, _ batch: Batch, _ embeddings: Tensor<Float>,
    prefix: KeyValues<Float>?, collecting sites: Set<Site>, unless isGivenUp: () -> Bool
  ) throws(Stopped) -> (
    streams: [Tensor<Float>], kept: KeyValues<Float>, sites: [Site: [Tensor<Float>]]
  ) {
    var collected: [Site: [Tensor<Float>]] = [:]
    let run = Run<Float>(batch, prefix: prefix, keepsKeyValues: true) { site, _, x in
      if sites.contains(site) { collected[site, default: []].append(x.value) }
      return x
    }
    var streams = [model.stream(of: Variable(embeddings), in: run).value]
    for layer in 0..<model.shape.layers {
      guard !isGivenUp() else { throw Stopped() }
      streams.append(model.block(layer, Variable(streams[layer]), in: run).value)
    }
    return (streams, run.kept, collected)
  }

  /// The row of a position in a corrupted run; before the corruption, the clean run's.
  func row(sample: Int, position: Int) -> Int {
    guard position >= firstCorrupted else { return position }
    return length + sample * (length - firstCorrupted) + position - firstCorrupted
  }

  /// The rows that stand for a corrupted run's positions before `position`.
  func prefix(sample: Int, before position: Int) -> [Range<Int>] {
    let shared = 0..<min(firstCorrupted, position)
    guard position > firstCorrupted else { return [shared] }
    let start = row(sample: sample, position: firstCorrupted)
    return [shared, start..<start + position - firstCorrupted]
  }

  /// The last block's output at a position of the clean run, `[1, width]`.
  public func cleanStream(position: Int) -> Tensor<Float> {
    streams[streams.count - 1].rows(position..<position + 1)
  }

  /// The last block's output at a position of every corrupted run, `[samples, width]`.
  public func corruptedStreams(position: Int) -> Tensor<Float> {
    streams[streams.count - 1].gathered((0..<samples).map { row(sample: $0, position: position) })
  }

  /// Bytes that the runs keep.
  public static func byteCount(
    _ shape: DecoderShape, length: Int, tail: Int, samples: Int, restoring: Set<Site>
  ) -> Int {
    let rows = length + samples * tail
    let kept = (shape.layers + 1) * shape.width + 2 * shape.layers * shape.keyWidth
    let sites = Set(restoring.map(\.unsplit)).subtracting([.blockInput, .blockOutput])
    let clean = sites.reduce(0) { $0 + shape.layers * shape.width(of: $1) }
    return 4 * (rows * kept + length * clean)
  }
}
