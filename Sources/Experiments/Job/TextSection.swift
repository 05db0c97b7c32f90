package import Inputs
package import JobFiles

/// `[data]` of jobs that read plain texts: a file of them, or texts in the job itself.
package struct TextSection: Sendable {
  package enum Source: Sendable {
    case file(JobPath)
    /// `data.items`, in the job itself.
    case inline([TextItem])
    /// The documents of a dump.
    case dump(JobPath)
  }

  package let source: Source
  /// At most so many texts, the first ones.
  package let limit: Int?
  /// Tokens of a text, at most; what comes after them is left out.
  package let length: Int?
  private let place: JobPlace

  package init(_ f: inout Fields) throws(Refusal) { try self.init(&f, areCut: true) }

  /// - Parameter areCut: Whether `length` cuts texts; a corpus has a context instead.
  init(_ f: inout Fields, areCut: Bool) throws(Refusal) {
    place = f.place
    let items = try f.optional(
      "items", .list(of: .textItem, "texts"), apartFrom: ["texts"],
      "Texts in the job itself, in place of a file.")
    let dump = try f.optional(
      "dump", .path("the folder of a run of the kind dump"), apartFrom: ["texts", "items"],
      "The documents of a dump, in place of a file.")
    let file = try f.optional(
      "texts", .path("a file of texts, or data.items"),
      needed: Fields.When(items == nil && dump == nil, "without items or dump"),
      "A text a line; in .jsonl and .ndjson an object a line, with text or input_ids.")
    source =
      items.map { .inline($0) } ?? dump.map { .dump($0) }
      ?? .file(file ?? JobPath(written: "", resolved: ""))
    limit = try f.optional(
      "limit", .int(1...Int(Int32.max)), usually: "all", "At most so many texts, the first.")
    length =
      areCut
      ? try f.optional(
        "length", .int(1...Int(Int32.max)), usually: "all of it", unit: "tokens",
        "Tokens of a text, at most; what comes after them is left out.") : nil
  }

  /// The texts, and the digest of the file that they came from.
  package func load() throws(Refusal) -> (texts: [TextItem], fileDigest: String?) {
    switch source {
    case .inline(let texts): return (Array(texts.prefix(limit ?? .max)), nil)
    case .dump(let path):
      let found = try DumpReader(path.resolved).documents()
      let texts = found.ids.map { TextItem(tokens: $0, at: place.member("dump")) }
      return (Array(texts.prefix(limit ?? .max)), found.digest)
    case .file(let path):
      let file = try TextFile(reading: path.resolved)
      return (Array(file.texts.prefix(limit ?? .max)), file.digest)
    }
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
      if let tokens = section.optional("input_ids") {
        guard section.optional("text") == nil else {
          throw tokens.place.refusal("input_ids beside text", expected: "one of the two")
        }
        content = .tokens(try Self.tokens(tokens))
      } else {
        content = .text(try section.required("text", expected: "text, or input_ids").string())
      }
    default:
      throw field.refusal(expected: "a text, a list of token ids, or an object with one of them")
    }
  }

  init(line: String, at place: JobPlace) { (content, self.place) = (.text(line), place) }

  init(tokens: [Int], at place: JobPlace) { (content, self.place) = (.tokens(tokens), place) }

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

extension FieldType where Value == TextItem {
  fileprivate static var textItem: FieldType {
    FieldType(
      "a text, a list of token ids, or a table with one of them in text or input_ids",
      placeholder: TextItem(line: "", at: JobPlace(file: "")), canonical: \.canonical
    ) { (field, _) throws(Refusal) in try TextItem(field) }
  }
}
