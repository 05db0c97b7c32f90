internal import Foundation

/// A `tokenizer.json` of eight tokens, of which one piece is replaced.
private func text(_ old: String = "", _ new: String = "") -> String {
  let whole = """
    {"version": "1.0", "truncation": null, "padding": null,
     "added_tokens": [{"id": 7, "content": "<end>", "single_word": false, "lstrip": false,
       "rstrip": false, "normalized": false, "special": true}],
     "normalizer": null,
     "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
       "use_regex": true},
     "post_processor": null,
     "decoder": {"type": "ByteLevel"},
     "model": {"type": "BPE", "dropout": null, "unk_token": null,
       "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "Ġ": 5, "Ġa": 6, "<end>": 7},
       "merges": ["a b", "ab c", "Ġ a"]}}
    """
  return old.isEmpty ? whole : whole.replacingOccurrences(of: old, with: new)
}

private func regex(_ name: String, _ terms: String?, _ pattern: String) -> HostileInput {
  let escaped = pattern.replacingOccurrences(of: "\\", with: "\\\\")
  return HostileInput(
    "tokenizers/regex-\(name)/tokenizer.json", terms,
    text: text(
      "{\"type\": \"ByteLevel\", \"add_prefix_space\"",
      "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": "
        + "{\"Regex\": \"\(escaped)\"}, \"behavior\": \"Isolated\", \"invert\": false}, "
        + "{\"type\": \"ByteLevel\", \"add_prefix_space\""
    ).replacingOccurrences(of: "\"use_regex\": true}", with: "\"use_regex\": true}]}"))
}

private func file(
  _ name: String, _ terms: String?, _ old: String, _ new: String
) -> HostileInput {
  HostileInput("tokenizers/\(name)/tokenizer.json", terms, text: text(old, new))
}

extension HostileInput {
  static let ofTokenizers: [HostileInput] = [
    file("whole", nil, "", ""),
    regex("whole", nil, "[a-z]+|\\s"),
    file("version-2", "version;2.0", "\"1.0\"", "\"2.0\""),
    file("model-type-a-number", "model.type;7", "\"BPE\"", "7"),
    file("model-word-level", "model.dropout;unknown", "\"BPE\"", "\"WordLevel\""),
    file("no-merges", "merges", "\"merges\"", "\"mergers\""),
    file("merges-an-object", "merges;object", "[\"a b\", \"ab c\", \"Ġ a\"]", "{}"),
    file("merge-empty", "merges[0]", "\"a b\"", "\"\""),
    file("merge-of-spaces", "merges[0]", "\"a b\"", "\" \""),
    file("merge-of-one-item", "merges[0]", "\"a b\"", "[\"a\"]"),
    file("merge-of-numbers", "merges[0]", "\"a b\"", "[0, 1]"),
    file("merge-of-strangers", "merges[0];q", "\"a b\"", "\"a q\""),
    file("vocab-an-array", "vocab;array", "{\"a\": 0, \"b\": 1, \"c\": 2,", "[1], \"v\": {"),
    file("id-a-fraction", "vocab;0.5", "\"a\": 0", "\"a\": 0.5"),
    file("id-a-text", "vocab;string", "\"a\": 0", "\"a\": \"0\""),
    file("id-null", "vocab;null", "\"a\": 0", "\"a\": null"),
    file("id-negative", "vocab;-1", "\"a\": 0", "\"a\": -1"),
    file("id-2-to-31", "vocab;2147483648", "\"a\": 0", "\"a\": 2147483648"),
    file("id-2-to-62", "vocab;4611686018427387904", "\"a\": 0", "\"a\": 4611686018427387904"),
    file("id-far-off", "vocab;70000", "\"a\": 0", "\"a\": 70000"),
    file("id-twice", "vocab;1", "\"a\": 0", "\"a\": 1"),
    file("token-twice", "vocab;a;duplicate", "\"b\": 1", "\"a\": 1"),
    file("added-without-id", "added_tokens[0].id", "{\"id\": 7, ", "{"),
    file("added-id-negative", "added_tokens[0].id;-7", "{\"id\": 7, ", "{\"id\": -7, "),
    file(
      "added-id-huge", "added_tokens[0].id;1099511627776", "{\"id\": 7,", "{\"id\": 1099511627776,"),
    file("added-id-of-another", "added_tokens[0];<end>|id", "{\"id\": 7, ", "{\"id\": 2, "),
    file(
      "added-flag-a-text", "added_tokens[0].special", "\"special\": true", "\"special\": \"yes\""),
    file(
      "added-a-number", "added_tokens[0];number 3", "\"added_tokens\": [{",
      "\"added_tokens\": [3, {"),
    file(
      "normalizer-unheard-of", "normalizer;Shout", "\"normalizer\": null",
      "\"normalizer\": {\"type\": \"Shout\"}"),
    file(
      "normalizer-without-type", "normalizer.type", "\"normalizer\": null", "\"normalizer\": {}"),
    file(
      "normalizers-deep", "normalizer;nest", "\"normalizer\": null",
      "\"normalizer\": " + String(repeating: "{\"type\":\"Sequence\",\"normalizers\":[", count: 200)
        + String(repeating: "]}", count: 200)),
    file(
      "decoder-null", nil, "\"decoder\": {\"type\": \"ByteLevel\"}", "\"decoder\": null"),
    file(
      "decoder-of-words", nil, "\"decoder\": {\"type\": \"ByteLevel\"}",
      "\"decoder\": {\"type\": \"WordPiece\"}"),
    file(
      "cuts-missing", nil,
      "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true,\n   "
        + "\"use_regex\": true}", "null"),
    file("dropout", "dropout;0.5", "\"dropout\": null", "\"dropout\": 0.5"),
    file(
      "unknown-token-unknown", "unk_token;<unk>", "\"unk_token\": null", "\"unk_token\": \"<unk>\""),
    file(
      "processor-unheard-of", "post_processor;Prayer", "\"post_processor\": null",
      "\"post_processor\": {\"type\": \"Prayer\"}"),
    file(
      "processor-past-the-tokens", "post_processor;98", "\"post_processor\": null",
      "\"post_processor\": {\"type\": \"RobertaProcessing\", \"sep\": [\"x\", 99], \"cls\": [\"y\", 98]}"
    ),
    file("a-field-unheard-of", "modle|did you mean", "\"decoder\":", "\"modle\": 1, \"decoder\":"),
    HostileInput("tokenizers/empty/tokenizer.json", "empty|json", text: ""),
    HostileInput(
      "tokenizers/cut/tokenizer.json", "json|end|no key", text: String(text().prefix(200))),
    HostileInput("tokenizers/of-holes/tokenizer.json", "control", size: 200 << 20) {
      Array("{\"version\": \"1.0\",".utf8)
    },
    HostileInput("tokenizers/past-the-limit/tokenizer.json", "limit", size: 1 << 34) { [0x7B] },
    regex("unclosed", "regex", "(a"), regex("unopened", "regex", "a)"),
    regex("class-unclosed", "regex", "[a"), regex("class-backwards", "regex", "[z-a]"),
    regex("nothing-repeated", "regex", "+a"), regex("a-reference", "regex", "(a)\\1"),
    regex("look-behind", "regex", "(?<=a)b"), regex("an-anchor", "regex", "^a$"),
    regex("a-million-times", "regex", "a{1000000}"),
    regex("counted-backwards", "regex", "a{3,2}"),
    regex("property-unheard-of", "regex", "\\p{Klingon}"),
    regex("nested-counts", "regex", "((((a{900}){900}){900}){900})"),
    regex(
      "deep", "regex", String(repeating: "(", count: 4_000) + String(repeating: ")", count: 4_000)),
    regex("long", "regex", String(repeating: "a", count: 100_000)),
    regex("a-code-past-unicode", "regex", "\\x{110000}"),
    regex("a-lone-slash", "regex|escape|json", "a\\"),
  ]
}
