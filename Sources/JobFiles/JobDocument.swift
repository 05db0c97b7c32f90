internal import Foundation
package import Inputs

/// A job file as it was written: its fields in order, with their lines, before any is understood.
///
/// A name that ends in `.json` is JSON, every other one TOML. Both are strict: UTF-8, each key
/// once, no deeper than 64, at most 100,000 values, a regular file of at most 8 MiB.
package struct JobDocument: Sendable {
  /// The path as it was given.
  package let file: String
  package private(set) var root: JobValue
  /// The folder that the job's paths start from.
  package let folder: String
  package static let sizeLimit = 8 << 20
  package static let depthLimit = 64
  package static let valueLimit = 100_000

  /// Reads a job and puts the overrides in.
  package init(reading file: String, overrides: [String] = []) throws(Refusal) {
    let bytes = try BoundedFile(file, kind: .job).readAll(limit: Self.sizeLimit)
    try self.init(bytes, file: file, overrides: overrides)
  }

  /// - Parameter file: The name that refusals give, and whose ending decides the format.
  package init(_ bytes: [UInt8], file: String, overrides: [String] = []) throws(Refusal) {
    self.file = file
    folder = URL(fileURLWithPath: file).deletingLastPathComponent().standardizedFileURL.path
    if file.lowercased().hasSuffix(".json") {
      root = JobValue(
        json: try JSON.parse(
          bytes.unmarked, file: file, kind: .job, depth: Self.depthLimit,
          values: Self.valueLimit))
    } else {
      let text = try Self.text(bytes, file: file)
      root = try TOMLParser.parse(text, file: file)
    }
    guard case .table(let table) = root.content else {
      throw field.refusal(expected: "the fields of a job, such as kind and [model]")
    }
    try apply(overrides)
    guard !table.members.isEmpty || !overrides.isEmpty else {
      throw Refusal(
        .job, file: file, found: "an empty job", expected: "fields such as kind and [model]")
    }
  }

  /// A job as a run's folder keeps it, and the digests of its inputs that stand there beside it.
  ///
  /// - Parameter folder: Where the paths of the job start from.
  package static func ofRun(
    _ json: String, file: String, folder: String
  ) throws(Refusal) -> (document: JobDocument, inputs: JobTable) {
    let whole = JobValue(json: try JSON.parse(Array(json.utf8), file: file, kind: .store))
    guard case .table(var table) = whole.content,
      case .table(let inputs)? = table["inputs"]?.content
    else {
      throw Refusal(
        .store, file: file, found: "no table of inputs", expected: "a run's specification")
    }
    table["inputs"] = nil
    return (JobDocument(file: file, folder: folder, root: JobValue(.table(table))), inputs)
  }

  private init(file: String, folder: String, root: JobValue) {
    (self.file, self.folder, self.root) = (file, folder, root)
  }

  /// The whole job, to be read by key.
  package var field: JobField { JobField(root, at: JobPlace(file: file)) }

  private mutating func apply(_ texts: [String]) throws(Refusal) {
    var seen: Set<String> = []
    for text in texts {
      let override = try JobOverride(text)
      guard seen.insert(override.name).inserted else {
        throw Refusal(
          .commandLine, field: "--set \(override.name)", found: "the field set twice",
          expected: "each field once")
      }
      root = try override.applied(to: root, file: file)
    }
  }

  /// The text of a TOML file.
  private static func text(_ bytes: [UInt8], file: String) throws(Refusal) -> String {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw Refusal(.job, file: file, found: "UTF-16 text", expected: "TOML in UTF-8")
    }
    let bytes = bytes.unmarked
    if let place = bytes.firstIndex(of: 0) {
      throw Refusal(
        .job, file: file, field: position(place, in: bytes), found: "the character NUL",
        expected: "TOML text")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let place = firstInvalid(bytes)
      throw Refusal(
        .job, file: file, field: position(place, in: bytes), found: "bytes that are not UTF-8",
        expected: "TOML in UTF-8")
    }
    return text
  }

  private static func position(_ place: Int, in bytes: ArraySlice<UInt8>) -> String {
    let before = bytes[..<place]
    let line = before.count { $0 == 10 } + 1
    let start = before.lastIndex(of: 10).map { $0 + 1 } ?? bytes.startIndex
    return "line \(line), column \(place - start + 1)"
  }

  private static func firstInvalid(_ bytes: ArraySlice<UInt8>) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var place = bytes.startIndex
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      place += UTF8.width(scalar)
    }
    return min(place, bytes.endIndex - 1)
  }
}

extension JobValue {
  /// The same value, read from JSON.
  package init(json: JSON, origin: JobOrigin = .unknown) {
    let content: Content =
      switch json {
      case .null: .null
      case .bool(let flag): .bool(flag)
      case .number(let number):
        number.int.map { .integer($0) } ?? .number(number.double, text: number.text)
      case .string(let text): .string(text)
      case .array(let items): .list(items.map { JobValue(json: $0, origin: origin) })
      case .object(let object):
        .table(
          object.members.reduce(into: JobTable()) {
            $0[$1.key] = JobValue(json: $1.value, origin: origin)
          })
      }
    self.init(content, origin: origin)
  }

  /// The value as JSON.
  package var json: JSON {
    switch content {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .integer(let value): .number(JSONNumber(text: "\(value)"))
    case .number(let value, let text):
      .number(JSONNumber(text: value.isFinite ? "\(value)" : text))
    case .string(let text): .string(text)
    case .list(let items): .array(items.map(\.json))
    case .table(let table):
      .object(
        table.members.reduce(into: JSONObject()) { object, member in
          _ = object.insert(member.value.json, forKey: member.key)
        })
    }
  }
}
