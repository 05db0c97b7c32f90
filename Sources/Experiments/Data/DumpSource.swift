internal import Inputs
internal import JobFiles

/// `[source]`: a dump that activations or their means are taken from in place of being computed.
struct DumpSource: Sendable {
  let folder: JobPath
  /// For each sequence of the job the document that it is; nil: the one of the same number.
  let documents: [Int]?
  let place: JobPlace
  let documentsPlace: JobPlace

  /// - Parameter sequences: What documents stand for, such as `pairs`; nil where only means are read.
  init(_ f: inout Fields, for sequences: String? = nil) throws(Refusal) {
    (place, documentsPlace) = (f.place(of: "dump"), f.place(of: "documents"))
    folder = try f.required(
      "dump", .path("the folder of a run of the kind dump"),
      "The dump, finished and of the same model.")
    documents =
      if let sequences {
        try f.optional(
          "documents", .list(of: .int(0...Int(Int32.max)), "numbers of documents"),
          usually: "as many as there are \(sequences), in their order",
          "For each of the \(sequences) the number of the dump's document that is it.")
      } else { nil }
  }

  /// The dump as a job's input.
  var input: RunSection.Input { RunSection.Input("the dump", folder.resolved) }

  /// What is refused of the dump, by this field.
  func refusal(_ found: String, expected: String) -> Refusal {
    place.refusal("\(quoted(folder.written)) (\(found))", expected: expected)
  }

  /// What `body` reads of the dump; what the dump does not have is refused by this field.
  func reading<Value>(_ body: () throws(Refusal) -> Value) throws(Refusal) -> Value {
    do throws(Refusal) { return try body() } catch {
      guard error.kind == .store, error.field == "dump" else { throw error }
      throw refusal(error.found, expected: error.expected)
    }
  }

  func open() throws(Refusal) -> (reader: DumpReader, digest: String) {
    let reader = try folder.reading { () throws(Refusal) in try DumpReader(folder.resolved) }
    return (reader, try reading { () throws(Refusal) in try reader.digest })
  }

  /// A dump in a line.
  func line(_ what: String, _ reader: DumpReader) -> String {
    "\(what) from the dump \(escaped(folder.written))"
      + (reader.roundBits.map { ", rounded to \($0) bits of the mantissa" } ?? "")
  }
}
