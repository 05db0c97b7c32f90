internal import Cluster
internal import Figures
internal import Foundation
internal import Inputs
internal import JobFiles
internal import Models
internal import Prompts
internal import ResultsStore
internal import Tokenizers

/// Causal tracing: what comes back of an answer where clean states are put back into corrupted runs.
///
/// Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, section 2.1.
struct TraceKind: Kind {
  static let summary =
    "which states bring back a fact's answer after its subject is corrupted (causal tracing)"
  static let choices: Set<ShowOptions.Choice> = [.fact, .site, .metric, .average]
  static let exportsMeans = true

  let job: TraceJob
  let table: TraceTable

  init(_ spec: TraceSpec) throws(Refusal) {
    job = try TraceJob(spec)
    table = try TraceTable(
      spec,
      TraceOutline(
        layers: job.grid.layerCount, windows: job.published.shape.listedWindows,
        samples: job.grid.samples,
        facts: job.tracedFacts))
  }

  var cost: JobCost { TraceCost(job, table.plan).job }

  var weights: JobWeights? {
    JobWeights(
      checkpoint: job.published.checkpoint, section: spec.model, notes: job.published.notes)
  }

  var inputs: [JobInput] {
    [
      JobInput("facts", job.factsDigest), JobInput("tokenizer", job.tokenizer?.digest),
      JobInput("noise", job.noiseDigest),
    ]
  }

  func lines(limit: Int) throws(Refusal) -> [String] {
    var lines: [String] = []
    for fact in job.facts.prefix(limit) {
      let subject = Dictionary(uniqueKeysWithValues: (fact.subject ?? 0..<0).map { ($0, "") })
      func text(_ input: ResolvedInput, _ marks: [Int: String] = [:]) -> String {
        job.resolver.text(input, marking: marks).joined(separator: "|")
      }
      let tokens = fact.answers.map { escaped(job.resolver.prompts.text($0)) }
      let answer =
        fact.takesTop
        ? "the clean run's most probable token" : "\"\(tokens.joined(separator: "|"))\""
      let end = fact.skipped.map { "skipped: \($0)" } ?? answer
      lines.append("\(fact.id): \(text(fact.base, subject)) -> \(end)")
      lines += fact.sources.map { "  corrupted: \(text($0))" }
    }
    if job.facts.count > limit { lines.append("... and \(job.facts.count - limit) more") }
    lines += job.notes
    for (number, restoration) in spec.restore.enumerated() {
      let layers = table.grid.layers[number]
      let cells =
        job.traced.reduce(0) { $0 + table.grid.positions[number][$1].count } * layers.count
      lines.append(
        "\(restoration.name): window \(restoration.window), \(layers.count) layers, \(cells) cells")
    }
    return lines
  }

  var assumptions: [String] { job.notes }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(job.published, on: place.world)
    let runner = try place.world.agree {
      try TraceRunner(job, table.plan, model, threads: place.threads)
    }
    return Workers(
      .apart { unit, isGivenUp in try runner.compute(unit, unless: isGivenUp) },
      provenance: runner.noiseLevel.map { [.init("noise_level", .number($0))] } ?? [])
  }

  static func views(
    _ run: RunView<TraceTable>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    let figures = try TraceFigures(run, options)
    let chosen = options.average ? nil : try figures.fact(options.fact)
    let averages = options.fact == nil ? try figures.averageMaps() : nil
    guard chosen != nil || averages != nil else {
      throw run.nothing(
        options.average ? "no averages yet" : "no fact that is traced yet",
        expected: options.average
          ? "a finished run with a traced fact" : "a fact whose clean run is known")
    }
    var items = (averages ?? []).map { RunPictures.Item.heatMap($0) }
    if averages != nil {
      items.append(.text(try figures.averageNotes().joined(separator: "\n")))
    }
    guard let chosen else { return RunPictures(items, figure: try figures.averageFigure()) }
    items.append(.text(figures.title(of: chosen)))
    items += try figures.maps(of: chosen).map { .heatMap($0) }
    return RunPictures(items, figure: try figures.figure(of: chosen))
  }

  /// The cells that have a value: one line a sample, or one for their mean.
  static func rows(
    _ run: RunView<TraceTable>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows {
    let (table, bySample) = (run.table, !options.mean)
    let values = table.grid.metrics.flatMap { metric in
      [metric.rawValue] + (bySample ? [] : ["standard_error_\(metric.rawValue)"])
    }
    let names =
      ["fact", "site", "layer", "position", "token", "role"] + (bySample ? ["sample"] : [])
    return ExportRows(heading: (names + values).joined(separator: ",")) { (add) throws(Refusal) in
      for fact in table.facts.indices where table.status(fact, run.results) == .traced {
        for restoration in table.grid.restore.indices {
          for line in try lines(run, fact, restoration, bySample) { try add(line) }
        }
      }
    }
  }

  private static func lines(
    _ run: RunView<TraceTable>, _ fact: Int, _ restoration: Int, _ bySample: Bool
  ) throws(Refusal) -> [String] {
    let (table, grid, labels) = (run.table, run.table.grid, run.table.facts[fact])
    guard let cells = table.cells(fact: fact, restoration: restoration, knownBy: run.results) else {
      return []
    }
    let tables = grid.metrics.map { table.rounded(cells.floats($0)) }
    var lines: [String] = []
    for layer in grid.layers[restoration] {
      for position in grid.positions[restoration][fact] {
        let roles = labels.roles.roles(at: position).map(\.rawValue).joined(separator: " ")
        let place = [
          ExportRows.quoted(labels.id), grid.restore[restoration].name, "\(layer)", "\(position)",
          ExportRows.quoted(labels.tokens[position]), roles,
        ].joined(separator: ",")
        let start = (layer * grid.longest + position) * grid.samples
        let all = tables.map { Array($0[start..<start + grid.samples]) }
        if bySample {
          for sample in 0..<grid.samples {
            let values = all.map { $0[sample] }
            guard !values.allSatisfy(\.isNaN) else { continue }
            let cells = values.map(ExportRows.number).joined(separator: ",")
            lines.append("\(place),\(sample),\(cells)")
          }
        } else {
          let means = all.map { mean(of: $0.filter { !$0.isNaN }) }
          guard !means.allSatisfy(\.value.isNaN) else { continue }
          let cells = means.flatMap { [$0.value, $0.standardError].map(ExportRows.number) }
          lines.append("\(place),\(cells.joined(separator: ","))")
        }
      }
    }
    return lines
  }

  /// The mean over samples and its standard error, with n − 1; not a number for fewer than two.
  private static func mean(of values: [Float]) -> (value: Float, standardError: Float) {
    let n = Double(values.count)
    let mean = values.reduce(0.0) { $0 + Double($1) } / n
    let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (Float(mean), values.count > 1 ? Float((squares / (n - 1) / n).squareRoot()) : .nan)
  }
}

extension Table {
  /// Values as `save.round_bits` has them stored.
  func rounded(_ values: [Float]) -> [Float] {
    spec.save.roundBits.map { MantissaRounding.round(values, bits: $0) } ?? values
  }
}
