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
    var names = ["unit", "layer", "position", "width", "steps", "last_loss"]
    for split in Split.allCases {
      names += ["accuracy", "low", "high", "loss"].map { "\(split.rawValue)_\($0)" }
    }
    names.append("unchanged_accuracy")
    for control in DasResult.Control.allCases {
      names += ["", "_low", "_high"].map { control.name + $0 }
    }
    var table = try TableFile(path, replacing: replacing, heading: names.joined(separator: ","))
    for (unit, result) in journals.results.sorted(by: { $0.key < $1.key }) {
      try table.add(line(unit, result))
    }
    let count = table.count
    try table.commit()
    return count
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
