internal import Cluster
internal import Foundation
internal import Inputs
internal import Locks
internal import ResultsStore
internal import Tensors
internal import Checkpoints

/// Units of a finished or begun run computed once more, on this process alone.
struct UnitRecompute<K: Kind> {
  private let job: K
  private let folder: RunFolder
  private let records: [Int: [UInt8]]
  private let options: VerifyOptions

  /// - Throws: Where the job's files are not those of the run.
  init(
    _ reader: RunReader<K.Layout>, _ options: VerifyOptions, _ records: [Int: [UInt8]]
  ) throws(Refusal) {
    try ComputeRoom.take(threads: options.threads)
    job = try K(reader.table.spec)
    (folder, self.options, self.records) = (reader.folder, options, records)
    let model = try job.weights.map { (weights) throws(Refusal) in
      try weights.checkpoint.digest()
    }
    let spec = try job.runSpec(model: model)
    guard spec.digest == folder.spec.digest, spec.outline == folder.spec.outline else {
      throw Refusal(
        .job, file: folder.path + "/spec.json", found: "model or data that are not the run's",
        expected: "the files that it was made from; --paths-from says where they are")
    }
  }

  /// The records of some units, or why there is none.
  func records(of units: [Int]) throws(Refusal) -> [Int: Result<[UInt8], any Error>] {
    let scratch = NSTemporaryDirectory() + "/causeway-verify-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    do {
      for name in ["", "/log", "/journal", "/interventions/checkpoints"] {
        try FileManager.default.createDirectory(
          atPath: scratch + name, withIntermediateDirectories: true)
      }
    } catch {
      throw Refusal(.resources, file: scratch, found: systemMessage(), expected: "a scratch folder")
    }
    let world = try MPIEnvironment(environment: [:]).world
    let stop = StopSignal()
    let workers = try job.workers(
      WorkPlace(
        world: world, threads: options.threads, stop: stop, observer: nil, folder: folder.path,
        launch: nil))
    var random = SystemRandomNumberGenerator()
    let start = RunStart(
      folder: scratch, digest: folder.spec.digest, run: RunID(using: &random), done: [], deaths: [:]
    )
    _ = try workers.begin?(start)
    var results: [Int: Result<[UInt8], any Error>] = [:]
    for (phase, own) in try phases(of: units) {
      try workers.handover?(phase.handover)
      switch workers.way(own.count, options.threads) {
      case .apart(let compute):
        for (unit, result) in apart(own, compute) { results[unit] = result }
      case .together(let compute):
        for unit in own {
          let place = UnitPlace(
            start: start, world: world, threads: options.threads, stop: stop, records: records,
            advanced: { _, _ in })
          results[unit] = Result { try compute(unit, place) }
        }
      }
    }
    return results
  }

  /// The phases of the run as it was, each with those of the units that belong to it.
  private func phases(of units: [Int]) throws(Refusal) -> [(Phase, [Int])] {
    var results = Results<K.Layout.Result>(count: job.table.unitCount)
    var phases: [(Phase, [Int])] = []
    while let phase = job.table.next(results) {
      phases.append((phase, phase.units.map(\.number).filter(Set(units).contains)))
      var isNew = false
      for unit in phase.units.map(\.number) {
        guard let record = records[unit] else { continue }
        results.take(unit, try job.table.result(record, of: unit))
        isNew = true
      }
      guard isNew else { break }
    }
    return phases.filter { !$0.1.isEmpty }
  }

  private func apart(
    _ units: [Int],
    _ compute: @escaping @Sendable (Int, @escaping @Sendable () -> Bool) throws -> [UInt8]
  ) -> [Int: Result<[UInt8], any Error>] {
    let results = Locked<[Int: Result<[UInt8], any Error>]>([:])
    let next = Locked(0)
    DispatchQueue.concurrentPerform(iterations: min(options.threads, units.count)) { _ in
      while true {
        let place = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard units.indices.contains(place) else { return }
        let unit = units[place]
        let result = Result { try compute(unit) { false } }
        results.withLock { $0[unit] = result }
      }
    }
    return results.withLock { $0 }
  }
}
