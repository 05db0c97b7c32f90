internal import Inputs
internal import Autodiff
package import Cluster
package import Models
package import Tensors

/// The stream that enters a layer, `[tokens, width]` of a text by its number, as it was stored; nil
/// where it is to be computed.
package typealias StoredStreams =
  @Sendable (_ text: Int, _ layer: Int) throws -> Tensor<Float>?

/// The residual streams that enter one layer after another: of each rank those of its own
/// microbatches.
package struct LayerStreams {
  let model: DecoderModel<Float>
  let texts: TextMicrobatches
  /// As many contributions as there are microbatches.
  let sums: ContributionSum
  /// The streams that enter `layer`.
  private(set) var values: Streams
  private(set) var layer = 0

  /// Streams by the number of their microbatch.
  struct Streams: Sendable {
    private let first: Int
    private let streams: [Tensor<Float>]

    init(_ streams: [Tensor<Float>], from first: Int) {
      (self.streams, self.first) = (streams, first)
    }

    /// `[rows, width]`, of a microbatch of this rank.
    subscript(number: Int) -> Tensor<Float> { streams[number - first] }
  }

  /// The streams that enter the first layer.
  package init(_ model: DecoderModel<Float>, _ texts: TextMicrobatches, _ sums: ContributionSum) {
    precondition(texts.count == sums.count, "\(texts.count) microbatches of \(sums.count)")
    (self.model, self.texts, self.sums) = (model, texts, sums)
    let made = sums.map { number in
      let run = Run<Float>(Batch(lengths: texts.lengths(of: number)))
      let tokens = texts.microbatches[number].flatMap(\.self)
      return model.stream(of: model.tokenEmbeddings(tokens, on: run.tape), in: run).value
    }
    values = Streams(made, from: sums.share.lowerBound)
  }

  /// Runs the blocks up to a layer, from the first again if it is lower than the last one; past the
  /// last block, to the end.
  mutating func advance(to layer: Int) {
    if layer < self.layer { self = LayerStreams(model, texts, sums) }
    let made = sums.map { [model, texts, values, from = self.layer] number in
      let run = Run<Float>(Batch(lengths: texts.lengths(of: number)))
      return model.blocks(from..<layer, Variable(values[number]), in: run).value
    }
    values = Streams(made, from: sums.share.lowerBound)
    self.layer = layer
  }

  /// The same streams as they were stored. Collective; all ranks throw the same.
  mutating func read(_ layer: Int, from stored: StoredStreams) throws(Refusal) {
    let made = try sums.communicator.agree { () throws -> [Tensor<Float>]? in
      var made: [Tensor<Float>] = []
      for number in sums.share {
        var streams: [Tensor<Float>] = []
        for text in texts.numbers(of: number) {
          guard let stream = try stored(text, layer) else { return nil }
          streams.append(stream)
        }
        made.append(.concatenated(streams))
      }
      return made
    }
    guard let made else { return advance(to: layer) }
    values = Streams(made, from: sums.share.lowerBound)
    self.layer = layer
  }

  /// The rows that count of a microbatch of this rank's streams, as they are now.
  var kept: @Sendable (Int) -> Tensor<Float> {
    { [texts, values] number in
      let (kept, all) = (texts.keptRows(of: number), values[number])
      return kept.count < all.rows ? all.gathered(kept) : all
    }
  }
}
