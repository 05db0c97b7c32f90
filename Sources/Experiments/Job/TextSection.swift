package import Inputs

/// `[data]` of jobs that read plain texts: a file of them, or texts in the job itself.
package struct TextSection: Sendable {
  package enum Source: Sendable {
    case file(JobPath)
    /// `data.items`, in the job itself.
    case inline([TextItem])
  }

  package let source: Source
  /// At most so many texts, the first ones.
  package let limit: Int?
  /// Tokens of a text, at most; what comes after them is left out.
  package let length: Int?
  private let place: JobPlace

  package init(_ field: JobField, folder: String) throws(Refusal) {
    place = field.place
    let section = try field.table(known: ["texts", "items", "limit", "length"])
    try section.refuse("items", besides: "texts")
    if let items = section.optional("items") {
      var texts: [TextItem] = []
      for item in try items.items() { texts.append(try TextItem(item)) }
      guard !texts.isEmpty else {
        throw items.place.refusal("no texts", expected: "at least one text")
      }
      source = .inline(texts)
    } else {
      source = .file(
        try section.required("texts", expected: "a file of texts, or data.items")
          .path(from: folder))
    }
    limit = try section.optional("limit").map { (field) throws(Refusal) in
      try field.int(in: 1...Int(Int32.max))
    }
    length = try section.optional("length").map { (field) throws(Refusal) in
      try field.int(in: 1...Int(Int32.max))
    }
  }

  /// The texts, and the digest of the file that they came from.
  package func load() throws(Refusal) -> (texts: [TextItem], fileDigest: String?) {
    switch source {
    case .inline(let texts): return (Array(texts.prefix(limit ?? .max)), nil)
    case .file(let path):
      let file = try TextFile(reading: path.resolved)
      return (Array(file.texts.prefix(limit ?? .max)), file.digest)
    }
  }

  package var canonical: JobValue {
    var texts: JobValue?
    var items: JobValue?
    switch source {
    case .file(let path): texts = .text(path.written)
    case .inline(let list): items = .items(list.map(\.canonical))
    }
    return .fields([
      "texts": texts, "limit": limit.map(JobValue.int), "length": length.map(JobValue.int),
      "items": items,
    ])
  }
}

/// A text to run a model on: words, or the token ids that stand for them.
package struct TextItem: Sendable {
  package enum Content: Sendable {
    case text(String)
    case tokens([Int])
  }

  package let content: Content
  /// Where it stands.
  package let place: JobPlace

  /// A text; a list of token ids; or an object with `text` or `input_ids`.
  package init(_ field: JobField) throws(Refusal) {
    place = field.place
    switch field.value.content {
    case .string(let text): content = .text(text)
    case .list: content = .tokens(try Self.tokens(field))
    case .table:
      let section = try field.anyTable()
      try section.refuse("input_ids", besides: "text")
      if let tokens = section.optional("input_ids") {
        content = .tokens(try Self.tokens(tokens))
      } else {
        content = .text(try section.required("text", expected: "text, or input_ids").string())
      }
    default:
      throw field.refusal(expected: "a text, a list of token ids, or an object with one of them")
    }
  }

  init(line: String, at place: JobPlace) { (content, self.place) = (.text(line), place) }

  private static func tokens(_ field: JobField) throws(Refusal) -> [Int] {
    var tokens: [Int] = []
    for item in try field.items() { tokens.append(try item.int(in: 0...Int(Int32.max))) }
    return tokens
  }

  /// The token ids, checked against the model, cut to `length`.
  func tokens(
    by prompts: some PromptTokenizer, vocabulary: Int, context: Int, length: Int?
  ) throws(Refusal) -> [Int] {
    let all: [Int]
    switch content {
    case .tokens(let tokens): all = tokens
    case .text(let text): all = try prompts.encodeWithOffsets(text).map(\.id)
    }
    let ids = Array(all.prefix(length ?? .max))
    guard !ids.isEmpty else {
      throw place.refusal("a text without tokens", expected: "at least one token")
    }
    if let odd = ids.first(where: { $0 >= vocabulary }) {
      throw place.refusal(
        "the token id \(odd)", expected: "ids from 0 to \(vocabulary - 1), the model's vocabulary")
    }
    guard ids.count <= context else {
      throw place.refusal(
        "a text of \(ids.count) tokens",
        expected: "at most \(context), the model's context; data.length cuts longer ones")
    }
    return ids
  }

  package var canonical: JobValue {
    switch content {
    case .text(let text): .text(text)
    case .tokens(let tokens): .items(tokens.map(JobValue.int))
    }
  }
}
