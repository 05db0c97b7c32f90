internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors

/// Sequences of a job whose activations a dump has: each is a document of it, or its beginning.
struct DumpedTexts: Sendable {
  let reader: DumpReader
  /// SHA-256 of the dump's files.
  let digest: String
  private let source: DumpSource
  private let shape: DecoderShape
  /// By sequence.
  private let documents: [Int]
  private let lengths: [Int]

  /// - Parameters:
  ///   - sequences: Token ids, which the documents must have.
  ///   - name: What a sequence is called in a refusal, such as `pair 3`.
  init(
    _ source: DumpSource, _ sequences: [[Int]], _ shape: DecoderShape, name: (Int) -> String
  ) throws(Refusal) {
    (self.source, self.shape) = (source, shape)
    (reader, digest) = try source.open()
    if let context = reader.packedContext {
      throw source.refusal(
        "documents packed into sequences of \(context) tokens",
        expected: "documents that were read each by itself, without pack")
    }
    let count = reader.lengths.count
    if let given = source.documents {
      guard given.count == sequences.count, let most = given.max(), most < count else {
        throw source.documentsPlace.refusal(
          "\(given.count) numbers up to \(given.max() ?? 0)",
          expected: "\(sequences.count) numbers of documents, from 0 to \(count - 1)")
      }
      documents = given
    } else {
      guard count == sequences.count else {
        throw source.refusal(
          "\(count) documents",
          expected: "\(sequences.count), or source.documents that says which they are")
      }
      documents = Array(0..<count)
    }
    lengths = sequences.map(\.count)
    for (number, ids) in sequences.enumerated() {
      let document = documents[number]
      let length = reader.lengths[document]
      guard length >= ids.count else {
        throw source.refusal(
          "\(length) tokens of document \(document)",
          expected: "the \(ids.count) of \(escaped(name(number)))")
      }
      let tokens = zip(
        reader.positions(ofDocument: document), try reader.tokens(ofDocument: document))
      for (position, id) in tokens where position < ids.count && id != ids[position] {
        throw source.refusal(
          "the token id \(id) at position \(position) of document \(document)",
          expected: "\(ids[position]), as \(escaped(name(number))) has there")
      }
    }
  }

  /// The dump in a line.
  func line(_ what: String) -> String { source.line(what, reader) }

  /// Refuses a dump without a site's layer, or without a head of it.
  func check(_ site: Site, layer: Int, head: Int? = nil) throws(Refusal) {
    try source.reading { () throws(Refusal) in
      _ = try reader.columns(site, head: head, shape)
      _ = try reader.place(ofLayer: layer)
    }
  }

  /// The positions of a sequence that the dump has rows of.
  func positions(of sequence: Int) -> [Int] {
    reader.positions(ofDocument: documents[sequence]).filter { $0 < lengths[sequence] }
  }

  /// Refuses a dump without a row for some positions of a sequence.
  func check(_ positions: [Int], of sequence: Int) throws(Refusal) {
    let there = Set(self.positions(of: sequence))
    if let odd = positions.first(where: { !there.contains($0) }) {
      throw source.refusal(
        "no row for position \(odd) of document \(documents[sequence])",
        expected: "a dump of that position")
    }
  }

  /// The values of a site or one of its heads at positions of a sequence, `[positions, columns]`.
  func values(
    _ site: Site, layer: Int, head: Int? = nil, of sequence: Int, at positions: [Int]
  ) throws(Refusal) -> Tensor<Float> {
    let (own, columns) = try reader.columns(site, head: head, shape)
    let rows = try reader.values(
      own, layer: layer, document: documents[sequence], positions: positions)
    return columns.count < rows.width ? rows.columns(columns) : rows
  }

  // MARK: Streams

  /// Where the dump has the stream that enters a layer; the first layer's follows from the tokens.
  private func stream(entering layer: Int) -> (site: Site, layer: Int)? {
    if reader.has(.blockInput, layer: layer) { return (.blockInput, layer) }
    return reader.has(.blockOutput, layer: layer - 1) ? (.blockOutput, layer - 1) : nil
  }

  /// Refuses a dump without the streams that enter layers, at every token.
  func checkStreams(entering layers: [Int]) throws(Refusal) {
    if let layer = layers.first(where: { $0 > 0 && stream(entering: $0) == nil }) {
      let sites = reader.sites.map(\.rawValue).joined(separator: ", ")
      let numbers = reader.layers.map(String.init).joined(separator: ", ")
      throw source.refusal(
        "\(sites) of the layers \(numbers)",
        expected: "block_input of layer \(layer), or block_output of layer \(layer - 1)")
    }
    guard reader.isWhole else {
      throw source.refusal("rows of some positions", expected: "a dump of all positions")
    }
    for layer in layers {
      guard let (site, own) = stream(entering: layer) else { continue }
      try check(site, layer: own)
    }
  }

  /// The stream that enters a layer, `[tokens, width]` of a sequence; nil of the first layer where
  /// the dump does not have it.
  func stream(of sequence: Int, entering layer: Int) throws(Refusal) -> Tensor<Float>? {
    guard let (site, own) = stream(entering: layer) else { return nil }
    return try values(site, layer: own, of: sequence, at: Array(0..<lengths[sequence]))
  }
}
