internal import Foundation
package import Inputs
internal import JobFiles

/// Texts read from a file: one a line, or JSON lines (`.jsonl`, `.ndjson`) with `text` or
/// `input_ids`. Blank lines are passed over.
package struct TextFile: Sendable {
  package let texts: [TextItem]
  /// SHA-256 of the file's bytes.
  package let digest: String

  package static let sizeLimit = 1 << 30

  package init(reading file: String) throws(Refusal) {
    let bytes = try BoundedFile(file, kind: .job).readAll(limit: Self.sizeLimit)
    try self.init(bytes, file: file)
  }

  /// - Parameter file: The name that refusals give, and whose ending decides the format.
  package init(_ bytes: [UInt8], file: String) throws(Refusal) {
    let name = file.lowercased()
    var texts: [TextItem] = []
    if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
      try JSONLines.read(bytes, file: file) { (field) throws(Refusal) in
        texts.append(try TextItem(field))
      }
    } else {
      texts = try Self.lines(bytes, file: file)
    }
    guard !texts.isEmpty else {
      throw Refusal(.job, file: file, found: "no texts", expected: "at least one, one a line")
    }
    self.texts = texts
    digest = Digest.of(bytes)
  }

  private static func lines(_ bytes: [UInt8], file: String) throws(Refusal) -> [TextItem] {
    var texts: [TextItem] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      let place = JobPlace(file: file, origin: .line(number + 1))
      var line = number == 0 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      guard let text = String(validating: line, as: UTF8.self), !text.utf8.contains(0) else {
        throw place.refusal("bytes that are not text", expected: "UTF-8 without NUL")
      }
      guard !text.allSatisfy(\.isWhitespace) else { continue }
      texts.append(TextItem(line: text, at: place))
    }
    return texts
  }
}
