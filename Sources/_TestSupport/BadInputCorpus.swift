internal import Foundation

/// The malformed files of the shared material, each with the terms that its refusal must name.
package struct BadInputCorpus {
  package struct Case: Sendable {
    /// Below the folder.
    package let file: String
    package let kind: String
    /// As `holds` takes them.
    package let terms: String
    /// `reject`, `accept` or `either`.
    package let expectation: String
  }

  package struct NotMade: Error {}

  package let cases: [Case]

  /// Makes the files in a folder.
  package init(in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3",
      SharedMaterial.root?.appendingPathComponent("badinputs/make_bad_inputs.py").path ?? "",
      folder,
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw NotMade() }
    let text = try String(contentsOfFile: folder + "/index.csv", encoding: .utf8)
    cases = Self.rows(ofCSV: text).dropFirst().filter { $0.count == 6 }.map {
      Case(file: $0[0], kind: $0[1], terms: $0[3], expectation: $0[4])
    }
  }

  /// The rows of a CSV text whose fields may be quoted.
  private static func rows(ofCSV text: String) -> [[String]] {
    var rows: [[String]] = [[""]]
    var isQuoted = false
    for character in text.replacing("\r\n", with: "\n") {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: rows[rows.count - 1].append("")
      case "\n" where !isQuoted: rows.append([""])
      default: rows[rows.count - 1][rows[rows.count - 1].count - 1].append(character)
      }
    }
    return rows
  }
}
