package import Inputs

/// Where a value of a job stands: its file, its path inside, and its line when that is known.
///
/// Values that are checked again later, once the model is known, keep theirs to refuse by it.
package struct JobPlace: Sendable, Equatable {
  package let file: String
  /// Such as `restore[0].layers`; empty at the root.
  package let path: String
  package let origin: JobOrigin
  /// What refusals of the file are; specifications that other files hold are no jobs.
  package private(set) var kind = Refusal.Kind.job
  /// Whether null leaves a field out, as it does in specifications.
  package private(set) var leavesOutByNull = false
  /// Of members that stand elsewhere than under their names, the names on the way to them.
  private var ways: [String: [String]] = [:]

  package init(file: String, path: String = "", origin: JobOrigin = .unknown) {
    self.file = file
    self.path = path
    self.origin = origin
  }

  /// A place in a specification.
  package static func specification(_ field: JSONField) -> JobPlace {
    var place = JobPlace(file: field.file, path: field.path)
    (place.kind, place.leavesOutByNull) = (field.kind, true)
    return place
  }

  /// The path with the line, as a refusal names it.
  package var field: String {
    let origin =
      switch origin {
      case .line(let line): "line \(line)"
      case .option: "from --set"
      case .unknown: ""
      }
    return [path, origin].filter { !$0.isEmpty }.joined(separator: ", ")
  }

  package func refusal(_ found: String, expected: String) -> Refusal {
    Refusal(kind, file: file, field: field, found: found, expected: expected)
  }

  /// The place of a member; without an origin of its own it has that of the whole.
  package func member(_ key: String, origin: JobOrigin = .unknown) -> JobPlace {
    inner((ways[key] ?? [key]).reduce(path, Self.path), origin)
  }

  /// The same place of a table some of whose members are read under other names than they stand by.
  ///
  /// - Parameter ways: By the name that one is read under, the names on the way to it.
  package func finding(_ ways: [String: [String]]) -> JobPlace {
    var place = self
    place.ways = ways
    return place
  }

  package func item(_ index: Int, origin: JobOrigin = .unknown) -> JobPlace {
    inner("\(path)[\(index)]", origin)
  }

  private func inner(_ path: String, _ origin: JobOrigin) -> JobPlace {
    var place = JobPlace(
      file: file, path: path, origin: origin == .unknown ? self.origin : origin)
    (place.kind, place.leavesOutByNull) = (kind, leavesOutByNull)
    return place
  }

  /// `parent.key`, the key between quotation marks where it is no bare word.
  static func path(_ parent: String, _ key: String) -> String {
    let name = isBare(key) ? key : quoted(key)
    return parent.isEmpty ? name : "\(parent).\(name)"
  }

  /// Whether TOML takes the key without quotation marks.
  package static func isBare(_ key: String) -> Bool { !key.isEmpty && key.utf8.allSatisfy(isBare) }

  /// Whether the byte is one of a letter, digit, `_` and `-`.
  static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
