import Foundation
import Inputs
import JobFiles
import Testing
import _TestSupport

struct JobDocumentTests {
  @Test func `a job that is no regular file of fair size is refused with its cause`() throws {
    try withTemporaryFolder { folder in
      let path = folder.path
      expectRefusal(naming: "none.toml", "No such file") { () throws(Refusal) in
        try JobDocument(reading: "\(path)/none.toml")
      }
      expectRefusal(naming: path, "a directory") { () throws(Refusal) in
        try JobDocument(reading: path)
      }
      let large = folder.appendingPathComponent("large.toml")
      try Data(count: JobDocument.sizeLimit + 1).write(to: large)
      expectRefusal(naming: "8388609 bytes", "the limit") { () throws(Refusal) in
        try JobDocument(reading: large.path)
      }
      #expect(mkfifo("\(path)/pipe.toml", 0o600) == 0)
      expectRefusal(naming: "pipe.toml", "a pipe") { () throws(Refusal) in
        try JobDocument(reading: "\(path)/pipe.toml")
      }
    }
  }

  @Test(arguments: ["", "\n\n", "# only a comment\n", "\u{FEFF}"])
  func `a job without fields is refused`(text: String) throws {
    expectRefusal(naming: "job.toml", "an empty job", "kind") { () throws(Refusal) in
      try document(text)
    }
  }

  @Test(arguments: ["[1]", "3", "null", "\"text\""])
  func `a JSON job that is no object is refused`(text: String) throws {
    expectRefusal(naming: "job.json", "expected the fields of a job") { () throws(Refusal) in
      try document(text, file: "job.json")
    }
  }

  @Test func `a duplicate key is refused with both lines`() throws {
    expectRefusal(naming: "run.threads", "line 2", "line 4") { () throws(Refusal) in
      try document("[run]\nthreads = 1\n# between\nthreads = 2\n")
    }
    expectRefusal(naming: "run", "line 1", "line 3") { () throws(Refusal) in
      try document("[run]\nthreads = 1\n[run]\nnaive = true\n")
    }
    expectRefusal(naming: "duplicate key", "threads") { () throws(Refusal) in
      try document(#"{"run": {"threads": 1, "threads": 2}}"#, file: "job.json")
    }
    expectRefusal(naming: "job.toml", "line 2") { () throws(Refusal) in
      try document("a.b = 1\na = 2\n")
    }
  }

  @Test func `text that is not TOML is refused with its line`() throws {
    expectRefusal(naming: "job.toml", "line 2") { () throws(Refusal) in
      try document("kind = \"trace\"\nname = \n")
    }
    expectRefusal(naming: "line 3") { () throws(Refusal) in
      try document("kind = \"trace\"\n\nname = \"a\n")
    }
    expectRefusal(naming: "line 1") { () throws(Refusal) in try document("just words\n") }
    expectRefusal(naming: "a, line 2", "',' or ']'") { () throws(Refusal) in
      try document("a = [1, 2\n")
    }
    expectRefusal(naming: "seed, line 1", "64 bits") { () throws(Refusal) in
      try document("seed = 99999999999999999999\n")
    }
  }

  @Test func `bytes that are not UTF-8 text are refused with line and column`() throws {
    func bytes(_ bytes: [UInt8]) -> () throws(Refusal) -> JobDocument {
      { () throws(Refusal) in try JobDocument(bytes, file: "job.toml") }
    }
    expectRefusal(
      naming: "line 2, column 5", "not UTF-8",
      action: bytes(Array("a = 1\nb = ".utf8) + [0xE9, 10]))
    expectRefusal(naming: "line 1, column 6", "NUL", action: bytes(Array("a = 1\0".utf8)))
    expectRefusal(naming: "UTF-16", action: bytes([0xFF, 0xFE, 97, 0]))
    expectRefusal(naming: "run.output, line 2", "NUL") { () throws(Refusal) in
      try document("[run]\noutput = \"a\\u0000b\"\n")
    }
  }

  @Test func `a byte-order mark and lines of Windows are read`() throws {
    let plain = try document("a = 1\n[b]\nc = [1,\n2]\n")
    let marked = try document("\u{FEFF}a = 1\r\n[b]\r\nc = [1,\r\n2]\r\n")
    #expect(JobText.canonicalJSON(plain.root) == JobText.canonicalJSON(marked.root))
    let json = try document("\u{FEFF}{\"a\": 1,\r\n\"b\": {\"c\": [1, 2]}}\r\n", file: "job.json")
    #expect(JobText.canonicalJSON(plain.root) == JobText.canonicalJSON(json.root))
  }

  @Test func `nesting without end is refused`() throws {
    let path = String(repeating: "a.", count: 1_000_000)
    for text in [
      "a = " + String(repeating: "[", count: 1000), "a = " + String(repeating: "{b=", count: 1000),
      path + "a = 1", "[" + path + "a]", "x = 1 2\n" + path + "a = 1",
      String(repeating: "[", count: 1_000_000),
      "a = {x = y z, " + String(repeating: "{", count: 9999),
    ] {
      expectRefusal(naming: "job.toml", "line") { () throws(Refusal) in try document(text) }
    }
  }

  @Test func `a deep JSON job is refused`() throws {
    expectRefusal(naming: "64") { () throws(Refusal) in
      try document(String(repeating: "{\"a\":", count: 1000), file: "job.json")
    }
  }

  @Test func `values without end are refused`() throws {
    for text in [
      "a = [" + String(repeating: "1,", count: 100_001) + "]",
      String(repeating: "[[a]]\n", count: 100_001),
      (0...100_000).map { "k\($0)=1\n" }.joined(),
    ] {
      expectRefusal(naming: "more than 100000 values") { () throws(Refusal) in
        try document(text)
      }
    }
    expectRefusal(naming: "more than 100000 values") { () throws(Refusal) in
      try document(
        "{\"a\": [" + String(repeating: "1,", count: 100_000) + "1]}", file: "job.json")
    }
  }

  @Test func `fields keep their order and know their lines`() throws {
    let text = """
      zeta = 1
      [[restore]]
      site = "b"
      "odd key" = 'x # y'
      [[restore]]
      layers = [
        1, # one
        "]2",
      ]
      inline = { b = 1, a = \"\"\"
      two # lines
      \"\"\" }
      after.dot = 2
      [alpha]
      beta = 3
      """
    let root = try document(text).field.anyTable()
    #expect(root.table.keys == ["zeta", "restore", "alpha"])
    let restore = try #require(root.optional("restore")).items()
    let second = try restore[1].anyTable()
    #expect(second.table.keys == ["layers", "inline", "after"])
    #expect(restore[1].place.field == "restore[1], line 5")
    #expect(
      try restore[0].anyTable().optional("odd key")?.place.field
        == "restore[0].\"odd key\", line 4".replacingOccurrences(of: "\\", with: ""))
    let layers = try #require(second.optional("layers")).items()
    #expect(
      layers.map(\.place.field) == ["restore[1].layers[0], line 7", "restore[1].layers[1], line 8"])
    #expect(second.optional("after")?.place.origin == .line(13))
    #expect(root.optional("alpha")?.place.origin == .line(14))
    let inline = try #require(second.optional("inline")).anyTable()
    #expect(inline.table.keys.sorted() == ["a", "b"])
    #expect(try inline.optional("a")?.string() == "two # lines\n")
  }

  @Test func `keys with escapes and keys of any length stay apart`() throws {
    let long = String(repeating: " ", count: 300)
    let text = "\"a\\n\" = 1\n'a\\n' = 2\n\"\(long)1\" = 3\n\"\(long)2\" = 4\n"
    #expect(try document(text).field.anyTable().table.members.count == 4)
    expectRefusal(naming: "line 2") { () throws(Refusal) in
      try document("ab = 1\n\"\\u0061b\" = 2\n")
    }
  }

  @Test(arguments: [
    "1", "-17", "+5", "1_000", "0x1F", "0o17", "0b101", "3.5", "-0.0", "1e6", "6.02_2E+23",
    "1.5e-07",
    "inf", "-nan", "true", "9223372036854775807", "-9223372036854775808",
  ])
  func `a value without quotation marks is taken as TOML takes it`(text: String) throws {
    _ = try document("a = \(text)\nb = [\(text), \(text)]\nc = { d = \(text) } # end\n")
  }

  @Test(arguments: [
    "no", "1:30", "017", "~", "1_", "_1", "1__0", "0x", "+0x1", "1.", ".5", "1e", "1e+", "0b2",
    "1 2",
    "TRUE", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "9223372036854775808",
    "0xFFFFFFFFFFFFFFFF",
    "1e400", "x", "", "= 1", "1.2.3", "--1", "1-1",
  ])
  func `what is no value without quotation marks is refused`(text: String) throws {
    expectRefusal(naming: "job.toml: a.b, line 2") { () throws(Refusal) in
      try document("[a]\nb = \(text)\n")
    }
  }

  @Test func `two keys that differ in their Unicode form stay two`() throws {
    let table = try document("\"\u{E9}\" = 1\n\"e\u{301}\" = 2\n").field.anyTable().table
    #expect(table.members.count == 2)
  }

  @Test func `what is written as TOML is read back the same`() throws {
    let text = """
      name = "quote \\" slash \\\\ tab \\t line \\n bell \\u0007 ü 🙂"
      numbers = [1, -2, 3.5, 1e300, 1e-7, true]
      "odd key" = { a = [[1], []], b = { c = "d" } }
      [[list]]
      x = 1
      [list.inner]
      y = 2
      [[list]]
      [[list.deep]]
      z = [{ q = 1 }, { q = 2 }]
      """
    let root = try document(text).root
    guard case .table(let table) = root.content else { return }
    let written = JobText.toml(table, comment: "One line\nAnother")
    #expect(JobText.canonicalJSON(try document(written).root) == JobText.canonicalJSON(root))
    #expect(written.hasPrefix("# One line\n# Another\n"))
    let json = try document(JobText.canonicalJSON(root), file: "job.json").root
    #expect(JobText.canonicalJSON(json) == JobText.canonicalJSON(root))
  }
}
