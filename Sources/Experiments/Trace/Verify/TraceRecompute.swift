internal import Checkpoints
internal import Dispatch
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore
internal import Locks
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
    try ComputeRoom.take(threads: threads)
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
    var random = SeededGenerator(state: seed)
    let units = journals.entries.keys.sorted().shuffled(using: &random)
    let count = Int((Double(units.count) * share).rounded(.up))
    // Units of one fact share its base runs.
    chosen = units.prefix(count).sorted {
      (reader.plan.unit($0)?.fact ?? $0, $0) < (reader.plan.unit($1)?.fact ?? $1, $1)
    }
  }

  func run() -> Found {
    let next = Locked(0)
    let results = Locked<[Int: Result<[UInt8], any Error>]>([:])
    let (runner, chosen) = (runner, chosen)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let place = next.withLock { place in
          defer { place += 1 }
          return place
        }
        guard place < chosen.count else { return }
        let unit = chosen[place]
        let result = Result { try runner.compute(unit) }
        results.withLock { $0[unit] = result }
      }
    }
    var found = Found(units: chosen.count)
    let all = results.withLock { $0 }
    for unit in chosen {
      guard let entry = journals.entries[unit], let result = all[unit] else { continue }
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
    let (instructions, core) = (instructionSet(), BLAS.coreName)
    let before = (
      try record["instruction_set"].string(), try record["blas_core"].string()
    )
    guard before != (instructions, core) else { return nil }
    return "\(instructions) with OpenBLAS for \(core), not \(escaped(before.0)) with "
      + "\(escaped(before.1))"
  }
}

/// SplitMix64, to choose units by a seed. Steele et al., 2014.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
