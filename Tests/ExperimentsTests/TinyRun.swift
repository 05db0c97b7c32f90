import Checkpoints
import Cluster
import Foundation
import Inputs
import JobFiles
import Locks
import Models
import ResultsStore
import Tensors
import Testing
import _TestSupport

@testable import Experiments

/// A folder with a random model, facts and a job, in which traces run in this process.
final class TinyRun: Sendable {
  let root: String
  /// The run's folder.
  let path: String

  /// Each fact: tokens, the subject's, the answer.
  struct Fact {
    var ids: [Int]
    var subject: Range<Int>
    var answer: Int
  }

  static let facts = [
    Fact(ids: [3, 17, 5, 22, 9], subject: 1..<3, answer: 7),
    Fact(ids: [8, 2, 30, 11, 4, 6], subject: 2..<5, answer: 12),
    Fact(ids: [1, 28, 19], subject: 0..<1, answer: 33),
  ]

  init(facts: [Fact] = TinyRun.facts, job: String = "") throws {
    root =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("tiny-run-\(UUID().uuidString)").path
    path = root + "/run"
    try FileManager.default.createDirectory(
      atPath: root + "/model", withIntermediateDirectories: true)
    try writeModel()
    let items = facts.enumerated().map { number, fact in
      """
      {"id": "f\(number)", "input_ids": \(fact.ids), "answer_id": \(fact.answer), \
      "subject_range": [\(fact.subject.lowerBound), \(fact.subject.upperBound)]}
      """
    }
    try write("facts.json", "[\(items.joined(separator: ",\n"))]")
    try write(
      "job.toml",
      """
      kind = "trace"
      [model]
      path = "model"
      [data]
      facts = "facts.json"
      \(job.isEmpty ? TinyRun.job() : job)
      """)
  }

  /// What follows `[data]` in the job file.
  static func job(filter: String = "none", samples: Int = 2, noise: Double = 2) -> String {
    """
    filter = "\(filter)"
    [corrupt]
    noise = \(noise)
    samples = \(samples)
    [[restore]]
    site = "block_output"
    [[restore]]
    site = "mlp_output"
    window = 2
    positions = ["subject", "last"]
    """
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(root)/\(name)"))
  }

  private func writeModel() throws {
    let shape = DecoderShape.llama(
      layers: 3, width: 24, heads: 4, keyHeads: 2, mlpWidth: 32, vocabulary: 40)
    var random = SeededRandom(seed: 5)
    var writer = SafetensorsWriter()
    for weight in shape.weights {
      let size = shape.size(of: weight) ?? []
      // Gains near one, the rest near what keeps activations tame.
      let values = Tensor<Float>.normal(size, using: &random).elements.map {
        size.count == 1 ? 1 + $0 / 10 : $0 / 3
      }
      writer.add(PublishedNames(.llama).place(of: weight, shape).name, shape: size, values)
    }
    try writer.write(to: root + "/model/model.safetensors")
    try write(
      "model/config.json",
      """
      {"model_type": "llama", "hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 3,
       "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_act": "silu",
       "rms_norm_eps": 1e-5, "vocab_size": 40, "max_position_embeddings": 64,
       "tie_word_embeddings": false, "rope_theta": 10000.0}
      """)
  }

  /// Runs the job, or goes on with it.
  ///
  /// - Parameters:
  ///   - limit: Asks for a stop after so many units of the second phase; nil for none.
  ///   - between: Called after each unit, before the next.
  ///   - threads: Compute threads.
  ///   - stop: Asks for a stop, perhaps before the run has begun.
  @discardableResult
  func run(
    stoppingAfter limit: Int? = nil, threads: Int = 1, stop: StopSignal = StopSignal(),
    between: @escaping @Sendable () -> Void = {}
  ) throws -> RunOutcome {
    var options = RunOptions(output: path)
    options.threads = threads
    // The lease of a stopped run is this process's, which lives.
    options.takeOver = true
    let engine = RunEngine<TraceKind>(
      RunLaunch(
        try MPIEnvironment(environment: [:]), options,
        observer: StoppingObserver(stop, after: limit, between: between), stop: stop))
    let job = root + "/job.toml"
    return try engine.run { () throws(Refusal) in try TraceSpec(JobDocument(reading: job)) }
  }

  /// The outcome of a run of which nothing failed.
  static func finished(units: Int, facts: Int = 3, skipped: Int = 0) -> RunOutcome {
    .finished(
      summary: "\(units) units done, 0 failed; facts \(facts - skipped) of \(facts) done, 0 left, "
        + "\(skipped) skipped, 0 failed", failed: 0)
  }

  func reader() throws(Refusal) -> RunReader<TraceTable> {
    try RunReader(TraceKind.self, RunFolder.open(path))
  }

  func array(_ name: String) throws -> ZarrArray { try #require(try reader().store).array(name) }

  func view() throws(Refusal) -> RunView<TraceTable> { try RunView(TraceKind.self, path) }

  func figures(_ change: (inout ShowOptions) -> Void = { _ in }) throws(Refusal) -> TraceFigures {
    var options = ShowOptions()
    change(&options)
    return try TraceFigures(view(), options)
  }

  func journals() throws(Refusal) -> UnitJournals<TraceTable> {
    let reader = try reader()
    return try UnitJournals(reading: reader.folder, reader.table)
  }

  func verify(
    _ change: (inout VerifyOptions) -> Void = { _ in }
  ) throws(Refusal) -> VerifyReport {
    var options = VerifyOptions()
    change(&options)
    return try RunVerifier<TraceKind>.verify(path, options)
  }

  /// What `status` says of the run.
  struct Told {
    let lines: [String]
    let exitCode: Int32
    let json: JSONField

    var done: Int { get throws(Refusal) { try json["units"]["done"].int() } }
    var left: Int { get throws(Refusal) { try json["units"]["left"].int() } }
    var notes: Int { get throws(Refusal) { try json["notes"].items().count } }
    var coreHours: Double? {
      get throws(Refusal) { try json.optional("core_hours_left")?.double() }
    }
  }

  func status() throws(Refusal) -> Told {
    let status = try RunStatus(TraceKind.self, path)
    return Told(
      lines: status.lines(limit: 100), exitCode: status.exitCode,
      json: JSONField(
        try JSON.parse(Array(status.json.utf8), file: "status", kind: .store), file: "status",
        kind: .store))
  }

  /// The paths of all files below the run's folder, relative and sorted.
  func files() -> [String] {
    let all = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
    return all.filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }
}

/// Asks for a stop once enough cells' units are done.
private final class StoppingObserver: RunObserver {
  private let stop: StopSignal
  private let limit: Int?
  private let between: @Sendable () -> Void
  private let phase = Locked("")

  init(_ stop: StopSignal, after limit: Int?, between: @escaping @Sendable () -> Void) {
    (self.stop, self.limit, self.between) = (stop, limit, between)
  }

  func begin(_ phase: String, of unit: String, total: Int, done: Int) {
    self.phase.withLock { $0 = phase }
    if phase == "cells", limit == 0 { stop.request() }
  }
  func advance(done: Int, failed: Int) {
    between()
    if let limit, phase.withLock({ $0 }) == "cells", done >= limit { stop.request() }
  }
  func advance(step: Int, of steps: Int, name: String) {}
  func end() {}
  func note(_ text: String) {}
}
