import Inputs
import Testing

struct RefusalTests {
  @Test func `a refusal is one line that names file, field, what was found and what was expected`()
  {
    let refusal = Refusal(
      .model, file: "a\nb.gguf", field: "tensor\u{1b}[31m", found: "3", expected: "4")
    #expect(refusal.description == "a\\nb.gguf: tensor\\u{1b}[31m: found 3, expected 4")
    #expect(Refusal(.job, found: "x", expected: "y").description == "found x, expected y")
    #expect(Refusal(.job, found: "x", expected: "y").inFile("f").file == "f")
    #expect(refusal.inFile("other").file == "a\nb.gguf")
  }

  @Test func `each kind has the exit code that the command line promises`() {
    let kinds: [Refusal.Kind] = [.commandLine, .job, .model, .store, .resources, .cluster]
    #expect(kinds.map(\.exitCode) == [2, 3, 4, 5, 6, 7])
  }

  @Test func `text from outside is cut and cannot steer a terminal`() {
    #expect(escaped(String(repeating: "ab", count: 5000)).count == 201)
    #expect(escaped("\u{202e}\u{9b}\u{0}\t\r") == "\\u{202e}\\u{9b}\\u{0}\\t\\r")
    #expect(quoted("é") == "\"é\"")
  }

  @Test func `the nearest name is one that could have been meant`() {
    let names = ["block_output", "mlp_output", "attention_output"]
    #expect(nearest(to: "blok_output", among: names) == "block_output")
    #expect(nearest(to: "lmp_output", among: names) == "mlp_output")
    #expect(nearest(to: "xyz", among: names) == nil)
    let kinds = ["basis", "lens", "trace", "das", "train", "patch", "ablate", "dump"]
    for (name, kind) in [
      ("tracing", "trace"), ("training", "train"), ("trained", "train"), ("patching", "patch"),
      ("ablation", "ablate"), ("dumps", "dump"), ("traces", "trace"), ("tran", "train"),
    ] { #expect(nearest(to: name, among: kinds) == kind) }
    // Of so short a name all others are as far.
    for name in ["x", "q", "ab", "1"] {
      #expect(nearest(to: name, among: ["y", "ba", "io", "2", "a"]) == nil, "\(name)")
    }
    #expect(
      nearest(to: "X", among: ["y", "x"]) == "x" && nearest(to: "ios", among: ["io"]) == "io")
    #expect(nearest(to: "", among: names) == nil)
    #expect(nearest(to: "layers", among: []) == nil)
  }
}
