internal import Inputs

extension TokenizerFile {
  /// The steps of the decoder; none where it is null.
  static func decoders(_ field: JSONField?) throws(Refusal) -> [DecoderStep] {
    guard let field, !field.isNull else { return [] }
    func known(_ keys: String...) throws(Refusal) {
      try field.refuseUnknownKeys(known: ["type"] + keys)
    }
    func bytes(_ name: String, default value: String) throws(Refusal) -> [UInt8] {
      Array((try field.optional(name)?.string() ?? value).utf8)
    }
    switch try field["type"].string() {
    case "Sequence":
      try known("decoders")
      var result: [DecoderStep] = []
      for part in try field["decoders"].items() { result += try decoders(part) }
      return result
    case "ByteLevel":
      try known("add_prefix_space", "trim_offsets", "use_regex")
      return [.byteLevel]
    case "ByteFallback":
      try known()
      return [.byteFallback]
    case "Fuse":
      try known()
      return [.fuse]
    case "Strip":
      try known("content", "start", "stop")
      return [
        .strip(
          content: try bytes("content", default: " "), start: try field["start"].int(),
          stop: try field["stop"].int())
      ]
    case "Replace":
      try known("pattern", "content")
      let pattern = try field["pattern"]
      guard let literal = try pattern.optional("String") else {
        throw pattern.refusal(
          pattern.value.kindName, expected: "a pattern that is a text: {\"String\": ...}")
      }
      return [
        .replace(Array(try literal.string().utf8), with: Array(try field["content"].string().utf8))
      ]
    case "Metaspace":
      let rules = try metaspace(field)
      return [
        .metaspace(mark: Array(String(rules.mark).utf8), dropsFirst: rules.prefix != .never)
      ]
    case "WordPiece":
      try known("prefix", "cleanup")
      return [
        .wordPiece(
          continuation: try bytes("prefix", default: "##"),
          cleansUp: try flag("cleanup", of: field, default: true))
      ]
    case "BPEDecoder":
      try known("suffix")
      return [.wordEnd(try bytes("suffix", default: "</w>"))]
    default:
      throw try unknownType(
        field, "decoder",
        known: [
          "ByteLevel", "Metaspace", "ByteFallback", "Fuse", "Strip", "Replace", "WordPiece",
          "BPEDecoder", "Sequence",
        ])
    }
  }
}
