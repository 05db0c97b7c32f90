import Inputs
import Testing

@testable import Tokenizers

struct PatternTests {
  /// All matches in a text, from left to right.
  static func matches(_ source: String, in text: String) throws -> [String] {
    let pattern = try Pattern(source)
    let scalars = text.unicodeScalars.map(\.value)
    var matcher = PatternMatcher(length: scalars.count)
    var found: [String] = []
    var place = 0
    while place < scalars.count {
      let end = try matcher.end(of: pattern, at: place, before: scalars.count, in: scalars.span)
      if let end, end > place {
        found.append(
          String(
            String.UnicodeScalarView(scalars[place..<end].compactMap { Unicode.Scalar($0) })))
      }
      place = max(end ?? 0, place + 1)
    }
    return found
  }

  @Test(arguments: [
    ("abc", "xabcabc", ["abc", "abc"]),
    ("a|ab", "ab", ["a"]),
    ("ab|a", "aab", ["a", "ab"]),
    ("a{2}", "aaaaa", ["aa", "aa"]),
    ("a{2,3}", "aaaaa", ["aaa", "aa"]),
    ("a{,2}b", "aaab", ["aab"]),
    ("a{2,}", "aaaaab", ["aaaaa"]),
    ("(?:ab)+", "ababa", ["abab"]),
    ("(?:ab){1,2}c", "abababc", ["ababc"]),
    ("a+?b", "aab", ["aab"]),
    ("a+?", "aa", ["a", "a"]),
    ("(?:ab)*?c", "ababc", ["ababc"]),
    ("a++a", "aaa", []),
    ("a+a", "aaa", ["aaa"]),
    ("(?>a|ab)c", "abc", []),
    ("(?:a|ab)c", "abc", ["abc"]),
    ("(?:ab)*+ab", "abab", []),
    ("x?+x", "x", []),
    ("a(?=b)", "abac", ["a"]),
    ("a(?!b)", "abac", ["a"]),
    ("\\s+(?!\\S)", "a   b", ["  "]),
    ("(?=ab)a|b", "abb", ["a", "b", "b"]),
    ("[a-c]+", "abcd", ["abc"]),
    ("[^a-c]+", "abcdé", ["dé"]),
    ("[a\\]-]+", "a]-b", ["a]-"]),
    ("[^\\s\\p{L}]+", "ab 1é!", ["1", "!"]),
    ("[\\S]+", "a é\u{3000}b", ["a", "é", "b"]),
    ("[é-ü]+", "aéêz", ["éê"]),
    (".", "a\nb", ["a", "b"]),
    ("\\p{L}+", "aé漢𝒜1", ["aé漢𝒜"]),
    ("\\P{L}+", "a12b", ["12"]),
    ("\\p{^L}+", "a12b", ["12"]),
    ("\\p{Lu}", "aBÉ", ["B", "É"]),
    ("\\p{N}", "1½Ⅷ٣", ["1", "½", "Ⅷ", "٣"]),
    ("\\d", "1½٣", ["1", "٣"]),
    ("\\w+", "a_é1-b", ["a_é1", "b"]),
    ("\\W+", "a -b", [" -"]),
    ("(?i:'s|'LL)", "'S'll'ſ'x", ["'S", "'ll", "'ſ"]),
    ("(?i:[a-c])d", "Bd", ["Bd"]),
    ("(?i:a)b", "ABAb", ["Ab"]),
    ("\\x41\\x{1F642}\\u00e9", "A🙂é", ["A🙂é"]),
    ("\\$\\.\\|", "$.|", ["$.|"]),
    ("[\\r\\n]+", "a\r\n\n", ["\r\n\n"]),
    ("", "ab", []),
    ("b*", "abb", ["bb"]),
    ("(?:a|)b", "bab", ["b", "ab"]),
  ])
  func `a pattern finds what it says`(source: String, text: String, expected: [String]) throws {
    #expect(try Self.matches(source, in: text) == expected)
  }

  @Test(arguments: [
    ("(unclosed", "never closed"), ("a)", "unmatched"), ("[a", "never closed"), ("[]", "empty"),
    ("a**", "repeated repeat"), ("*a", "nothing to repeat"), ("a{3,1}", "down"),
    ("a{1001}", "over 1000"), ("a{x}", "no repeat count"), ("{2}", "repeats nothing"),
    ("(?:a*)*", "match nothing"), ("(?:(?:ab){1000}){1000}", "unroll"), ("^a", "anchor '^'"),
    ("a$", "anchor '$'"), ("(?<=a)b", "(?<"), ("(?P<n>a)", "(?P"), ("\\1", "\\1"),
    ("\\bx", "\\b"), ("\\p{Han}", "Han"), ("\\p{L", "\\p"), ("[a&&b]", "&&"), ("[a[b]]", "inside"),
    ("[z-a]", "upwards"), ("a\\", "nothing after"), ("\\xZZ", "hexadecimal"),
    ("\\x{110000}", "no character"), ("(?i:é)", "(?i:"), ("(?i:\\p{Lu})", "(?i:"),
    ("\\p{N}{1,3}+", "}+"), ("(?=a)*", "lookahead"),
  ])
  func `a pattern that is not supported is refused by name`(source: String, term: String) throws {
    let refusal = try #require(throws: Refusal.self) {
      try Pattern(source, file: "t.json", field: "f")
    }
    #expect(refusal.description.hasPrefix("t.json: f: found the pattern "))
    #expect(refusal.found.contains(term), "\(refusal.found)")
  }

  @Test func `nesting and length are bounded`() {
    let deep = String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000)
    #expect(throws: Refusal.self) { try Pattern(deep) }
    #expect(throws: Refusal.self) {
      try Pattern(String(repeating: "(?:", count: 51) + "a" + String(repeating: ")", count: 51))
    }
    #expect(throws: Refusal.self) { try Pattern(String(repeating: "a", count: 5_001)) }
    let nothing = String(repeating: "(?:", count: 40) + String(repeating: "){1000}", count: 40)
    #expect(throws: Refusal.self) { try Pattern(nothing) }
    #expect(throws: Never.self) { try Pattern(String(repeating: "a", count: 5_000)) }
  }

  @Test(arguments: ["(?:a+)+b", "(?:a|aa)+b", "(?:a|a)*b", "(?:a?){30}a{30}b"])
  func `a pattern that would backtrack for ever is stopped`(source: String) throws {
    #expect(throws: PatternMatcher.StepsExhausted.self) {
      try Self.matches(source, in: String(repeating: "a", count: 60))
    }
  }

  @Test func `a stopped pattern is refused with the file and the pattern`() throws {
    var tiny = TinyTokenizer()
    tiny.fields["pre_tokenizer"] = """
      {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "(a+)+b"},
      "behavior": "Isolated", "invert": false}, {"type": "ByteLevel"}]}
      """
    let tokenizer = try tiny.load()
    #expect(try tokenizer.encode("aab").isEmpty == false)
    let refusal = try #require(throws: Refusal.self) {
      try tokenizer.encode(String(repeating: "a", count: 60))
    }
    #expect(refusal.kind == .model)
    #expect(refusal.description.contains("tokenizer.json"))
    #expect(refusal.description.contains("(a+)+b"))
  }

  @Test func `a literal pattern is found as it stands`() throws {
    let pattern = try Pattern(literal: "(.é", file: "", field: "")
    let text = Array("x(.é".unicodeScalars).map(\.value)
    var matcher = PatternMatcher(length: text.count)
    #expect(try matcher.end(of: pattern, at: 1, before: 4, in: text.span) == 4)
    #expect(try matcher.end(of: pattern, at: 0, before: 4, in: text.span) == nil)
    #expect(try matcher.end(of: pattern, at: 1, before: 3, in: text.span) == nil)
  }

  @Test func `the table of categories agrees with the standard library`() throws {
    for value in stride(from: UInt32(0), through: 0x10FFFF, by: 37) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let code = ScalarTable.code(of: value, in: ScalarTable.codes)
      let entry = ScalarTable.categories[Int(code & 31)]
      #expect(entry.category == scalar.properties.generalCategory)
      #expect((code & ScalarTable.whiteSpace != 0) == scalar.properties.isWhitespace)
    }
  }
}
