internal import Inputs

extension TokenizerFile {
  /// The special tokens that the post-processor puts around a single text.
  static func frame(_ field: JSONField?) throws(Refusal) -> SpecialFrame {
    guard let field, !field.isNull else { return SpecialFrame() }
    switch try field["type"].string() {
    case "ByteLevel":
      // It moves offsets only, and ours keep the spaces.
      try field.refuseUnknownKeys(known: ["type", "add_prefix_space", "trim_offsets", "use_regex"])
      return SpecialFrame()
    case "Sequence":
      try field.refuseUnknownKeys(known: ["type", "processors"])
      var result = SpecialFrame()
      for part in try field["processors"].items() {
        let inner = try frame(part)
        result.before = inner.before + result.before
        result.after += inner.after
      }
      return result
    case "TemplateProcessing": return try template(field)
    case "RobertaProcessing", "BertProcessing":
      try field.refuseUnknownKeys(known: [
        "type", "sep", "cls", "trim_offsets", "add_prefix_space",
      ])
      return SpecialFrame(
        before: [try pairId(field["cls"])], after: [try pairId(field["sep"])])
    default:
      throw try unknownType(
        field, "post-processor",
        known: [
          "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing", "Sequence",
        ])
    }
  }

  /// The id of `["<s>", 0]`.
  private static func pairId(_ field: JSONField) throws(Refusal) -> Int {
    let items = try field.items()
    guard items.count == 2 else {
      throw field.refusal(field.value.kindName, expected: "a token and its id")
    }
    return try items[1].int()
  }

  private static func template(_ field: JSONField) throws(Refusal) -> SpecialFrame {
    try field.refuseUnknownKeys(known: ["type", "single", "pair", "special_tokens"])
    let known = try field["special_tokens"]
    var frame = SpecialFrame()
    var hasText = false
    for item in try field["single"].items() {
      try item.refuseUnknownKeys(known: ["SpecialToken", "Sequence"])
      if let sequence = try item.optional("Sequence") {
        let name = try sequence["id"]
        guard try name.string() == "A", !hasText else {
          throw name.refusal(name.value.kindName, expected: "\"A\", once")
        }
        hasText = true
        continue
      }
      let name = try item["SpecialToken"]["id"].string()
      for id in try known[name]["ids"].items() {
        let id = try id.int()
        if hasText { frame.after.append(id) } else { frame.before.append(id) }
      }
    }
    guard hasText else {
      throw try field["single"].refusal(
        "a template without the text", expected: "the sequence \"A\"")
    }
    return frame
  }
}
