import Experiments
import Inputs
import ResultsStore

/// What commands print of a file or a run, for scripts to read.
enum ReportJSON {
  /// What was looked at, and what was found, a line each.
  static func lines(_ lines: [String], of path: String) -> String {
    let table: Attribute = ["path": .text(path), "lines": .list(lines.map { .text($0) })]
    return table.json
  }

  /// What `verify` found.
  static func verification(_ report: VerifyReport, of path: String) -> String {
    let faults = report.faults.map { fault -> Attribute in
      [
        "file": .text(fault.file), "field": .text(fault.field), "found": .text(fault.found),
        "expected": .text(fault.expected),
      ]
    }
    let table: Attribute = [
      "run": .text(path), "exit_code": .integer(Int(report.exitCode)), "faults": .list(faults),
      "lines": .list(report.lines.map { .text($0) }),
    ]
    return table.json
  }
}
