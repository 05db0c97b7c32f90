public import Inputs
public import Models
public import Tensors
internal import Autodiff

/// The same cells one by one, each by a full forward pass of the corrupted prompt: no reuse, for
/// checking the staircase and for showing what it saves.
public struct NaiveSweep {
  private let model: DecoderModel<Float>
  private let base: BaseRuns
  private let embeddings: [Tensor<Float>]

  /// - Parameters: as of `BaseRuns`, whose clean values are put back.
  public init(
    _ model: DecoderModel<Float>, _ base: BaseRuns, tokens: [Int], noise: Tensor<Float>,
    corrupted: Range<Int>
  ) {
    self.model = model
    self.base = base
    let clean = model.tokenEmbeddings(tokens, on: Tape()).value
    embeddings = (0..<noise.rows).map { sample in
      let noise = noise.rows(sample..<sample + 1)
        .reshaped([corrupted.count, model.shape.width])
      return .concatenated([
        clean.rows(0..<corrupted.lowerBound), clean.rows(corrupted) + noise,
        clean.rows(corrupted.upperBound..<tokens.count),
      ])
    }
  }

  /// The last block's output at the last position of each cell, `[cells, width]`.
  ///
  /// - Parameter isGivenUp: Asked before each cell.
  /// - Throws: `Stopped` once nobody wants the result any more.
  public func run(
    _ cells: [RestoredCell], unless isGivenUp: () -> Bool = { false }
  ) throws(Stopped) -> Tensor<Float> {
    var rows: [Tensor<Float>] = []
    for cell in cells {
      guard !isGivenUp() else { throw Stopped() }
      rows.append(run(cell))
    }
    return .concatenated(rows)
  }

  private func run(_ cell: RestoredCell) -> Tensor<Float> {
    let run = Run<Float>(Batch(lengths: [base.length])) { site, layer, x in
      guard site == cell.site.unsplit, cell.layers.contains(layer),
        let clean = base.clean[site]?[layer]
      else { return x }
      let row = clean.rows(cell.position..<cell.position + 1)
      return Variable(x.value.replacingRows([cell.position], with: row))
    }
    var stream = model.stream(of: Variable(embeddings[cell.sample]), in: run)
    stream = model.blocks(0..<model.shape.layers, stream, in: run)
    return stream.value.rows(base.length - 1..<base.length)
  }
}
