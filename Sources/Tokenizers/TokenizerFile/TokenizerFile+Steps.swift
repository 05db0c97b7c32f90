internal import Inputs

extension TokenizerFile {
  /// Whether the normalizer is Unicode form C; it may do nothing, and nothing else.
  static func composes(_ normalizer: JSONField?) throws(Refusal) -> Bool {
    guard let normalizer, !normalizer.isNull else { return false }
    switch try normalizer["type"].string() {
    case "NFC":
      try normalizer.refuseUnknownKeys(known: ["type"])
      return true
    case "Sequence":
      try normalizer.refuseUnknownKeys(known: ["type", "normalizers"])
      var result = false
      for part in try normalizer["normalizers"].items() {
        result = try composes(part) || result
      }
      return result
    default: throw try unknownType(normalizer, "normalizer", known: ["NFC", "Sequence"])
    }
  }

  /// The steps of the pre-tokenizer, which must end in the byte alphabet.
  static func preTokenizers(_ field: JSONField) throws(Refusal) -> [PreTokenizer] {
    var reader = PreTokenizerReader()
    if !field.isNull { try reader.read(field) }
    guard reader.isByteLevel else {
      throw field.refusal(
        field.isNull ? "null" : "a pre-tokenizer without ByteLevel",
        expected: "ByteLevel, or a Sequence with it")
    }
    return reader.steps
  }

  private struct PreTokenizerReader {
    var steps: [PreTokenizer] = []
    var isByteLevel = false

    mutating func read(_ field: JSONField) throws(Refusal) {
      let type = try field["type"]
      // What follows ByteLevel would see the alphabet's letters in place of the text.
      guard !isByteLevel else {
        throw type.refusal(
          "the pre-tokenizer \(try quoted(type.string())) after ByteLevel", expected: "none there")
      }
      switch try type.string() {
      case "Sequence":
        try field.refuseUnknownKeys(known: ["type", "pretokenizers"])
        for part in try field["pretokenizers"].items() { try read(part) }
      case "ByteLevel":
        try field.refuseUnknownKeys(known: [
          "type", "add_prefix_space", "trim_offsets", "use_regex",
        ])
        if try flag("add_prefix_space", of: field, default: true) { steps.append(.leadingSpace) }
        if try flag("use_regex", of: field, default: true) {
          steps.append(
            .split(
              try Pattern(PublishedPreTokenizer.gpt2Pattern, file: field.file, field: field.path),
              .isolated, isInverted: false))
        }
        isByteLevel = true
      case "Digits":
        try field.refuseUnknownKeys(known: ["type", "individual_digits"])
        let isSingle = try flag("individual_digits", of: field, default: false)
        steps.append(
          .split(
            try Pattern(#"\p{N}"#, file: field.file, field: field.path),
            isSingle ? .isolated : .contiguous, isInverted: false))
      case "Split": steps.append(try split(field))
      default:
        throw try unknownType(
          field, "pre-tokenizer", known: ["ByteLevel", "Split", "Digits", "Sequence"])
      }
    }

    private func split(_ field: JSONField) throws(Refusal) -> PreTokenizer {
      try field.refuseUnknownKeys(known: ["type", "pattern", "behavior", "invert"])
      let source = try field["pattern"]
      try source.refuseUnknownKeys(known: ["Regex", "String"])
      let pattern: Pattern
      if let literal = try source.optional("String") {
        pattern = try Pattern(literal: literal.string(), file: field.file, field: literal.path)
      } else {
        let regex = try source["Regex"]
        pattern = try Pattern(regex.string(), file: field.file, field: regex.path)
      }
      let name = try field["behavior"]
      guard let behavior = try PreTokenizer.Behavior(rawValue: name.string()) else {
        throw name.refusal(
          name.value.kindName,
          expected: PreTokenizer.Behavior.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return .split(
        pattern, behavior, isInverted: try flag("invert", of: field, default: false))
    }
  }
}
