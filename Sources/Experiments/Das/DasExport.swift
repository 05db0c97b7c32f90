internal import Checkpoints
internal import Foundation
internal import Inputs
internal import ResultsStore

/// A training job's results as a table, one line a training, after RFC 4180 with line feeds.
struct DasExport {
  private let reader: DasReader
  private let journals: DasJournals

  init(_ path: String) throws(Refusal) {
    let folder = try RunFolder.open(path)
    guard let reader = try DasReader(folder) else {
      throw Refusal(
        .store, file: folder.path, found: "a run that has only begun",
        expected: "results to export")
    }
    self.reader = reader
    journals = try DasJournals(reader)
  }

  /// Writes the table; the file appears when it is whole.
  ///
  /// - Returns: The number of lines below the heading.
  func write(to path: String, replacing: Bool) throws(Refusal) -> Int {
    guard replacing || !FileManager.default.fileExists(atPath: path) else {
      throw Refusal(
        .commandLine, file: path, found: "a file that is there", expected: "a new name, or --force")
    }
    var names = ["unit", "layer", "position", "width", "steps", "last_loss"]
    for split in Split.allCases {
      names += ["accuracy", "low", "high", "loss"].map { "\(split.rawValue)_\($0)" }
    }
    names.append("unchanged_accuracy")
    for control in DasResult.Control.allCases {
      names += ["", "_low", "_high"].map { control.name + $0 }
    }
    var lines = [names.joined(separator: ",")]
    for (unit, result) in journals.results.sorted(by: { $0.key < $1.key }) {
      lines.append(line(unit, result))
    }
    var file = try AtomicFile(path)
    try file.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    try file.commit()
    return lines.count - 1
  }

  private func line(_ unit: Int, _ result: DasResult) -> String {
    let point = reader.grid.point(unit)
    func interval(_ score: Score?) -> [String] {
      guard let score else { return ["", "", ""] }
      return ["\(score.accuracy)", "\(score.interval.low)", "\(score.interval.high)"]
    }
    let label = (point.position?.label ?? "").replacing("\"", with: "\"\"")
    var cells = ["\(unit)"]
    cells.append(point.layer.map { "\($0)" } ?? "")
    cells.append("\"\(label)\"")
    cells.append(point.width.map { "\($0)" } ?? "")
    cells.append("\(result.losses.count)")
    cells.append(result.losses.last.map { "\($0)" } ?? "")
    for score in result.scores {
      cells += interval(score)
      cells.append(score.map { "\($0.loss)" } ?? "")
    }
    cells.append(result.unchanged.map { "\($0.accuracy)" } ?? "")
    for score in result.controls { cells += interval(score) }
    return cells.joined(separator: ",")
  }
}
