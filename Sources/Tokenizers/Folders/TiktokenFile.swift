internal import Foundation
internal import Inputs

/// A vocabulary of byte strings by rank, as tiktoken writes it: base 64, a blank, the rank.
struct TiktokenFile {
  private(set) var tokens: [[UInt8]?]

  /// Whether a file begins as one does. SentencePiece files are binary; some are named alike.
  static func isMeant(_ file: BoundedFile) throws(Refusal) -> Bool {
    let head = try file.bytes(at: 0, count: min(file.size, 64))
    guard let end = head.firstIndex(of: 0x0A) else { return false }
    return parts(of: head[..<end]) != nil
  }

  private static func parts(of line: ArraySlice<UInt8>) -> (bytes: [UInt8], rank: Int)? {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 2, let rank = Int(String(decoding: parts[1], as: UTF8.self)), rank >= 0,
      let bytes = Data(base64Encoded: Data(parts[0])), !bytes.isEmpty
    else { return nil }
    return (Array(bytes), rank)
  }

  init(_ bytes: [UInt8], file: String) throws(Refusal) {
    var entries: [Int: [UInt8]] = [:]
    var ranks: [[UInt8]: Int] = [:]
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: true)
    for (place, line) in lines.enumerated() {
      func refusal(_ found: String, _ expected: String) -> Refusal {
        Refusal(.model, file: file, field: "line \(place + 1)", found: found, expected: expected)
      }
      guard let (token, rank) = Self.parts(of: line.last == 0x0D ? line.dropLast() : line) else {
        throw refusal(
          quoted(String(decoding: line.prefix(80), as: UTF8.self)),
          "a token in base 64 and its rank")
      }
      guard rank < lines.count + (1 << 16), token.count <= TokenizerPipeline.addedTokenLimit else {
        throw refusal(
          "rank \(rank) of a token of \(token.count) bytes",
          "a rank below \(lines.count + (1 << 16)), at most \(TokenizerPipeline.addedTokenLimit) bytes"
        )
      }
      if entries.updateValue(token, forKey: rank) != nil
        || ranks.updateValue(rank, forKey: token) != nil
      {
        throw refusal("a token or the rank \(rank) twice", "each once")
      }
    }
    guard !entries.isEmpty else {
      throw Refusal(.model, file: file, found: "no tokens", expected: "a token a line")
    }
    tokens = (0...(entries.keys.max() ?? 0)).map { entries[$0] }
    if let missing = (0..<256).first(where: { ranks[[UInt8($0)]] == nil }) {
      throw Refusal(
        .model, file: file, found: "no token for the byte \(missing)",
        expected: "a token for each of the 256 bytes")
    }
  }
}

extension TokenizerPipeline {
  /// Reads a `.tiktoken` file; its pattern is the configuration's, that of the encoding or class that
  /// it is named for, or GPT-4's, which is noted.
  init(
    tiktokenFile file: BoundedFile, vocabularySize: Int?, config: TokenizerConfig
  ) throws(Refusal) {
    let bytes = try file.readAll(limit: 64 << 20)
    var tokens = try TiktokenFile(bytes, file: file.path).tokens
    guard tokens.count <= vocabularySize ?? .max else {
      throw Refusal(
        .model, file: file.path, found: "\(tokens.count) tokens",
        expected: "at most \(vocabularySize ?? 0), the rows of the embedding")
    }
    let (plain, ranked) = (tokens, tokens.count)
    let style = TiktokenStyle(file.path, config)
    var added = try config.added(beyond: [], id: { _ in nil }) { id in
      id < ranked && tokens[id] != nil
    }
    for (id, content) in style.specials(after: ranked)
    where !added.contains(where: { $0.id == id || ByteKey($0.content) == ByteKey(content) }) {
      added.append(AddedToken(id: id, content: content, isSpecial: true))
    }
    for token in added {
      guard token.id < ranked + (1 << 16) else {
        throw Refusal(
          .model, file: config.file, field: "added_tokens_decoder.\(token.id)",
          found: "the id \(token.id)", expected: "an id below \(ranked + (1 << 16))")
      }
      while tokens.count <= token.id { tokens.append(nil) }
      tokens[token.id] = Array(token.content.utf8)
    }
    let vocabulary = Vocabulary(
      tokens, special: Set(added.filter(\.isSpecial).map(\.id)), first: added.map(\.id))
    var parts = Parts(
      vocabulary: vocabulary,
      model: ScoredMergeModel(
        pieces: Vocabulary(plain, special: [], first: []),
        scores: tokens.indices.map { -Float($0) },
        kinds: tokens.map { _ in .plain }, byteTokens: Array(repeating: -1, count: 256),
        unknown: nil, longest: plain.compactMap { $0?.count }.max() ?? 0, isOverBytes: true),
      decoder: Decoder(steps: []), rows: vocabularySize, digest: Digest.of(bytes), file: file.path)
    parts.added = added
    parts.normalizers = style.composes ? [.unicode(.composed)] : []
    parts.preTokenizers = [
      .split(
        try Pattern(config.pattern ?? style.pattern, file: config.file, field: "pat_str"),
        .isolated, isInverted: false)
    ]
    parts.frame = try config.frame(
      beginning: style.addsBeginning, end: false, defaults: style.named
    ) { text in added.first { ByteKey($0.content) == ByteKey(text) }?.id }
    if config.pattern == nil, let note = style.note {
      parts.notes.append("\(escaped(file.path)): \(note)")
    }
    try self.init(parts)
  }
}
