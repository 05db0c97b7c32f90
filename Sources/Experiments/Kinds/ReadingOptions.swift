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
  package var fact: String?
  package var site: String?
  package var metric: String?
  /// The averages over facts.
  package var average = false

  package init() {}

  /// Refuses the options that choose what of a trace is drawn, for a run of another kind.
  func refuseChoices(of kind: JobKind, butMetric: Bool = false) throws(Refusal) {
    try kind.refuse(fact != nil, "--fact")
    try kind.refuse(site != nil, "--site")
    try kind.refuse(metric != nil && !butMetric, "--metric")
    try kind.refuse(average, "--average")
  }
}

/// What `show` draws: some for the terminal, and one picture for files.
package struct RunPictures: Sendable {
  package enum Item: Sendable {
    case text(String)
    case heatMap(HeatMap)
    case lines(LinePlot)
    case bars(BarChart)
  }

  package let items: [Item]
  package let figure: Figure?

  package init(_ items: [Item], figure: Figure?) {
    self.items = items
    self.figure = figure
  }
}

/// What `export` writes.
package struct ExportOptions: Sendable {
  /// A table of comma-separated values.
  package var csv: String?
  /// One line for the mean over samples, instead of one for each.
  package var mean = false
  /// Whether to replace files that are there.
  package var force = false

  package init() {}

  /// The file for a table, the only thing that runs of a kind are exported as.
  func table(of kind: JobKind) throws(Refusal) -> String {
    guard let csv else {
      throw Refusal(
        .commandLine, field: "--csv", found: "no file to write", expected: "--csv FILE")
    }
    // A mean over samples is a trace's alone.
    if kind != .trace { try kind.refuse(mean, "--mean") }
    return csv
  }
}

extension JobKind {
  /// Refuses an option that runs of this kind have no use for.
  fileprivate func refuse(_ isGiven: Bool, _ option: String) throws(Refusal) {
    guard isGiven else { return }
    throw Refusal(
      .commandLine, field: option, found: "the option, for a run of kind \(rawValue)",
      expected: "no such option")
  }
}
