internal import Autodiff
public import Inputs
public import Models
public import Tensors

/// The same patches one by one, each by a full forward pass: no reuse, for checking the staircase and
/// for showing what it saves.
public struct NaiveSweep: Sendable {
  private let model: DecoderModel<Float>
  private let runs: BaseRuns
  private let patches: [Patch]
  private let reading: Int

  /// - Parameter reading: How many last positions of each patched run are read.
  public init(
    _ model: DecoderModel<Float>, _ runs: BaseRuns, _ patches: [Patch], reading: Int = 1
  ) {
    self.reading = reading
    self.model = model
    self.runs = runs
    self.patches = patches
  }

  /// The last block's output at the positions of each patched run that are read,
  /// `[patches · reading, width]`.
  ///
  /// - Parameter isGivenUp: Asked before each patch.
  /// - Throws: `Stopped` once nobody wants the result any more.
  public func run(
    unless isGivenUp: () -> Bool = { false }
  ) throws(Stopped) -> Tensor<Float> {
    var rows = [Tensor<Float>(zeros: [0, model.shape.width])]
    for patch in patches {
      guard !isGivenUp() else { throw Stopped() }
      rows.append(run(patch))
    }
    return .concatenated(rows)
  }

  private func run(_ patch: Patch) -> Tensor<Float> {
    let length = runs.rows.lengths[patch.base]
    let edits = (0..<model.shape.layers).map { layer in
      SiteEdits(
        patch.touches.filter { $0.layers.contains(layer) }.map {
          SiteEdits.Placed(touch: $0, rows: $0.positions)
        }, layer: layer, runs, model.shape, queries: nil, sparing: false)
    }
    let run = Run<Float>(Batch(lengths: [length])) { site, layer, value in
      site.isInBlock ? edits[layer].apply(site, value) : value
    }
    var stream = model.stream(of: Variable(embeddings(patch.base)), in: run)
    stream = model.blocks(0..<model.shape.layers, stream, in: run)
    return stream.value.rows(length - reading..<length)
  }

  /// A run's embeddings from its first position on, corrupted as those that it shares with are.
  private func embeddings(_ run: Int) -> Tensor<Float> {
    let base = runs.runs[run]
    guard let shared = base.shared else { return base.embeddings(model) }
    let before = embeddings(shared.run).rows(0..<shared.count)
    return .concatenated([before, base.embeddings(model)])
  }
}
