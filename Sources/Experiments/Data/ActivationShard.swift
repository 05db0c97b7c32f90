internal import Inputs
internal import ResultsStore
internal import Statistics
internal import Tensors

/// Writes a shard of a site's activations, `[token, layer, ...]` with a chunk for each layer, as rows
/// come in, and takes their statistics. The memory is that of a chunk of each layer.
final class ActivationShard {
  private let writer: ZarrShardWriter<Float>
  /// Elements of a whole chunk.
  private let chunk: Int
  private let roundBits: Int?
  /// By layer, what does not fill a chunk yet.
  private var pending: [[Float]]
  /// By layer, of the activations before they are rounded.
  private(set) var statistics: [ActivationStatistics]

  /// Rows that follow each other in a document.
  struct Stretch {
    /// Among the rows that come in together.
    var rows: Range<Int>
    /// Of the first of them in its document.
    let place: Int
    /// Tokens of the document.
    let length: Int
  }

  init(
    _ array: ZarrArray, number: Int, _ shape: StatisticsShape, roundBits: Int?,
    by files: FileWriter
  ) throws(Refusal) {
    let index = array.spec.shape.indices.map { $0 == 0 ? number : 0 }
    writer = try ZarrShardWriter(array, shard: index, by: files)
    chunk = array.spec.chunks.reduce(1, *)
    self.roundBits = roundBits
    pending = Array(repeating: [], count: array.spec.shape[1])
    statistics = Array(repeating: ActivationStatistics(shape), count: array.spec.shape[1])
  }

  /// Adds rows, `[rows, width]` of each layer.
  func append(_ values: [Tensor<Float>], _ stretches: [Stretch]) throws(Refusal) {
    for (layer, value) in values.enumerated() {
      for stretch in stretches {
        statistics[layer].add(value.rows(stretch.rows), at: stretch.place, of: stretch.length)
      }
      let elements = value.elements
      pending[layer] += roundBits.map { MantissaRounding.round(elements, bits: $0) } ?? elements
    }
    while pending[0].count >= chunk { try put(chunk) }
  }

  private func put(_ count: Int) throws(Refusal) {
    for layer in pending.indices {
      try writer.append(chunk: Array(pending[layer].prefix(count)))
      pending[layer].removeFirst(count)
    }
  }

  /// Writes what is left, and gives the file its name; on return it is durable.
  func finish() throws(Refusal) -> StoredFile {
    if !pending[0].isEmpty { try put(pending[0].count) }
    return try writer.finish()
  }
}
