internal import Foundation
internal import Inputs

/// What stands beside a tokenizer's vocabulary and changes what it does: `tokenizer_config.json`,
/// and in older folders `special_tokens_map.json` and `added_tokens.json`.
struct TokenizerConfig: Sendable {
  /// `tokenizer_class`, less the ending `Fast`.
  var name: String?
  var addsPrefixSpace: Bool?
  var addsBeginning: Bool?
  var addsEnd: Bool?
  var lowercases: Bool?
  var stripsAccents: Bool?
  var spreadsChinese: Bool?
  /// Whether a text behind a special token has a blank put in front, as SentencePiece would.
  var isLegacy: Bool?
  /// The named tokens: `bos_token`, `eos_token`, `unk_token`, `sep_token`, `cls_token` and others.
  var named: [String: String] = [:]
  /// Tokens with an id of their own.
  var added: [AddedToken] = []
  /// Special tokens that are named without an id.
  var additional: [String] = []
  /// The pattern by which a tiktoken file's words are cut.
  var pattern: String?
  var file = ""

  static let fileName = "tokenizer_config.json"
  private static let names = ["bos", "eos", "unk", "sep", "cls", "pad", "mask"]

  init() {}

  /// - Parameter folder: Where the files may stand; none is needed.
  init(in folder: String) throws(Refusal) {
    func load(_ name: String) throws(Refusal) -> JSONField? {
      let path = "\(folder)/\(name)"
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      return try JSONField.load(path, kind: .model, limit: 64 << 20)
    }
    if let map = try load("special_tokens_map.json") { try readNames(map) }
    if let list = try load("added_tokens.json") {
      for (content, id) in try list.members() {
        added.append(
          AddedToken(id: try id.int(), content: content, isSpecial: false, isNormalized: true))
      }
    }
    guard let config = try load(Self.fileName) else { return }
    file = config.file
    try readNames(config)
    name = try config.optional("tokenizer_class").map { (field) throws(Refusal) in
      let name = try field.string()
      return name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
    }
    func flag(_ key: String) throws(Refusal) -> Bool? { try config.optional(key)?.bool() }
    addsPrefixSpace = try flag("add_prefix_space")
    addsBeginning = try flag("add_bos_token")
    addsEnd = try flag("add_eos_token")
    lowercases = try flag("do_lower_case")
    stripsAccents = try flag("strip_accents")
    spreadsChinese = try flag("tokenize_chinese_chars")
    isLegacy = try flag("legacy")
    pattern = try config.optional("pat_str")?.string()
    for (key, token) in try config.optional("added_tokens_decoder")?.members() ?? [] {
      guard let id = Int(key), id >= 0, id <= Int32.max else {
        throw token.refusal("the id \(quoted(key))", expected: "a token id")
      }
      var new = try AddedToken(token)
      new.id = id
      added.removeAll { ByteKey($0.content) == ByteKey(new.content) }
      added.append(new)
    }
  }

  private mutating func readNames(_ object: JSONField) throws(Refusal) {
    func content(_ field: JSONField) throws(Refusal) -> String {
      if case .object = field.value { return try field["content"].string() }
      return try field.string()
    }
    for name in Self.names {
      if let field = try object.optional("\(name)_token") { named[name] = try content(field) }
    }
    if let list = try object.optional("additional_special_tokens") {
      for item in try list.items() { additional.append(try content(item)) }
    }
  }

  func text(_ name: String, default value: String? = nil) -> String? { named[name] ?? value }

  /// Whether the class is one of a family: `GPT2Tokenizer` is of `GPT2`.
  func isOf(_ families: String...) -> Bool {
    guard let name else { return false }
    return families.contains { name == "\($0)Tokenizer" }
  }
}

extension AddedToken {
  /// An added token as `tokenizer_config.json` writes it; its id stands elsewhere.
  init(_ field: JSONField) throws(Refusal) {
    let isSpecial = try TokenizerFile.flag("special", of: field, default: false)
    self.init(
      id: 0, content: try field["content"].string(), isSpecial: isSpecial,
      stripsLeft: try TokenizerFile.flag("lstrip", of: field, default: false),
      stripsRight: try TokenizerFile.flag("rstrip", of: field, default: false),
      isNormalized: try TokenizerFile.flag("normalized", of: field, default: !isSpecial),
      isSingleWord: try TokenizerFile.flag("single_word", of: field, default: false))
    guard content.utf8.count <= TokenizerPipeline.addedTokenLimit else {
      throw try field["content"].refusal(
        "a token of \(content.utf8.count) bytes",
        expected: "at most \(TokenizerPipeline.addedTokenLimit)")
    }
  }
}
