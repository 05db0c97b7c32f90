internal import Inputs

/// A SentencePiece model as its file has it: the pieces, and what is done to a text before.
///
/// Everything that the library reads is checked here, and written anew for it: it trusts its files.
/// `sentencepiece_model.proto`, <https://github.com/google/sentencepiece>.
struct SentencePieceModel {
  enum Kind: UInt64 {
    case plain = 1, unknown, control, byUser, unused, byte
  }
  enum Algorithm: UInt64 {
    case unigram = 1, merges, words, characters

    var form: String {
      switch self {
      case .unigram: "SentencePiece unigram"
      case .merges: "SentencePiece BPE"
      case .words: "SentencePiece words"
      case .characters: "SentencePiece characters"
      }
    }
  }
  struct Piece {
    var text = ""
    var score: Float = 0
    var kind = Kind.plain
  }

  private(set) var pieces: [Piece] = []
  private(set) var algorithm = Algorithm.unigram
  private(set) var fallsBackToBytes = false
  private(set) var blanksAreSuffixes = false
  private(set) var unknownSurface: [UInt8]?
  /// The pieces that the model names: unknown, beginning, end, padding.
  private(set) var names = [45: "<unk>", 46: "<s>", 47: "</s>", 48: "<pad>"]
  private(set) var normalizer = Normalizer()
  private(set) var denormalizer: Normalizer?
  let file: String

  struct Normalizer {
    var charsMap: [UInt8] = []
    /// `add_dummy_prefix`, `remove_extra_whitespaces`, `escape_whitespaces`.
    var flags: [Int: Bool] = [3: true, 4: true, 5: true]
  }

  /// The longest piece in bytes, and the largest score: sums of scores must stay finite.
  private static let pieceLimit = 1024
  private static let scoreLimit: Float = 1e12

  /// Whether a text has a blank put in front.
  var addsPrefix: Bool {
    get { normalizer.flags[3] ?? true }
    set { normalizer.flags[3] = newValue }
  }

  /// `precompiled_charsmap`; empty where characters stay as they are.
  var charsMap: [UInt8] { normalizer.charsMap }

  var beginning: Int? { id(named: 46) }
  var end: Int? { id(named: 47) }

  private func id(named field: Int) -> Int? {
    guard let name = names[field] else { return nil }
    return pieces.firstIndex { $0.kind != .plain && ByteKey($0.text) == ByteKey(name) }
  }

  init(_ bytes: [UInt8], file: String, rows: Int?) throws(Refusal) {
    self.file = file
    do throws(ProtocolBuffer.Fault) {
      var message = ProtocolBuffer(bytes[...])
      while let (number, value) = try message.next() {
        guard case .bytes(let part) = value else { continue }
        switch number {
        case 1: pieces.append(try Self.piece(part))
        case 2: try readTrainer(part)
        case 3: normalizer = try Self.normalizer(part)
        case 5: denormalizer = try Self.normalizer(part)
        default: break
        }
      }
    } catch {
      throw Refusal(
        .model, file: file, field: "byte \(error.place)", found: error.found,
        expected: "a SentencePiece model")
    }
    try check(rows)
  }

  private static func piece(_ bytes: ArraySlice<UInt8>) throws(ProtocolBuffer.Fault) -> Piece {
    var piece = Piece()
    var message = ProtocolBuffer(bytes)
    while let (number, value) = try message.next() {
      switch (number, value) {
      case (1, .bytes(let text)):
        guard let text = String(validating: text, as: UTF8.self) else {
          throw .init(place: text.startIndex, found: "a piece that is no UTF-8")
        }
        piece.text = text
      case (2, .float(let score)): piece.score = score
      case (3, .varint(let type)):
        guard let kind = Kind(rawValue: type) else {
          throw .init(place: bytes.startIndex, found: "a piece of the type \(type)")
        }
        piece.kind = kind
      default: break
      }
    }
    return piece
  }

  private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) throws(ProtocolBuffer.Fault) {
    var message = ProtocolBuffer(bytes)
    while let (number, value) = try message.next() {
      switch (number, value) {
      case (3, .varint(let type)):
        guard let known = Algorithm(rawValue: type) else {
          throw .init(place: bytes.startIndex, found: "the model type \(type)")
        }
        algorithm = known
      case (24, .varint(let flag)): blanksAreSuffixes = flag != 0
      case (35, .varint(let flag)): fallsBackToBytes = flag != 0
      case (44, .bytes(let text)): unknownSurface = Array(text)
      case (45...48, .bytes(let text)):
        guard let text = String(validating: text, as: UTF8.self) else {
          throw .init(place: text.startIndex, found: "a name that is no UTF-8")
        }
        names[number] = text
      default: break
      }
    }
  }

  private static func normalizer(
    _ bytes: ArraySlice<UInt8>
  ) throws(ProtocolBuffer.Fault) -> Normalizer {
    var result = Normalizer()
    var message = ProtocolBuffer(bytes)
    while let (number, value) = try message.next() {
      switch (number, value) {
      case (2, .bytes(let map)): result.charsMap = Array(map)
      case (3...5, .varint(let flag)): result.flags[number] = flag != 0
      default: break
      }
    }
    return result
  }

  private func check(_ rows: Int?) throws(Refusal) {
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(.model, file: file, field: field, found: found, expected: expected)
    }
    guard !pieces.isEmpty else { throw refusal("pieces", "no pieces", "a SentencePiece model") }
    guard pieces.count <= rows ?? .max else {
      throw refusal(
        "pieces", "\(pieces.count) pieces", "at most \(rows ?? 0), the rows of the embedding")
    }
    var places: [ByteKey: Int] = [:]
    places.reserveCapacity(pieces.count)
    for (id, piece) in pieces.enumerated() {
      let field = "pieces[\(id)]"
      guard (1...Self.pieceLimit).contains(piece.text.utf8.count), !piece.text.utf8.contains(0)
      else {
        throw refusal(
          field, "a piece of \(piece.text.utf8.count) bytes",
          "1 to \(Self.pieceLimit) of them, none zero")
      }
      guard abs(piece.score) <= Self.scoreLimit else {
        throw refusal(field, "the score \(piece.score)", "one from -1e12 to 1e12")
      }
      if let other = places.updateValue(id, forKey: ByteKey(piece.text)) {
        throw refusal(field, "\(quoted(piece.text)) twice, first at \(other)", "each piece once")
      }
      guard piece.kind != .byte || ByteToken.byte(of: Array(piece.text.utf8)) != nil else {
        throw refusal(field, "the byte \(quoted(piece.text))", "one such as <0x0A>")
      }
    }
    guard pieces.count(where: { $0.kind == .unknown }) == 1 else {
      throw refusal(
        "pieces", "\(pieces.count { $0.kind == .unknown }) unknown pieces", "one")
    }
    for (name, spec) in [
      ("normalizer_spec", normalizer), ("denormalizer_spec", denormalizer ?? Normalizer()),
    ] where !spec.charsMap.isEmpty {
      _ = try CharsMap(spec.charsMap) {
        refusal("\(name).precompiled_charsmap", $0, "a compiled table of characters")
      }
    }
  }
}
