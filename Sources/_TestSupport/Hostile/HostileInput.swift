package import Foundation

/// A file or folder that a stranger hands over, and what `causeway inspect` must make of it.
package struct HostileInput: Sendable, CustomStringConvertible {
  /// The path below a folder of the test's, of the input itself.
  package let name: String
  /// What the refusal must name besides the path: `;` joins terms that must all be there, `|`
  /// alternatives. Nil where nothing is wrong and the input must be accepted.
  package let terms: String?
  /// The exit code of the refusal.
  package let code: Int32
  private let write: @Sendable (URL) throws -> Void

  package var description: String { name }

  /// A file with those bytes.
  ///
  /// - Parameter size: The file's size where it is larger than its bytes: the rest is a hole.
  package init(
    _ name: String, _ terms: String?, code: Int32 = 4, size: Int? = nil,
    _ bytes: @Sendable @escaping () throws -> [UInt8]
  ) {
    (self.name, self.terms, self.code) = (name, terms, code)
    write = { try Self.put(bytes(), size: size, at: $0) }
  }

  /// A file of text.
  package init(_ name: String, _ terms: String?, code: Int32 = 4, text: String) {
    self.init(name, terms, code: code) { Array(text.utf8) }
  }

  /// A folder with files in it.
  package init(
    _ name: String, _ terms: String?, code: Int32 = 4, folder: [String: [UInt8]],
    sizes: [String: Int] = [:]
  ) {
    (self.name, self.terms, self.code) = (name, terms, code)
    write = { url in
      for (file, bytes) in folder {
        try Self.put(bytes, size: sizes[file], at: url.appendingPathComponent(file))
      }
    }
  }

  /// Anything else, made by a function.
  package init(
    _ name: String, _ terms: String?, code: Int32 = 4,
    made: @Sendable @escaping (URL) throws -> Void
  ) {
    (self.name, self.terms, self.code) = (name, terms, code)
    write = made
  }

  /// Makes the input below a folder and returns its path.
  package func make(in folder: URL) throws -> String {
    let place = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try write(place)
    return place.path
  }

  private static func put(_ bytes: [UInt8], size: Int?, at url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    if let size {
      let handle = try FileHandle(forWritingTo: url)
      try handle.truncate(atOffset: UInt64(size))
      try handle.close()
    }
  }

  package static let all: [HostileInput] = [
    ofSafetensors, ofGGUF, ofGGUFModels, ofPyTorch, ofNumPy, ofZstd, ofConfigurations, ofIndexes,
    ofTokenizers, ofPaths, ofJobs,
  ].flatMap(\.self)
}

/// Whether a text holds the wanted terms: `;` joins terms that must all be there, `|` alternatives;
/// case does not matter.
package func holds(_ terms: String, in text: String) -> Bool {
  let text = text.lowercased()
  return terms.lowercased().split(separator: ";").allSatisfy { alternatives in
    alternatives.split(separator: "|").contains { text.contains($0) }
  }
}
