package import Figures
internal import Inputs

/// What `verify` looks at.
package struct VerifyOptions: Sendable {
  /// Where the job's paths start from, if its files have moved.
  package var pathsFrom: String?
  /// The share of the units to run again, above 0 and at most 1; nil for none.
  package var recompute: Double?
  /// Chooses the units.
  package var seed: UInt64 = 0
  package var threads = 1

  package init() {}
}

/// What `show` is asked to draw; nil stands for the kind's own choice.
package struct ShowOptions: Sendable {
  /// What can be chosen, each by kinds that have a use for it.
  package enum Choice: String, CaseIterable, Sendable { case fact, site, metric, average }

  package var fact: String?
  package var site: String?
  package var metric: String?
  /// The averages over facts.
  package var average = false

  package init() {}

  /// Refuses the choices that runs of a kind have no use for.
  func check(_ kind: JobKind, _ choices: Set<Choice>) throws(Refusal) {
    for choice in Choice.allCases where !choices.contains(choice) {
      let isGiven =
        switch choice {
        case .fact: fact != nil
        case .site: site != nil
        case .metric: metric != nil
        case .average: average
        }
      try kind.refuse(isGiven, "--\(choice.rawValue)")
    }
  }

  /// The place of a name that the user gave among a run's, or a refusal with the nearest one.
  static func place(
    of name: String?, in names: [String], _ option: Choice
  ) throws(Refusal) -> Int? {
    guard let name else { return nil }
    if let place = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) { return place }
    let shown = names.prefix(20).map(escaped).joined(separator: ", ")
    // One number is no more meant by another than the rest.
    let near = Int(name) == nil ? nearest(to: name, among: names) : nil
    throw Refusal(
      .commandLine, field: "--\(option.rawValue)",
      found: "\(quoted(name)), which this run does not have",
      expected: "a \(option.rawValue) of \(shown)\(names.count > 20 ? ", ..." : "")"
        + (near.map { " (did you mean \(escaped($0))?)" } ?? ""))
  }
}

/// What `show` draws: some for the terminal, and one picture for files.
package struct RunPictures: Sendable {
  package enum Item: Sendable {
    case text(String)
    case heatMap(HeatMap)
    case lines(LinePlot)
    case bars(BarChart)
    /// Texts under each other, their labels in one column.
    case passages([Passage])
    case answers(AnswerTable)
  }

  package let items: [Item]
  package let figure: Figure?

  package init(_ items: [Item], figure: Figure?) {
    self.items = items
    self.figure = figure
  }

  /// The same panels in the terminal as in the picture, under their title and above a table.
  package init(title: String, panels: [Figure.Panel], table: String? = nil) {
    let drawn = panels.map { panel -> Item in
      switch panel {
      case .heatMap(let map): .heatMap(map)
      case .lines(let plot): .lines(plot)
      case .bars(let chart): .bars(chart)
      }
    }
    items = [.text(title)] + drawn + (table.map { [Item.text($0)] } ?? [])
    figure = Figure(title: title, panels: panels)
  }
}

/// What `export` writes.
package struct ExportOptions: Sendable {
  /// A table of comma-separated values.
  package var csv: String?
  /// A file of tensors.
  package var safetensors: String?
  /// Of the tensors, those of this site and layer only.
  package var site: String?
  package var layer: Int?
  /// One line for the mean over samples, instead of one for each.
  package var mean = false
  /// Whether to replace files that are there.
  package var force = false

  package init() {}
}

/// A table in long form, for programs that read no arrays.
struct ExportRows {
  let heading: String
  /// Gives each line, without its end.
  let each: ((String) throws(Refusal) -> Void) throws(Refusal) -> Void

  /// A cell with quotation marks, after RFC 4180.
  static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// The shortest text that reads back as the same float; empty for none.
  static func number(_ value: Float) -> String { value.isNaN ? "" : "\(value)" }
}

extension JobKind {
  /// Refuses an option that runs of this kind have no use for.
  func refuse(_ isGiven: Bool, _ option: String) throws(Refusal) {
    guard isGiven else { return }
    throw Refusal(
      .commandLine, field: option, found: "the option, for a run of kind \(rawValue)",
      expected: "no such option")
  }
}
