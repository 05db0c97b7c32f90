internal import Foundation
internal import Inputs

/// What killed runs leave behind under temporary names.
enum TemporaryFiles {
  /// The deepest nesting that a store has, with room.
  private static let depthLimit = 32

  /// Removes the temporary files of those runs, and no others; links are not followed.
  ///
  /// - Returns: The paths of the removed files.
  static func remove(
    below folder: String, of runs: Set<RunID>, depth: Int = 0
  ) throws(Refusal) -> [String] {
    guard !runs.isEmpty, depth < depthLimit else { return [] }
    var removed: [String] = []
    for name in try namesInFolder(folder) {
      let path = "\(folder)/\(name)"
      switch try FileKind.of(path) {
      case .folder: removed += try remove(below: path, of: runs, depth: depth + 1)
      case .regular:
        guard let temporary = TemporaryName(name), runs.contains(temporary.run) else { continue }
        if unlink(path) != 0 {
          let code = errno
          if code != ENOENT { throw refusal(of: code, "unlink", path) }
        }
        removed.append(path)
      case .missing, .link, .other: continue
      }
    }
    return removed
  }
}
