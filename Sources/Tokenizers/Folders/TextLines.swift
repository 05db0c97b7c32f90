internal import Inputs

/// The lines of a text file, numbered from 1, without the ends that systems write differently.
struct TextLines {
  let lines: [(number: Int, text: String)]

  init(_ bytes: [UInt8], file: String) throws(Refusal) {
    var result: [(Int, String)] = []
    for (place, part) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      var part = part
      if part.last == 0x0D { part = part.dropLast() }
      if place == 0 { part = part.unmarked }
      guard let text = String(validating: part, as: UTF8.self) else {
        throw Refusal(
          .model, file: file, field: "line \(place + 1)", found: "bytes that are no UTF-8",
          expected: "text in UTF-8")
      }
      result.append((place + 1, text))
    }
    if result.last?.1.isEmpty == true { result.removeLast() }
    lines = result
  }
}
