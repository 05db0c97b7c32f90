internal import Inputs

/// One step of turning tokens back into text: the decoders of `tokenizer.json`.
///
/// Each takes the tokens' texts and returns others, which are put together at the end.
enum DecoderStep: Sendable {
  /// Letters of the byte alphabet are bytes.
  case byteLevel
  /// Marks are blanks; those of the first token are none, unless none are put in front.
  case metaspace(mark: [UInt8], dropsFirst: Bool)
  /// Tokens such as `<0x0A>` are bytes; U+FFFD for each where they are no UTF-8 together.
  case byteFallback
  /// Makes one text of all.
  case fuse
  /// Takes one character away at the ends of each text, so many times at most.
  case strip(content: [UInt8], start: Int, stop: Int)
  case replace([UInt8], with: [UInt8])
  /// Puts a blank in front of each token that does not go on, and none before marks.
  case wordPiece(continuation: [UInt8], cleansUp: Bool)
  /// What ends words is a blank, except at the end.
  case wordEnd([UInt8])

  func apply(to texts: [[UInt8]]) -> [[UInt8]] {
    switch self {
    case .byteLevel: return texts.map(Self.alphabetBytes)
    case .metaspace(let mark, let dropsFirst):
      return texts.enumerated().map { place, text in
        Self.replace(mark, in: text, with: place == 0 && dropsFirst ? [] : [0x20])
      }
    case .byteFallback: return Self.joinBytes(texts)
    case .fuse: return [Array(texts.joined())]
    case .strip(let content, let start, let stop):
      return texts.map { Self.strip($0, content, start, stop) }
    case .replace(let old, let new): return texts.map { Self.replace(old, in: $0, with: new) }
    case .wordPiece(let continuation, let cleansUp):
      return texts.enumerated().map { place, text in
        var text = text
        if place > 0 {
          if !continuation.isEmpty, text.starts(with: continuation) {
            text.removeFirst(continuation.count)
          } else {
            text.insert(0x20, at: 0)
          }
        }
        return cleansUp ? Self.cleanedUp(text) : text
      }
    case .wordEnd(let end):
      return texts.enumerated().map { place, text in
        Self.replace(end, in: text, with: place + 1 == texts.count ? [] : [0x20])
      }
    }
  }

  /// What one token stands for in a text, whatever is beside it.
  func text(of token: [UInt8]) -> [UInt8] {
    switch self {
    case .byteLevel: Self.alphabetBytes(token)
    case .metaspace(let mark, _): Self.replace(mark, in: token, with: [0x20])
    case .byteFallback: ByteToken.byte(of: token).map { [$0] } ?? token
    case .replace(let old, let new): Self.replace(old, in: token, with: new)
    case .wordEnd(let end): Self.replace(end, in: token, with: [0x20])
    case .fuse, .strip, .wordPiece: token
    }
  }

  /// The bytes that letters of the alphabet stand for; a token with any other letter is its own.
  static func alphabetBytes(_ token: [UInt8]) -> [UInt8] {
    ByteAlphabet.bytes(of: String(decoding: token, as: UTF8.self)) ?? token
  }

  private static func joinBytes(_ texts: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var bytes: [UInt8] = []
    func flush() {
      guard !bytes.isEmpty else { return }
      let isText = String(validating: bytes, as: UTF8.self) != nil
      result.append(
        isText ? bytes : Array(String(repeating: "\u{FFFD}", count: bytes.count).utf8))
      bytes = []
    }
    for text in texts {
      if let byte = ByteToken.byte(of: text) {
        bytes.append(byte)
      } else {
        flush()
        result.append(text)
      }
    }
    flush()
    return result
  }

  private static func strip(
    _ text: [UInt8], _ content: [UInt8], _ start: Int, _ stop: Int
  ) -> [UInt8] {
    guard !content.isEmpty else { return text }
    var rest = text[...]
    var left = start
    while left > 0, rest.starts(with: content) {
      rest = rest.dropFirst(content.count)
      left -= 1
    }
    left = stop
    while left > 0, rest.suffix(content.count).elementsEqual(content) {
      rest = rest.dropLast(content.count)
      left -= 1
    }
    return Array(rest)
  }

  static func replace(_ old: [UInt8], in text: [UInt8], with new: [UInt8]) -> [UInt8] {
    guard let first = old.first, text.contains(first) else { return text }
    var result: [UInt8] = []
    var rest = text[...]
    while !rest.isEmpty {
      if rest.starts(with: old) {
        result += new
        rest = rest.dropFirst(old.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }

  /// English as it is written: no blanks before marks and contractions.
  private static func cleanedUp(_ text: [UInt8]) -> [UInt8] {
    let rules = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
      (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return rules.reduce(text) { text, rule in
      replace(Array(rule.0.utf8), in: text, with: Array(rule.1.utf8))
    }
  }
}

/// How tokens become text again.
struct Decoder: Sendable {
  var steps: [DecoderStep]
  /// What stands between tokens where there is no step at all.
  var separator: [UInt8] { steps.isEmpty ? [0x20] : [] }

  func text(of tokens: [[UInt8]]) -> String {
    let texts = steps.reduce(tokens) { $1.apply(to: $0) }
    return String(decoding: Array(texts.joined(separator: separator)), as: UTF8.self)
  }

  /// What one token stands for by itself.
  func text(of token: [UInt8]) -> [UInt8] { steps.reduce(token) { $1.text(of: $0) } }

  /// Whether tokens are put together as they are once each is taken by itself.
  var isPlain: Bool {
    guard steps.count == 1, case .byteLevel = steps[0] else { return false }
    return true
  }
}
