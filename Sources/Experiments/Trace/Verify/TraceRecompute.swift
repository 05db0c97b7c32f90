internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore
internal import Locks
internal import Randomness
internal import Tensors
internal import Tokenizers

/// Runs a sample of a trace's units again, and compares their bits with the journals': what finds
/// a processor that calculates wrongly.
struct TraceRecompute {
  struct Found {
    var units = 0
    var faults: [Refusal] = []
    var notes: [String] = []
  }

  private let reader: TraceReader
  private let journals: TraceJournals
  private let attempts: RunAttempts
  private let runner: TraceRunner
  private let chosen: [Int]
  private let threads: Int
  private let machine: String?

  /// - Throws: Where model, facts, tokenizer or noise are not to be had, or not those of the run.
  init(
    _ reader: TraceReader, _ journals: TraceJournals, _ attempts: RunAttempts, share: Double,
    seed: UInt64, threads: Int
  ) throws(Refusal) {
    precondition(share > 0 && share <= 1 && threads > 0, "\(share) on \(threads) threads")
    (self.reader, self.journals, self.attempts) = (reader, journals, attempts)
    self.threads = threads
    useOneBLASThread()
    let job = try TraceJob(reader.spec)
    guard job.grid.layerCount == reader.grid.layerCount, job.grid.roles == reader.grid.roles else {
      throw Refusal(
        .model, file: job.spec.model.path.written, found: "another grid of layers and tokens",
        expected: "the run's")
    }
    func check(_ name: String, _ found: String?, _ file: String) throws(Refusal) {
      guard found != reader.inputs[name] else { return }
      throw Refusal(
        .model, file: file, found: "\(name) with the SHA-256 \(found ?? "none")",
        expected: "\(reader.inputs[name] ?? "none"), as spec.json says")
    }
    let model = job.spec.model.path.written
    try check("model", try job.published.checkpoint.digest(), model)
    try check("facts", job.factsDigest, job.spec.data.fileName)
    try check("tokenizer", job.tokenizer?.digest, job.spec.model.tokenizer?.written ?? model)
    runner = try TraceRunner(
      job, reader.plan, try job.published.load(), threads: threads)
    try check("noise", runner.noiseDigest, job.spec.file)
    machine = try Self.otherMachine(reader.folder)
    let done = journals.entries.keys.sorted()
    let units = Philox(key: seed).order(of: done.count).map { done[$0] }
    let count = Int((Double(units.count) * share).rounded(.up))
    // Units of one fact share its base runs.
    chosen = units.prefix(count).sorted {
      (reader.plan.unit($0)?.fact ?? $0, $0) < (reader.plan.unit($1)?.fact ?? $1, $1)
    }
  }

  func run() -> Found {
    let (runner, chosen) = (runner, chosen)
    let results = concurrently(chosen.count, threads: threads) { place in
      Result { try runner.compute(chosen[place]) }
    }
    var found = Found(units: chosen.count)
    for (unit, result) in zip(chosen, results) {
      guard let entry = journals.entries[unit] else { continue }
      if let fault = fault(unit, entry, result) { found.faults.append(fault) }
    }
    if let machine {
      found.notes.append(
        "units were run again on \(machine): other rounding is no sign of a fault there")
    }
    return found
  }

  private func fault(
    _ unit: Int, _ entry: TraceJournals.Entry, _ result: Result<[UInt8], any Error>
  ) -> Refusal? {
    func refuse(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(.store, file: entry.file, field: field, found: found, expected: expected)
    }
    switch result {
    case .failure(let error):
      return refuse("unit \(unit)", "a result", "one that can be had again: \(escaped("\(error)"))")
    case .success(let bytes):
      guard bytes != entry.payload else { return nil }
      let start = unit < reader.plan.factCount ? 8 : 0
      let old = TraceMetrics.list(entry.payload, from: start)
      let new = TraceMetrics.list(bytes, from: start)
      let places = zip(old, new).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
      guard let place = places.first, place < min(old.count, new.count) else {
        return refuse("unit \(unit)", "another top token or foil", "that of running it again")
      }
      let host = entry.run.flatMap { run in
        entry.rank.flatMap { attempts.host(of: $0, in: run) }
      }
      let maker = entry.rank.map { "rank \($0)\(host.map { " on host \(escaped($0))" } ?? "")" }
      return refuse(
        TraceSelfTests.name(unit, place, reader),
        "log_probability \(old[place].logProbability) of \(maker ?? "an unknown rank"), and "
          + "\(places.count - 1) more cells that differ",
        "\(new[place].logProbability), as running it again gives")
    }
  }

  /// What of this machine rounds otherwise than the one that began the run; nil where it is alike.
  private static func otherMachine(_ folder: RunFolder) throws(Refusal) -> String? {
    let record = try folder.checkedProvenance()
    let (instructions, core) = (instructionSet(), blasCoreName())
    let before = (
      try record["instruction_set"].string(), try record["blas_core"].string()
    )
    guard before != (instructions, core) else { return nil }
    return "\(instructions) with OpenBLAS for \(core), not \(escaped(before.0)) with "
      + "\(escaped(before.1))"
  }
}
