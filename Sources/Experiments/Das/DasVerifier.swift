internal import Cluster
internal import Foundation
internal import Inputs
internal import Interventions
internal import Models
internal import Randomness
internal import ResultsStore
internal import Tensors

/// Checks a training job's folder against itself: journals, arrays, trained interventions and
/// checkpoints; and by running trainings again.
struct DasVerifier {
  private var report = VerifyReport()
  private let folder: RunFolder
  private let attempts: RunAttempts
  private let isLive: Bool
  private let options: VerifyOptions

  static func verify(_ path: String, _ options: VerifyOptions) throws(Refusal) -> VerifyReport {
    var verifier = try DasVerifier(path, options)
    try verifier.run()
    return verifier.report
  }

  private init(_ path: String, _ options: VerifyOptions) throws(Refusal) {
    folder = try RunFolder.open(path)
    self.options = options
    attempts = RunAttempts(folder)
    isLive = try RunHolder.of(folder)?.life == .alive
  }

  private var isFinished: Bool { attempts.attempts.contains { $0.end != nil } }

  private mutating func run() throws(Refusal) {
    report.checkRecords(folder, attempts)
    let (folder, pathsFrom) = (folder, options.pathsFrom)
    let known = report.faults.count
    let reader = report.attempt { () throws(Refusal) in
      try DasReader(folder, pathsFrom: pathsFrom)
    }
    guard let reader else {
      if report.faults.count == known { report.note("the run has only begun") }
      return
    }
    report.isPlanned = true
    if reader.pretrains { try checkPretraining() }
    guard let journals = report.attempt({ () throws(Refusal) in try DasJournals(reader) }) else {
      return
    }
    for finding in journals.findings { report.take(finding, isLive: isLive) }
    for fault in journals.faults { report.add(fault) }
    report.count(journals.fileCount, "journals with \(journals.results.count) results")
    checkCoverage(reader, journals)
    try checkArrays(reader, journals)
    checkInterventions(reader, journals)
    report.checkCheckpoints(of: .training, units: reader.grid.count, in: folder)
    if let share = options.recompute { try recompute(reader, journals, share) }
  }

  private mutating func checkPretraining() throws(Refusal) {
    guard TrainingFiles.exists(folder.pretraining) else {
      if isFinished {
        report.add(
          Refusal(
            .store, file: folder.pretraining, found: "nothing",
            expected: "the run in which the model was trained"))
      }
      return
    }
    var options = options
    // Its job's files start from where this one's do.
    if options.pathsFrom == nil { options.pathsFrom = try folder.pathsFrom() }
    report.join(try Self.verify(folder.pretraining, options), of: "the model's training")
  }

  private mutating func checkCoverage(_ reader: DasReader, _ journals: DasJournals) {
    for unit in 0..<reader.grid.count where journals.results[unit] == nil {
      if journals.failures[unit] != nil {
        report.unitsFailed += 1
      } else if isFinished {
        report.add(
          Refusal(
            .store, file: folder.journal, field: "unit \(unit)", found: "no result",
            expected: "one, since the run has come to its end"))
      } else {
        report.unitsLeft += 1
      }
    }
  }

  /// Each file's values are made again from the journals, and compared.
  private mutating func checkArrays(
    _ reader: DasReader, _ journals: DasJournals
  ) throws(Refusal) {
    var equal = 0
    for (unit, result) in journals.results.sorted(by: { $0.key < $1.key }) {
      for (name, values) in reader.layout.values(of: result) {
        let array = try reader.store.array(name)
        let index = DasLayout.index(reader.grid.point(unit), array)
        let path = array.path(ofFile: index)
        let stored = report.attempt { () throws(Refusal) in try ArrayValues.read(array, at: index) }
        guard let stored else {
          // Results are in the journal first; the arrays follow.
          if isFinished {
            report.add(
              Refusal(
                .store, file: path, found: "nothing", expected: "the result of unit \(unit)"))
          }
          continue
        }
        if let (place, mine, others) = stored.difference(from: values) {
          report.add(
            Refusal(
              .store, file: path, field: "element \(place)", found: mine,
              expected: "\(others), as the journal has it"))
        } else {
          equal += 1
        }
      }
    }
    for (name, values) in reader.layout.labels {
      let array = try reader.store.array(name)
      let stored = report.attempt { () throws(Refusal) in
        try ArrayValues.read(array, at: array.onlyFile)
      }
      if let stored, let (place, mine, others) = stored.difference(from: values) {
        report.add(
          Refusal(
            .store, file: array.path, field: "element \(place)", found: mine, expected: others))
      }
    }
    report.count(equal, "files of arrays against the journals")
  }

  private mutating func checkInterventions(_ reader: DasReader, _ journals: DasJournals) {
    var count = 0
    for (unit, result) in journals.results.sorted(by: { $0.key < $1.key }) {
      let path = reader.spec.trained(reader.grid.point(unit), in: folder.path)
      let digest = report.attempt { () throws(Refusal) in try TrainingFiles.digest(of: path) }
      guard let digest else { continue }
      if digest == result.parametersDigest {
        count += 1
      } else {
        report.add(
          Refusal(
            .store, file: path, found: "other files than were trained (\(digest))",
            expected: "\(result.parametersDigest), as the journal says"))
      }
    }
    report.count(count, "folders of trained parameters against the journals")
  }

  /// Runs a share of the trainings again, from their beginnings.
  private mutating func recompute(
    _ reader: DasReader, _ journals: DasJournals, _ share: Double
  ) throws(Refusal) {
    try ComputeRoom.take(threads: 1)
    let done = journals.results.keys.sorted()
    let count = min(done.count, max(1, Int((Double(done.count) * share).rounded(.up))))
    let order = Philox(key: options.seed).order(of: done.count)
    let scratch = NSTemporaryDirectory() + "/causeway-verify-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    do {
      try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    } catch {
      throw Refusal(.resources, file: scratch, found: systemMessage(), expected: "a scratch folder")
    }
    let units = order.prefix(count).map { done[$0] }.sorted()
    var repeated: [Int: [UInt8]] = [:]
    do {
      if let spec = reader.spec as? ModelTrainSpec {
        repeated = try ModelTrainRun.results(of: spec, scratch: scratch + "/unit")
      } else if let spec = reader.spec as? DasSpec {
        repeated = try results(of: spec, units, scratch: scratch + "/unit")
      }
    } catch { throw Refusal(error, on: "this process") }
    for (unit, bytes) in repeated.sorted(by: { $0.key < $1.key })
    where bytes != journals.payloads[unit] {
      report.add(
        Refusal(
          .store, file: folder.journal, field: "unit \(unit) (\(reader.grid.point(unit).text))",
          found: "another result than a training here gives",
          expected: "the same bytes; provenance.json says which processor made them"))
    }
    report.count(repeated.count, "units by running them again (seed \(options.seed))")
  }

  private func results(
    of spec: DasSpec, _ units: [Int], scratch: String
  ) throws -> [Int: [UInt8]] {
    let job = try DasJob(spec)
    let model: any TrainableModel<Float>
    switch job.weights {
    case .published(let opened, _): model = try opened.load()
    case .trained:
      try Pretraining.check(folder.pretraining)
      model = try OpenedModel("\(folder.pretraining)/model").load()
    }
    var results: [Int: [UInt8]] = [:]
    for unit in units {
      let problem = try DasProblem(job, job.grid.point(unit), model)
      let training = DasTraining(
        runner: DasRunner(problem, budget: job.spec.run.memory), workers: OwnMicrobatches())
      var (result, interventions) = try training.trainer.run(training, from: training.start)
      result.parametersDigest = try TrainingFiles.write(
        interventions, of: problem.described, to: scratch,
        by: FileWriter(run: journalRun, rank: 0))
      results[unit] = result.bytes
    }
    return results
  }

  private var journalRun: RunID {
    var random = SystemRandomNumberGenerator()
    return RunID(using: &random)
  }
}
