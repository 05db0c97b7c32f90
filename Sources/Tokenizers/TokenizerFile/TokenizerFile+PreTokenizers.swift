internal import Inputs

extension TokenizerFile {
  /// The steps of the pre-tokenizer, and whether the last of them is the byte alphabet.
  static func preTokenizers(
    _ field: JSONField?
  ) throws(Refusal) -> (steps: [PreTokenizer], endsInByteLevel: Bool) {
    guard let field, !field.isNull else { return ([], false) }
    var reader = PreTokenizerReader()
    try reader.read(field)
    return (reader.steps, reader.owesLetters)
  }

  /// The rules of a `Metaspace`, be it a pre-tokenizer or a decoder.
  static func metaspace(_ field: JSONField) throws(Refusal) -> Metaspace {
    try field.refuseUnknownKeys(known: [
      "type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split",
    ])
    var rules = Metaspace()
    let mark = try field["replacement"]
    let scalars = Array(try mark.string().unicodeScalars)
    guard scalars.count == 1 else {
      throw mark.refusal(mark.value.kindName, expected: "one character")
    }
    rules.mark = scalars[0]
    rules.cuts = try flag("split", of: field, default: true)
    let addsPrefix = try field.optional("add_prefix_space")?.bool()
    guard let scheme = try field.optional("prepend_scheme") else {
      rules.prefix = addsPrefix == false ? .never : .always
      return rules
    }
    guard let prefix = Metaspace.Prefix(rawValue: try scheme.string()) else {
      throw scheme.refusal(
        scheme.value.kindName,
        expected: Metaspace.Prefix.allCases.map(\.rawValue).joined(separator: ", "))
    }
    rules.prefix = prefix
    if addsPrefix == false, prefix != .never {
      throw scheme.refusal(scheme.value.kindName, expected: "never, as add_prefix_space is false")
    }
    return rules
  }

  private struct PreTokenizerReader {
    var steps: [PreTokenizer] = []
    /// ByteLevel was the last step; its letters are written only if another step sees them.
    var owesLetters = false

    private mutating func append(_ step: PreTokenizer) {
      if owesLetters { steps.append(.byteLetters) }
      owesLetters = false
      steps.append(step)
    }

    mutating func read(_ field: JSONField) throws(Refusal) {
      func known(_ keys: String...) throws(Refusal) {
        try field.refuseUnknownKeys(known: ["type"] + keys)
      }
      func pattern(_ source: String) throws(Refusal) -> Pattern {
        try Pattern(source, file: field.file, field: field.path)
      }
      switch try field["type"].string() {
      case "Sequence":
        try known("pretokenizers")
        for part in try field["pretokenizers"].items() { try read(part) }
      case "ByteLevel":
        try known("add_prefix_space", "trim_offsets", "use_regex")
        if try flag("add_prefix_space", of: field, default: true) { append(.leadingSpace) }
        if try flag("use_regex", of: field, default: true) {
          append(
            .split(try pattern(PublishedPreTokenizer.gpt2Pattern), .isolated, isInverted: false))
        }
        if owesLetters { steps.append(.byteLetters) }
        owesLetters = true
      case "Digits":
        try known("individual_digits")
        let isSingle = try flag("individual_digits", of: field, default: false)
        append(
          .split(
            try pattern(#"\p{N}"#), isSingle ? .isolated : .contiguous, isInverted: false))
      case "Whitespace":
        try known()
        append(.split(try pattern(#"\w+|[^\w\s]+"#), .removed, isInverted: true))
      case "WhitespaceSplit":
        try known()
        append(.split(try pattern(#"\s"#), .removed, isInverted: false))
      case "Punctuation":
        try known("behavior")
        append(
          .split(
            try pattern(##"[!-/:-@\[-`{-~\p{P}]"##),
            try behavior(field.optional("behavior")) ?? .isolated, isInverted: false))
      case "CharDelimiterSplit":
        try known("delimiter")
        let delimiter = try field["delimiter"]
        append(
          .split(
            try Pattern(literal: delimiter.string(), file: field.file, field: delimiter.path),
            .removed, isInverted: false))
      case "BertPreTokenizer":
        try known()
        append(.bert)
      case "Metaspace": append(.metaspace(try metaspace(field)))
      case "Split":
        try known("pattern", "behavior", "invert")
        append(
          .split(
            try TokenizerFile.pattern(field["pattern"]),
            try behavior(field["behavior"]) ?? .isolated,
            isInverted: try flag("invert", of: field, default: false)))
      default:
        throw try unknownType(
          field, "pre-tokenizer",
          known: [
            "ByteLevel", "Metaspace", "Whitespace", "WhitespaceSplit", "Split", "Digits",
            "Punctuation", "BertPreTokenizer", "CharDelimiterSplit", "Sequence",
          ])
      }
    }

    private func behavior(_ name: JSONField?) throws(Refusal) -> PreTokenizer.Behavior? {
      guard let name else { return nil }
      guard let behavior = try PreTokenizer.Behavior(rawValue: name.string()) else {
        throw name.refusal(
          name.value.kindName,
          expected: PreTokenizer.Behavior.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return behavior
    }
  }
}
