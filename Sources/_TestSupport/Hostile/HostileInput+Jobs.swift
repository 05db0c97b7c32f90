/// A job that is right, and one with a piece of it replaced.
private let whole = """
  kind = "trace"

  [model]
  path = "model"

  [data]
  facts = "facts.json"

  [corrupt]
  multiple = 3.0
  samples = 6
  seed = 5

  [[restore]]
  site = "block_output"
  layers = "0:3"
  positions = ["subject", "last"]

  [save]
  [run]

  """

private func job(_ name: String, _ terms: String?, _ bytes: [UInt8]) -> HostileInput {
  HostileInput("jobs/\(name).toml", terms, code: 3) { bytes }
}

private func job(_ name: String, _ terms: String?, text: String) -> HostileInput {
  job(name, terms, Array(text.utf8))
}

private func job(_ name: String, _ terms: String?, _ old: String, _ new: String) -> HostileInput {
  HostileInput("jobs/\(name).toml", terms, code: 3) {
    let parts = whole.split(separator: old, omittingEmptySubsequences: false)
    precondition(parts.count == 2, "\(name): \(old) is not in the job once")
    return Array(parts.joined(separator: new).utf8)
  }
}

extension HostileInput {
  /// Job files that are wrong before any model or data is looked at.
  package static let ofJobs: [HostileInput] = texts + fields

  private static let texts: [HostileInput] = [
    job("whole", nil, text: whole),
    job("with-a-mark", nil, [0xEF, 0xBB, 0xBF] + Array(whole.utf8)),
    job(
      "with-returns", nil,
      text: whole.split(separator: "\n", omittingEmptySubsequences: false)
        .joined(separator: "\r\n")),
    job("empty", "empty", text: ""),
    job("only-comments", "empty", text: "# nothing\n\n# here\n"),
    job("only-a-word", "line 1;=", text: "trace\n"),
    job("yaml", "line 1;=", text: "kind: trace\nmodel: a\n"),
    job("a-list", "line 1", text: "[1, 2]\n"),
    job("json-in-toml", "line 1", text: "{\"kind\": \"trace\"}\n"),
    job("key-twice", "kind;duplicate;line 1;line 2", text: "kind = \"trace\"\nkind = \"trace\"\n"),
    job("table-twice", "model;duplicate", text: "[model]\npath = \"a\"\n[model]\n"),
    job("table-and-key", "model;duplicate", text: "model = 1\n[model]\n"),
    job("list-and-table", "restore;duplicate", text: "[[restore]]\n[restore]\n"),
    job("dotted-twice", "model.path;duplicate", text: "model.path = \"a\"\nmodel.path = \"b\"\n"),
    job("list-unclosed", "line", text: "layers = [0, 1\nkind = \"trace\"\n"),
    job("text-unclosed", "line 1;quotation", text: "kind = \"trace\n"),
    job("long-text-unclosed", "quotation", text: "kind = \"\"\"trace\n\n"),
    job("table-unclosed", "line 1", text: "[model\npath = 1\n"),
    job("inline-unclosed", "line 1", text: "model = { path = \"a\"\n"),
    job("no-value", "line 1;kind", text: "kind =\n"),
    job("no-key", "line 1;key", text: "= 1\n"),
    job("two-values", "line 1", text: "kind = \"trace\" \"das\"\n"),
    job("latin-1", "utf-8;line 1", Array("kind = \"caf".utf8) + [0xE9] + Array("\"\n".utf8)),
    job("utf-16", "utf-16", [0xFF, 0xFE, 0x6B, 0]),
    job("a-nul", "nul;line 1", Array("kind = \"a".utf8) + [0] + Array("\"\n".utf8)),
    job("a-bell", "line 1;control", Array("kind = \"a".utf8) + [7] + Array("\"\n".utf8)),
    job(
      "a-control-in-a-comment", "line 1;control", Array("# a".utf8) + [27] + Array("[31m\n".utf8)),
    job("any-bytes", "line 1|utf|nul", (0...255).map { UInt8($0) }),
    job("escape-unheard-of", "line 1", text: "kind = \"\\q\"\n"),
    job("half-a-pair", "line 1", text: "kind = \"\\uD800\"\n"),
    job("past-unicode", "line 1", text: "kind = \"\\U00110000\"\n"),
    job("lists-deep", "nest|deep;64", text: "a = " + String(repeating: "[", count: 20_000) + "\n"),
    job(
      "tables-deep", "nest|deep;64", text: "a = " + String(repeating: "{a=", count: 5_000) + "\n"),
    job("keys-deep", "nest|deep;64", text: String(repeating: "a.", count: 20_000) + "a = 1\n"),
    job(
      "headers-deep", "nest|deep;64", text: "[" + String(repeating: "a.", count: 20_000) + "a]\n"),
    job(
      "a-list-of-a-million", "100000;limit",
      text: "a = [" + String(repeating: "0,", count: 1 << 20) + "]\n"),
    job(
      "a-hundred-thousand-tables", "100000;limit|model",
      text: String(repeating: "[[a]]\n", count: 110_000)),
    job(
      "a-key-of-a-megabyte", "unknown|did you mean|expected",
      text: String(repeating: "k", count: 1 << 20) + " = 1\n"),
    HostileInput("jobs/of-holes.toml", "nul|control", code: 3, size: 8 << 20) {
      Array("kind".utf8)
    },
    HostileInput("jobs/past-the-limit.toml", "limit", code: 3, size: 1 << 33) {
      Array("kind".utf8)
    },
    HostileInput("jobs/of-holes.json", "control|utf-8|json", code: 3, size: 8 << 20) {
      Array("{".utf8)
    },
    HostileInput(
      "jobs/twice.json", "kind;duplicate", code: 3, text: "{\"kind\": \"trace\", \"kind\": 1}"),
    HostileInput(
      "jobs/deep.json", "nest", code: 3, text: "{\"kind\":" + String(repeating: "[", count: 30_000)),
    HostileInput("jobs/array.json", nil, code: 3, text: "[]"),
  ]

  private static let fields: [HostileInput] = [
    job("kind-missing", "kind", "kind = \"trace\"", ""),
    job("kind-unheard-of", "kind;\"tarce\"", "\"trace\"", "\"tarce\""),
    job("kind-a-number", "kind;line 1", "\"trace\"", "7"),
    job("model-missing", "model", "[model]\npath = \"model\"\n", ""),
    job("path-missing", "model.path", "path = \"model\"", ""),
    job("path-a-list", "model.path;list", "path = \"model\"", "path = [\"model\"]"),
    job("path-empty", "model.path", "path = \"model\"", "path = \"\""),
    job("a-field-misspelt", "corrupt.sampels;line 11;samples", "samples = 6", "sampels = 6"),
    job("a-table-misspelt", "modle;model", "[model]", "[modle]"),
    job("a-field-deep-inside", "restore[0].layrs;layers", "layers =", "layrs ="),
    job("samples-zero", "corrupt.samples;0", "samples = 6", "samples = 0"),
    job("samples-negative", "corrupt.samples;-6", "samples = 6", "samples = -6"),
    job("samples-a-fraction", "corrupt.samples;6.0", "samples = 6", "samples = 6.0"),
    job("samples-a-text", "corrupt.samples;\"6\"", "samples = 6", "samples = \"6\""),
    job(
      "samples-huge", "corrupt.samples;9223372036854775807", "samples = 6",
      "samples = 9223372036854775807"),
    job(
      "samples-past-64-bits", "corrupt.samples;64 bits", "samples = 6",
      "samples = 99999999999999999999"),
    job("samples-octal", "corrupt.samples", "samples = 6", "samples = 017"),
    job("samples-a-time", "corrupt.samples", "samples = 6", "samples = 1:30"),
    job("samples-a-date", "corrupt.samples", "samples = 6", "samples = 2024-05-27"),
    job("samples-with-odd-marks", "corrupt.samples", "samples = 6", "samples = 1__0"),
    job("samples-no", "corrupt.samples", "samples = 6", "samples = no"),
    job("samples-true", "corrupt.samples;true", "samples = 6", "samples = true"),
    job("seed-negative", "corrupt.seed;-1", "seed = 5", "seed = -1"),
    job("multiple-nan", "corrupt.multiple;nan", "multiple = 3.0", "multiple = nan"),
    job("multiple-infinite", "corrupt.multiple;inf", "multiple = 3.0", "multiple = -inf"),
    job("multiple-past-a-double", "corrupt.multiple", "multiple = 3.0", "multiple = 1e400"),
    job("multiple-negative", "corrupt.multiple;-3", "multiple = 3.0", "multiple = -3.0"),
    job("multiple-a-text", "corrupt.multiple", "multiple = 3.0", "multiple = \"1e-3\""),
    job("site-misspelt", "restore[0].site;block_ouput;block_output", "block_output", "block_ouput"),
    job("site-missing", "restore[0].site", "site = \"block_output\"\n", ""),
    job("site-a-number", "restore[0].site;3", "\"block_output\"", "3"),
    job("no-layers", "restore[0].layers", "\"0:3\"", "[]"),
    job("layers-backwards", "restore[0].layers", "\"0:3\"", "\"8:4\""),
    job("layers-words", "restore[0].layers", "\"0:3\"", "\"some\""),
    job("layers-fractions", "restore[0].layers", "\"0:3\"", "[1.5]"),
    job("layers-texts-among-numbers", "restore[0].layers", "\"0:3\"", "[1, \"x\"]"),
    job("layers-past-64-bits", "restore[0].layers", "\"0:3\"", "\"0:99999999999999999999\""),
    job("layers-without-end", "restore[0].layers", "\"0:3\"", "\"0:9000000000000000000\""),
    job("positions-a-word", "restore[0].positions;frist", "[\"subject\", \"last\"]", "[\"frist\"]"),
    job("positions-nested", "restore[0].positions", "[\"subject\", \"last\"]", "[[0]]"),
    job("no-restore", "restore", "[[restore]]", "[rest]"),
    job("restore-a-table", "restore", "[[restore]]", "[restore]"),
    job("path-with-a-line", "model.path|nothing", "path = \"model\"", "path = 7.5"),
    job("terminal-codes", "\\u{1b}", "\"trace\"", "\"\\u001b[31mdone\""),
  ]
}
