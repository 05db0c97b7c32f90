internal import Foundation
internal import Inputs

extension TokenizerFile {
  /// The steps of the normalizer.
  static func normalizers(_ field: JSONField?) throws(Refusal) -> [NormalizerStep] {
    guard let field, !field.isNull else { return [] }
    func known(_ keys: String...) throws(Refusal) {
      try field.refuseUnknownKeys(known: ["type"] + keys)
    }
    let type = try field["type"].string()
    if let form = UnicodeForm(rawValue: type) {
      try known()
      return [.unicode(form)]
    }
    switch type {
    case "Sequence":
      try known("normalizers")
      var result: [NormalizerStep] = []
      for part in try field["normalizers"].items() { result += try normalizers(part) }
      return result
    case "Lowercase":
      try known()
      return [.lowercase]
    case "StripAccents":
      try known()
      return [.stripAccents]
    case "Nmt":
      try known()
      return [.nmt]
    case "ByteLevel":
      try known()
      return [.byteLetters]
    case "Strip":
      try known("strip_left", "strip_right")
      return [
        .strip(
          left: try flag("strip_left", of: field, default: true),
          right: try flag("strip_right", of: field, default: true))
      ]
    case "Prepend":
      try known("prepend")
      return [.prepend(Array(try field["prepend"].string().unicodeScalars))]
    case "Replace":
      try known("pattern", "content")
      return [
        .replace(
          try pattern(field["pattern"]), with: Array(try field["content"].string().unicodeScalars))
      ]
    case "Precompiled":
      try known("precompiled_charsmap")
      return try charsMap(field["precompiled_charsmap"])
    case "BertNormalizer":
      try known("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
      let lowercases = try flag("lowercase", of: field, default: true)
      return [
        .bert(
          BertRules(
            cleansText: try flag("clean_text", of: field, default: true),
            spreadsChinese: try flag("handle_chinese_chars", of: field, default: true),
            stripsAccents: try flag("strip_accents", of: field, default: lowercases),
            lowercases: lowercases))
      ]
    default:
      throw try unknownType(
        field, "normalizer",
        known: UnicodeForm.allCases.map(\.rawValue) + [
          "Lowercase", "StripAccents", "Strip", "Replace", "Prepend", "Precompiled",
          "BertNormalizer", "Nmt", "ByteLevel", "Sequence",
        ])
    }
  }

  /// A pattern as a text or a regular expression.
  static func pattern(_ field: JSONField) throws(Refusal) -> Pattern {
    try field.refuseUnknownKeys(known: ["Regex", "String"])
    if let literal = try field.optional("String") {
      return try Pattern(literal: literal.string(), file: field.file, field: literal.path)
    }
    let regex = try field["Regex"]
    return try Pattern(regex.string(), file: field.file, field: regex.path)
  }

  /// A compiled table in base 64; an empty one changes nothing.
  private static func charsMap(_ field: JSONField) throws(Refusal) -> [NormalizerStep] {
    if field.isNull { return [] }
    let text = try field.string()
    guard !text.isEmpty else { return [] }
    guard let blob = Data(base64Encoded: text) else {
      throw field.refusal("a text that is not base 64", expected: "a compiled table of characters")
    }
    return [
      .charsMap(
        try CharsMap(Array(blob)) { field.refusal($0, expected: "a compiled table of characters") })
    ]
  }
}
