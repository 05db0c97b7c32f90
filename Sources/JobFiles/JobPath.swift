internal import Foundation
package import Inputs

/// A path in a job: as written, which the digest covers, and from the job file's folder.
package struct JobPath: Sendable, Equatable {
  package let written: String
  package let resolved: String
  /// Where it stands; nil of none.
  private let place: JobPlace?

  package init(written: String, resolved: String, at place: JobPlace? = nil) {
    (self.written, self.resolved, self.place) = (written, resolved, place)
  }

  package static func == (a: JobPath, b: JobPath) -> Bool {
    a.written == b.written && a.resolved == b.resolved
  }

  /// What `body` reads of the path. Where that cannot be read at all, it is refused by the field; what is
  /// wrong inside is refused by its own place.
  package func reading<Value>(_ body: () throws(Refusal) -> Value) throws(Refusal) -> Value {
    do throws(Refusal) { return try body() } catch {
      guard let place, error.file == resolved, error.field.isEmpty else { throw error }
      throw Refusal(
        error.kind, file: place.file, field: place.field,
        found: "\(quoted(written)) (\(error.found))", expected: error.expected)
    }
  }

  /// Refuses what it holds by its field.
  package func refusal(_ found: String, expected: String) -> Refusal {
    (place ?? JobPlace(file: resolved)).refusal(
      "\(quoted(written)) (\(found))", expected: expected)
  }
}

extension JobField {
  /// A path, relative to `folder` unless it begins with `/`; nothing in it is expanded.
  package func path(from folder: String) throws(Refusal) -> JobPath {
    let text = try string()
    guard !text.isEmpty else { throw refusal(expected: "a path") }
    guard text.utf8.count <= 4095 else {
      throw place.refusal(
        "a path of \(text.utf8.count) bytes", expected: "at most 4095 bytes (the limit)")
    }
    guard !text.utf8.contains(0) else { throw refusal(expected: "a path without NUL") }
    if text.hasPrefix("~") || text.hasPrefix("$") {
      throw refusal(
        expected:
          "a path written out, since only a shell expands ~ and $ (\"./\" before it otherwise)")
    }
    let full = text.hasPrefix("/") ? text : "\(folder)/\(text)"
    return JobPath(
      written: text, resolved: URL(fileURLWithPath: full).standardizedFileURL.path, at: place)
  }
}

extension JobPath {
  /// Whether this is the other path or lies inside it, links followed.
  package func isWithin(_ other: String) -> Bool {
    let (inner, outer) = (Self.real(resolved), Self.real(other))
    return inner == outer || inner.hasPrefix(outer.hasSuffix("/") ? outer : outer + "/")
  }

  /// The path with the links in its existing part followed.
  private static func real(_ path: String) -> String {
    var (existing, rest) = (URL(fileURLWithPath: path), [String]())
    while existing.path != "/", !FileManager.default.fileExists(atPath: existing.path) {
      rest.insert(existing.lastPathComponent, at: 0)
      existing.deleteLastPathComponent()
    }
    return rest.reduce(existing.resolvingSymlinksInPath()) { $0.appendingPathComponent($1) }.path
  }
}
