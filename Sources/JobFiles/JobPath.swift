internal import Foundation
package import Inputs

/// A path in a job: as written, which the digest covers, and from the job file's folder.
package struct JobPath: Sendable, Equatable {
  package let written: String
  package let resolved: String

  package init(written: String, resolved: String) {
    (self.written, self.resolved) = (written, resolved)
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
    return JobPath(written: text, resolved: URL(fileURLWithPath: full).standardizedFileURL.path)
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
