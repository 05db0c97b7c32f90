internal import Inputs

extension SentencePieceModel {
  /// The model for the library: what was checked, and nothing else.
  func serialized() -> [UInt8] {
    var model = ProtocolBufferWriter()
    for piece in pieces {
      var part = ProtocolBufferWriter()
      part.append(1, bytes: Array(piece.text.utf8))
      part.append(2, float: piece.score)
      part.append(3, varint: piece.kind.rawValue)
      model.append(1, bytes: part.bytes)
    }
    var trainer = ProtocolBufferWriter()
    trainer.append(3, varint: algorithm.rawValue)
    trainer.append(24, varint: blanksAreSuffixes ? 1 : 0)
    trainer.append(35, varint: fallsBackToBytes ? 1 : 0)
    if let unknownSurface { trainer.append(44, bytes: unknownSurface) }
    for (field, name) in names.sorted(by: { $0.key < $1.key }) {
      trainer.append(field, bytes: Array(name.utf8))
    }
    model.append(2, bytes: trainer.bytes)
    model.append(3, bytes: Self.serialized(normalizer))
    if let denormalizer { model.append(5, bytes: Self.serialized(denormalizer)) }
    return model.bytes
  }

  /// The cut into pieces by our own Viterbi, for a unigram model of the usual kind; else nil.
  ///
  /// The library sums scores in single precision, and its versions differ in which of two equal cuts
  /// they take: 0.1.97, Debian's, cuts `-----` otherwise than 0.2.3. Here sums are in double precision,
  /// as in `tokenizers`, which agrees with the latter.
  func unigram(rows: Int?) throws(Refusal) -> TokenizerPipeline? {
    guard algorithm == .unigram, !blanksAreSuffixes, normalizer.flags[5] == true,
      !pieces.contains(where: { $0.kind == .byUser })
    else { return nil }
    let plain = pieces.indices.filter { pieces[$0].kind == .plain }
    var bytes: [Int32] = []
    if fallsBackToBytes {
      var ids = [Int32](repeating: -1, count: 256)
      for (id, piece) in pieces.enumerated() where piece.kind == .byte {
        if let byte = ByteToken.byte(of: Array(piece.text.utf8)) { ids[Int(byte)] = Int32(id) }
      }
      bytes = ids.contains(-1) ? [] : ids
    }
    let vocabulary = Vocabulary(
      pieces.map { Array($0.text.utf8) }, special: [], first: [])
    var parts = TokenizerPipeline.Parts(
      vocabulary: vocabulary,
      model: UnigramModel(
        pieces: SortedPieces(plain.map { ($0, Array(pieces[$0].text.utf8)) }),
        scores: pieces.map { Double($0.score) },
        worst: plain.map { Double(pieces[$0].score) }.min() ?? 0,
        unknown: pieces.firstIndex { $0.kind == .unknown }.map { Int32($0) }, byteTokens: bytes),
      decoder: Decoder(steps: []), rows: rows, digest: "", file: file)
    let map =
      try normalizer.charsMap.isEmpty
      ? nil
      : CharsMap(normalizer.charsMap) { found in
        Refusal(.model, file: file, found: found, expected: "a compiled table of characters")
      }
    parts.normalizers = [
      .sentencePiece(
        SentencePieceRules(
          charsMap: map, addsPrefix: addsPrefix, removesBlanks: normalizer.flags[4] ?? true))
    ]
    return try TokenizerPipeline(parts)
  }

  private static func serialized(_ normalizer: Normalizer) -> [UInt8] {
    var result = ProtocolBufferWriter()
    if !normalizer.charsMap.isEmpty { result.append(2, bytes: normalizer.charsMap) }
    for (field, flag) in normalizer.flags.sorted(by: { $0.key < $1.key }) {
      result.append(field, varint: flag ? 1 : 0)
    }
    return result.bytes
  }
}
