internal import Inputs
internal import Prompts
internal import ResultsStore

/// A kind whose units are trainings: what its runs are shown as, and written as a table.
protocol TrainingKind: Kind where Layout == TrainingTable<Trained> {
  associatedtype Trained: TrainingSpec
}

extension TrainingKind {
  static var choices: Set<ShowOptions.Choice> { [.metric] }

  static func views(
    _ run: RunView<Layout>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures { try DasFigures(run).pictures(options.metric) }

  static func rows(
    _ run: RunView<Layout>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows { run.trainingRows() }
}

extension RunView {
  /// One line a training.
  func trainingRows<Spec>() -> ExportRows where Layout == TrainingTable<Spec> {
    var names = ["unit", "layer", "position", "width", "steps", "last_loss"]
    for split in Split.allCases {
      names += ["accuracy", "low", "high", "loss"].map { "\(split.rawValue)_\($0)" }
    }
    names.append("unchanged_accuracy")
    for control in DasResult.Control.allCases where table.hasControls {
      names += ["", "_low", "_high"].map { control.name + $0 }
    }
    return ExportRows(heading: names.joined(separator: ",")) { (add) throws(Refusal) in
      for unit in results.done {
        if let result = results[unit] { try add(line(table.grid.point(unit), result)) }
      }
    }
  }

  private func line<Spec>(
    _ point: DasGrid.Point, _ result: DasResult
  ) -> String where Layout == TrainingTable<Spec> {
    func interval(_ score: Score?) -> [String] {
      guard let score else { return ["", "", ""] }
      return ["\(score.accuracy)", "\(score.interval.low)", "\(score.interval.high)"]
    }
    var cells = ["\(point.number)"]
    cells.append(table.layer(point).map { "\($0)" } ?? "")
    cells.append(ExportRows.quoted(table.position(point)))
    cells.append(table.width(point).map { "\($0)" } ?? "")
    cells.append("\(result.losses.count)")
    cells.append(result.losses.last.map { "\($0)" } ?? "")
    for score in result.scores {
      cells += interval(score)
      cells.append(score.map { "\($0.loss)" } ?? "")
    }
    cells.append(result.unchanged.map { "\($0.accuracy)" } ?? "")
    for score in result.controls where table.hasControls { cells += interval(score) }
    return cells.joined(separator: ",")
  }
}
