internal import Inputs

extension TokenizerPipeline {
  /// Reads the `tokenizer.bin` of llama2.c: the longest token's length, then of each token its score,
  /// its length and its bytes. <https://github.com/karpathy/llama2.c>, `run.c`, `encode`.
  init(llama2CFile path: String, vocabularySize: Int?) throws(Refusal) {
    let bytes = try BoundedFile(path, kind: .model).readAll(limit: 64 << 20)
    func refusal(_ place: Int, _ found: String, _ expected: String) -> Refusal {
      Refusal(.model, file: path, field: "byte \(place)", found: found, expected: expected)
    }
    func word(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
    }
    guard bytes.count >= 4, (1...Self.addedTokenLimit).contains(Int(word(0))) else {
      throw refusal(
        0, bytes.count < 4 ? "\(bytes.count) bytes" : "tokens of \(word(0)) bytes",
        "the length of the longest token, at most \(Self.addedTokenLimit)")
    }
    let longest = Int(word(0))
    var (tokens, scores): ([[UInt8]], [Float]) = ([], [])
    var ids: [ByteKey: Int] = [:]
    var place = 4
    while place < bytes.count {
      guard place + 8 <= bytes.count, word(place + 4) <= longest,
        place + 8 + Int(word(place + 4)) <= bytes.count
      else { throw refusal(place, "a token cut short, or longer than \(longest)", "a whole token") }
      let score = Float(bitPattern: word(place))
      guard score.isFinite else { throw refusal(place, "the score \(score)", "a finite number") }
      let end = place + 8 + Int(word(place + 4))
      guard let text = String(validating: bytes[place + 8..<end], as: UTF8.self) else {
        throw refusal(place + 8, "bytes that are no UTF-8", "a token in UTF-8")
      }
      // llama2.c sorts its tokens, and takes any of those that are alike.
      if ids[ByteKey(text)] == nil { ids[ByteKey(text)] = tokens.count }
      tokens.append(Array(text.utf8))
      scores.append(score)
      place = end
    }
    guard tokens.count >= 259, tokens.count <= vocabularySize ?? .max else {
      throw refusal(
        4, "\(tokens.count) tokens",
        "at least 259" + (vocabularySize.map { ", at most \($0), the rows of the embedding" } ?? "")
      )
    }
    let decoder = Decoder(steps: [.byteFallback, .fuse])
    let texts = tokens.enumerated().map { (3..<259).contains($0) ? decoder.text(of: $1) : $1 }
    let plain = [0, 1, 2] + Array(259..<tokens.count)
    let vocabulary = Vocabulary(texts, special: [0, 1, 2], first: plain)
    let pieces = Vocabulary(tokens.map { $0 }, special: [0, 1, 2], first: plain)
    var parts = Parts(
      vocabulary: vocabulary, pieces: pieces,
      model: ScoredMergeModel(
        pieces: pieces, scores: scores,
        kinds: tokens.indices.map { $0 < 259 ? .never : .plain },
        byteTokens: (3..<259).map { Int32($0) }, unknown: 0,
        longest: tokens.map(\.count).max() ?? 0),
      decoder: decoder, frame: SpecialFrame(before: [1]), rows: vocabularySize,
      digest: Digest.of(bytes), file: path)
    parts.normalizers = [.prepend([" "])]
    try self.init(parts)
  }
}
