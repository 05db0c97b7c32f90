import Inputs
import JobFiles
import Testing
import _TestSupport

struct JobTOMLTests {
  @Test(arguments: [
    "[a.b]\nx = 1\n[a]\ny = 2", "a.b = 1\na.c = 2", "[[a]]\n[a.b]\n[[a]]\n[a.b]",
    "[a]\nb.c = 1\n[a.d]\ne = 1",
  ])
  func `tables may be written in parts where TOML lets them`(text: String) throws {
    _ = try document(text)
  }

  @Test(arguments: [
    "[a]\nb.c = 1\n[a.b]", "a = { b = 1 }\na.c = 2", "a = []\n[[a]]", "[[a]]\n[a]",
    "[a]\n[[a]]", "[a.b]\n[a]\nb.c = 1", "a = 1\n[a.b]", "a = { b = 1, b = 2 }",
    "a = { b = 1, }", "[a]\n[a]", "a = {\nb = 1 }", "[a] b = 1", "a = 1 b = 2", "[a", "[[a]",
    "a", "a.", "a.\rb = 1", "a = 1\r",
  ])
  func `tables written otherwise are refused`(text: String) throws {
    expectRefusal(naming: "job.toml", "line ") { () throws(Refusal) in try document(text) }
  }

  @Test func `text is read in its four forms, with the lines of any editor`() throws {
    let text = #"""
      a = "tab \t \"q\" \u00e9 \U0001F600"
      b = 'raw \t'
      c = '''
      raw \t
      '''
      d = """
      one \
         two
      "" three"""""

      """#.replacing("\n      ", with: "\n")
    let expected = JobValue.fields([
      "a": .text("tab \t \"q\" é 😀"), "b": .text("raw \\t"), "c": .text("raw \\t\n"),
      "d": .text("one two\n\"\" three\"\""),
    ])
    #expect(JobText.canonicalJSON(try document(text).root) == JobText.canonicalJSON(expected))
    let windows = text.replacing("\n", with: "\r\n")
    #expect(JobText.canonicalJSON(try document(windows).root) == JobText.canonicalJSON(expected))
  }

  @Test(arguments: [
    #""\x41""#, #""\ud800""#, #""\u12""#, "\"a\u{1}b\"", "\"a", "'''a", "\"a\nb\"", "'a\u{7F}'",
  ])
  func `text that does not end, or holds what it may not, is refused`(text: String) throws {
    expectRefusal(naming: "job.toml: a, line ") { () throws(Refusal) in
      try document("a = \(text)\n")
    }
  }
}
