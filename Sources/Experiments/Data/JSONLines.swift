internal import Foundation
internal import Inputs
internal import JobFiles

/// A file of one JSON value a line, each with its place.
enum JSONLines {
  /// Bytes of one line.
  static let limit = 16 << 20

  /// Reads line by line; blank lines are passed over.
  static func read(
    _ bytes: [UInt8], file: String, each: (JobField) throws(Refusal) -> Void
  ) throws(Refusal) {
    let (newline, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    if !bytes.contains(newline), let place = bytes.firstIndex(of: carriage), place < bytes.count - 1
    {
      throw Refusal(
        .job, file: file, found: "lines that end in a carriage return alone",
        expected: "lines that end in a line feed")
    }
    var number = 0
    for line in bytes.split(separator: newline, omittingEmptySubsequences: false) {
      number += 1
      let place = JobPlace(file: file, origin: .line(number))
      guard line.count <= limit else {
        throw place.refusal(
          "a line of \(line.count) bytes", expected: "at most \(limit) bytes (the limit)")
      }
      let line = number == 1 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
      guard line.contains(where: { $0 != 32 && $0 != 9 && $0 != carriage }) else { continue }
      try each(JobField(try value(line, at: place), at: place))
    }
  }

  /// A line's value; the parser counts lines from its own start, so its place is told anew.
  private static func value(_ line: ArraySlice<UInt8>, at place: JobPlace) throws(Refusal)
    -> JobValue
  {
    do throws(Refusal) {
      return JobValue(
        json: try JSON.parse(line, file: place.file, kind: .job), origin: place.origin)
    } catch {
      let column = error.field.replacingOccurrences(of: "line 1, column", with: "column")
      throw JobPlace(file: place.file, path: column, origin: place.origin).refusal(
        error.found, expected: error.expected)
    }
  }
}
