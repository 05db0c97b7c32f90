package import Inputs
package import JobFiles
package import Prompts
internal import CausalModels

/// `[data]` of jobs that read plain texts: a file of them, or texts in the job itself.
package struct TextSection: Sendable {
  private enum Source: Sendable {
    case file(JobPath)
    /// `data.items`, in the job itself.
    case inline([WrittenText])
    /// The documents of a dump.
    case dump(JobPath)
  }

  private let source: Source
  /// At most so many texts, the first ones.
  private let limit: Int?
  /// Tokens of a text, at most; what comes after them is left out.
  let length: Int?
  let place: JobPlace

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
      "A text a line, blank lines passed over; in .jsonl and .ndjson an object a line, with text or "
        + "input_ids, in .json a list of them, or of texts. No token is put before a text.")
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
  package func load() throws(Refusal) -> (texts: [WrittenText], fileDigest: String?) {
    var texts: [WrittenText] = []
    var digest: String?
    switch source {
    case .inline(let own): texts = own
    case .dump(let path):
      let found = try path.reading { () throws(Refusal) in
        let dump = try DumpReader(path.resolved)
        do throws(Refusal) { return try dump.documents() } catch {
          // What the dump does not have.
          guard error.field == "dump" else { throw error }
          throw path.refusal(error.found, expected: error.expected)
        }
      }
      texts = found.ids.map { WrittenText(content: .tokens($0), place: place.member("dump")) }
      digest = found.digest
    case .file(let path):
      digest = try path.reading { () throws(Refusal) in
        try DataFile.read(path.resolved, .texts) { (field) throws(Refusal) in
          texts.append(try WrittenText(field))
        }
      }
    }
    return (limit.map { Array(texts.prefix($0)) } ?? texts, digest)
  }
}
