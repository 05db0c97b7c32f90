internal import Autodiff
internal import Inputs
internal import Interventions
internal import Models
internal import Synchronization
internal import Tensors

/// Computes units of a trace, on any compute thread of a rank.
final class TraceRunner: Sendable {
  private let job: TraceJob
  private let plan: TracePlan
  private let model: DecoderModel<Float>
  private let noise: TraceNoise
  private let restoring: Set<Site>
  private let bases: KeptValues<Base>

  /// A fact's base runs, with what every unit of it needs beside them.
  private struct Base: Sendable {
    let runs: BaseRuns
    let noise: Tensor<Float>
    let top: Int
    let foil: Int
    let clean: TraceMetrics
  }

  /// - Parameter threads: Compute threads; as many facts' base runs are kept, and one more.
  init(_ job: TraceJob, _ plan: TracePlan, _ model: DecoderModel<Float>, threads: Int)
    throws(Refusal)
  {
    self.job = job
    self.plan = plan
    self.model = model
    noise = try TraceNoise(job, model)
    restoring = Set(job.spec.restore.map(\.site.site))
    bases = KeptValues(capacity: threads + 1)
  }

  /// SHA-256 of the noise file, and the standard deviation of drawn noise.
  var noiseDigest: String? { noise.fileDigest }
  var noiseLevel: Double? { noise.level }

  /// The result of a unit as bytes: a baseline, or the metrics of its cells in their order.
  ///
  /// - Throws: `CancellationError` soon after `isGivenUp` says that nobody wants it any more.
  func compute(_ number: Int, unless isGivenUp: () -> Bool = { false }) throws -> [UInt8] {
    guard let unit = plan.unit(number) else {
      return try baseline(number, unless: isGivenUp).bytes
    }
    let base = try base(unit.fact, unless: isGivenUp)
    let fact = job.facts[unit.fact]
    let numbers = TraceCells(job.grid, fact: unit.fact, restoration: unit.restoration)
    let cells = unit.cells.map { numbers[$0] }
    var bytes = ByteWriter()
    for metrics in TraceMetrics.of(
      try run(cells, base, fact, unless: isGivenUp), model, answer: fact.answerID, foil: base.foil)
    { bytes.floats(metrics.values) }
    return bytes.bytes
  }

  private func run(
    _ cells: [RestoredCell], _ base: Base, _ fact: TokenizedFact, unless isGivenUp: () -> Bool
  ) throws -> Tensor<Float> {
    if job.spec.run.naive {
      let sweep = NaiveSweep(
        model, base.runs, tokens: fact.ids, noise: base.noise, corrupted: fact.roles.subject)
      return try sweep.run(cells, unless: isGivenUp)
    }
    var staircase = Staircase(model, base.runs, cells)
    return try staircase.run(unless: isGivenUp)
  }

  private func baseline(_ index: Int, unless isGivenUp: () -> Bool) throws -> TraceBaseline {
    let base = try base(index, unless: isGivenUp)
    let fact = job.facts[index]
    let corrupted = base.runs.corruptedStreams(position: fact.ids.count - 1)
    return TraceBaseline(
      top: base.top, foil: base.foil, clean: base.clean,
      corrupted: TraceMetrics.of(corrupted, model, answer: fact.answerID, foil: base.foil))
  }

  private func base(_ index: Int, unless isGivenUp: () -> Bool) throws -> Base {
    try bases.value(for: index) { try makeBase(job.facts[index], unless: isGivenUp) }
  }

  private func makeBase(_ fact: TokenizedFact, unless isGivenUp: () -> Bool) throws -> Base {
    let drawn = try noise.noise(for: fact)
    let runs = try BaseRuns(
      model, tokens: fact.ids, noise: drawn, corrupted: fact.roles.subject, restoring: restoring,
      unless: isGivenUp)
    let clean = runs.cleanStream(position: fact.ids.count - 1)
    let logits = model.logits(Variable(clean), on: Tape()).value.elements
    let top = Self.largest(logits, except: nil)
    let foil = fact.foilID ?? Self.largest(logits, except: fact.answerID)
    let metrics = TraceMetrics.of(clean, model, answer: fact.answerID, foil: foil)
    guard logits.allSatisfy(\.isFinite), let metrics = metrics.first else {
      throw Refusal(
        .model, file: job.spec.model.path.written, field: "fact \(fact.fact.id)",
        found: "logits of the clean run that are not finite", expected: "finite logits")
    }
    return Base(runs: runs, noise: drawn, top: top, foil: foil, clean: metrics)
  }

  /// The first of the largest elements.
  private static func largest(_ values: [Float], except skipped: Int?) -> Int {
    var best = -1
    for (i, value) in values.enumerated() where i != skipped {
      if best < 0 || value > values[best] { best = i }
    }
    return best
  }
}

/// Values that are dear to make, the most recently used of which are kept.
final class KeptValues<Value: Sendable>: Sendable {
  private final class Entry: Sendable {
    let value = Mutex<Value?>(nil)
  }

  private let capacity: Int
  /// Keys from the least to the most recently used.
  private let entries = Mutex<[(key: Int, entry: Entry)]>([])

  init(capacity: Int) { self.capacity = capacity }

  /// The value of a key. Threads that want one that another is making wait for it.
  func value(for key: Int, make: () throws -> Value) throws -> Value {
    let entry = entries.withLock { entries in
      let known = entries.firstIndex { $0.key == key }.map { entries.remove(at: $0).entry }
      let entry = known ?? Entry()
      entries.append((key, entry))
      if entries.count > capacity { entries.removeFirst() }
      return entry
    }
    return try entry.value.withLock { value in
      if let value { return value }
      let made = try make()
      value = made
      return made
    }
  }
}
