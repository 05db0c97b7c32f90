internal import Autodiff
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Locks
internal import Models
internal import Prompts
internal import ResultsStore
internal import Tensors

/// Computes units of a trace, on any compute thread of a rank.
final class TraceRunner: Sendable {
  private let job: TraceJob
  private let plan: TracePlan
  private let model: DecoderModel<Float>
  private let corruption: TraceCorruption
  private let restoring: Set<Site>
  private let bases: KeptValues<BaseKey, Base>

  private struct BaseKey: Hashable, Sendable {
    let fact: Int
    let block: Int
  }

  /// The base runs of a fact and a block of its samples, with what every unit of them needs beside
  /// them.
  private struct Base: Sendable {
    let samples: Range<Int>
    /// The clean run, then a corrupted one for each sample.
    let runs: BaseRuns
    let top: Int
    /// The answer's tokens that are read.
    let answers: [Int]
    /// How many of them, from the first, are the clean run's most probable ones.
    let leading: Int
    let foil: Int
    let clean: TraceMetrics
  }

  /// - Parameter threads: Compute threads; as many base runs are kept, and one more.
  init(_ job: TraceJob, _ plan: TracePlan, _ model: DecoderModel<Float>, threads: Int)
    throws(Refusal)
  {
    self.job = job
    self.plan = plan
    self.model = model
    corruption = try TraceCorruption(job, model)
    restoring = Set(job.spec.restore.map(\.site.site))
    bases = KeptValues(capacity: threads + 1)
  }

  /// The standard deviation of drawn noise.
  var noiseLevel: Double? { corruption.noiseLevel }

  /// The result of a unit as bytes: a baseline, or the metrics of its cells in their order.
  ///
  /// - Throws: `Stopped` soon after `isGivenUp` says that nobody wants it any more.
  func compute(_ number: Int, unless isGivenUp: () -> Bool = { false }) throws -> [UInt8] {
    guard let unit = plan.unit(number) else {
      return try baseline(number, unless: isGivenUp).bytes
    }
    let numbers = TraceCells(job.grid, fact: unit.fact, restoration: unit.restoration)
    let block = numbers.block(of: unit.cells.lowerBound)
    let base = try base(BaseKey(fact: unit.fact, block: block), unless: isGivenUp)
    let fact = job.facts[unit.fact]
    let cells = unit.cells.map { number in
      var cell = numbers[number]
      cell.base -= base.samples.lowerBound
      return cell
    }
    var bytes = ByteWriter()
    let all = TraceMetrics.of(
      try run(cells, base, unless: isGivenUp), model, answers: base.answers, foil: base.foil)
    try checkFinite(all, fact, "a patched run")
    for metrics in all { bytes.floats(metrics.values) }
    return bytes.bytes
  }

  private func run(
    _ cells: [Patch], _ base: Base, unless isGivenUp: () -> Bool
  ) throws -> Tensor<Float> {
    let reading = base.answers.count
    if job.spec.run.naive {
      return try NaiveSweep(model, base.runs, cells, reading: reading).run(unless: isGivenUp)
    }
    return try Staircase(model, base.runs, cells, reading: reading).run(unless: isGivenUp)
  }

  private func baseline(_ index: Int, unless isGivenUp: () -> Bool) throws -> TraceBaseline {
    let fact = job.facts[index]
    var baseline: TraceBaseline?
    var corrupted: [TraceMetrics] = []
    for block in job.grid.sampleBlocks(of: index).indices {
      let base = try base(BaseKey(fact: index, block: block), unless: isGivenUp)
      let streams = Tensor.concatenated(
        (1...base.samples.count).map {
          base.runs.lastStream(run: $0, reading: base.answers.count)
        })
      corrupted += TraceMetrics.of(streams, model, answers: base.answers, foil: base.foil)
      try checkFinite(corrupted, fact, "a corrupted run")
      baseline = TraceBaseline(
        top: base.top, foil: base.foil, clean: base.clean, corrupted: corrupted)
      if base.answers.count > 1 { baseline?.leading = base.leading }
      if fact.takesTop { baseline?.topText = job.resolver.prompts.text(base.top) }
    }
    guard let baseline else { preconditionFailure("fact \(index) has no samples") }
    return baseline
  }

  /// In the store a value that is not a number is one that was not asked for.
  private func checkFinite(
    _ metrics: [TraceMetrics], _ fact: ResolvedPrompt, _ what: String
  ) throws(Refusal) {
    guard metrics.allSatisfy({ $0.values.allSatisfy(\.isFinite) }) else {
      throw Refusal(
        .model, file: job.spec.model.path.written, field: "fact \(fact.id)",
        found: "metrics of \(what) that are not finite", expected: "finite activations and logits")
    }
  }

  private func base(_ key: BaseKey, unless isGivenUp: () -> Bool) throws -> Base {
    try bases.value(for: key) {
      try makeBase(
        key.fact, job.grid.sampleBlocks(of: key.fact)[key.block], unless: isGivenUp)
    }
  }

  private func makeBase(
    _ number: Int, _ samples: Range<Int>, unless isGivenUp: () -> Bool
  ) throws -> Base {
    let fact = job.facts[number]
    let runs = try BaseRuns(
      model, try corruption.runs(of: fact, samples), keeping: restoring, of: [0],
      unless: isGivenUp)
    let clean = runs.lastStream(run: 0, reading: fact.answers.count)
    var (logits, tops, areFinite) = ([Float](), [Int](), true)
    for start in stride(from: 0, to: clean.rows, by: TraceMemory.logitRows) {
      let rows = clean.rows(start..<min(start + TraceMemory.logitRows, clean.rows))
      let all = model.logits(Variable(rows), on: Tape()).value
      areFinite = areFinite && all.elements.allSatisfy(\.isFinite)
      tops += (0..<all.rows).map { all.rows($0..<$0 + 1).elements.firstLargest() }
      if start == 0 { logits = all.rows(0..<1).elements }
    }
    let top = tops[0]
    let answers = fact.takesTop ? [top] : fact.answers
    let foil = fact.foil ?? logits.firstLargest(except: answers[0])
    let metrics = TraceMetrics.of(clean, model, answers: answers, foil: foil)
    guard areFinite, let metrics = metrics.first else {
      throw Refusal(
        .model, file: job.spec.model.path.written, field: "fact \(fact.id)",
        found: "logits of the clean run that are not finite", expected: "finite logits")
    }
    return Base(
      samples: samples, runs: runs, top: top, answers: answers,
      leading: zip(tops, answers).prefix { $0 == $1 }.count, foil: foil, clean: metrics)
  }
}
