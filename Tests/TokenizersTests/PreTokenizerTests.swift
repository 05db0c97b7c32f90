import Foundation
import Testing
import _TestSupport

@testable import Tokenizers

struct PreTokenizerTests {
  static func words(
    _ pattern: String, _ behavior: PreTokenizer.Behavior, inverted: Bool = false, _ input: String
  ) throws -> [String] {
    var text = SourceText(input)
    var matcher = PatternMatcher(length: text.scalars.count)
    let step = PreTokenizer.split(try Pattern(pattern), behavior, isInverted: inverted)
    let pieces = try step.apply(
      to: [Piece(range: 0..<text.scalars.count)], of: &text, using: &matcher)
    return pieces.map { String(decoding: text.bytes[text.bytes(of: $0.range)], as: UTF8.self) }
  }

  /// The examples are those of the published library's own documentation of `Split`.
  @Test(arguments: [
    (PreTokenizer.Behavior.removed, ["the", "final", "countdown"]),
    (.isolated, ["the", "-", "final", "-", "-", "countdown"]),
    (.mergedWithPrevious, ["the-", "final-", "-", "countdown"]),
    (.mergedWithNext, ["the", "-final", "-", "-countdown"]),
    (.contiguous, ["the", "-", "final", "--", "countdown"]),
  ])
  func `a match goes where its behaviour says`(
    behavior: PreTokenizer.Behavior, expected: [String]
  ) throws {
    #expect(try Self.words("-", behavior, "the-final--countdown") == expected)
  }

  @Test func `an inverted split treats what lies between as the matches`() throws {
    #expect(try Self.words("[a-z]+", .removed, inverted: true, "ab 12cd") == ["ab", "cd"])
    #expect(try Self.words("[a-z]+", .isolated, inverted: true, "ab 12cd") == ["ab", " 12", "cd"])
  }

  @Test func `an empty match cuts, and takes nothing`() throws {
    #expect(try Self.words("(?=b)", .isolated, "abab") == ["a", "ba", "b"])
  }

  @Test func `the text is never lost where nothing is removed`() throws {
    let text = "a b\tc  d\né-1,ſ🙂 \r\n x"
    for pattern in ["\\s+", "x?", ".", PublishedPreTokenizer.gpt2Pattern] {
      for behavior in PreTokenizer.Behavior.allCases where behavior != .removed {
        let words = try Self.words(pattern, behavior, text)
        #expect(words.joined() == text)
        #expect(!words.contains(""))
      }
    }
  }

  @Test func `cluster by cluster, a text gets the forms of the whole`() throws {
    var random = SeededRandom(seed: 11)
    let interesting: [ClosedRange<UInt32>] = [
      0x41...0x5A, 0xC0...0xFF, 0x300...0x36F, 0x340...0x345, 0x900...0x980, 0x9BE...0x9D7,
      0x1100...0x11FF, 0xAC00...0xAC20, 0x1E00...0x1EFF, 0x212A...0x212B, 0xF900...0xF910,
      0x1D15E...0x1D165, 0x2F800...0x2F810, 0x11099...0x110BA, 0x1F00...0x1FFF,
      0xFF60...0xFFDC, 0x3130...0x318E, 0x2460...0x2490,
    ]
    for _ in 0..<2000 {
      var input = ""
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let range = interesting[Int.random(in: 0..<interesting.count, using: &random)]
        if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
          input.unicodeScalars.append(scalar)
        }
      }
      let text = SourceText(input)
      for form in UnicodeForm.allCases {
        var rewritten = text
        var matcher = PatternMatcher(length: text.scalars.count)
        let pieces = try NormalizerStep.unicode(form).apply(
          to: [Piece(range: 0..<text.scalars.count)], of: &rewritten, using: &matcher)
        let whole = form.of(input).unicodeScalars.map(\.value)
        #expect(rewritten.scalars == whole, "\(form) of \(text.scalars)")
        #expect(pieces[0].range == 0..<whole.count)
        #expect(rewritten.source(of: whole.count - 1).upperBound == input.utf8.count)
      }
    }
  }
}
