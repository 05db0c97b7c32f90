internal import Checkpoints
internal import Cluster
internal import Foundation
internal import Inputs
internal import Models
internal import Randomness
internal import ResultsStore
internal import Tensors

/// Checks a lens job's run: every stored byte, that nothing is missing, and that it adds up.
enum LensVerifier {
  static func verify(
    _ path: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport {
    let folder = try RunFolder.open(path)
    var report = VerifyReport()
    _ = report.attempt { () throws(Refusal) in try folder.checkedProvenance() }
    for fault in RunAttempts(folder).faults { report.add(fault) }
    guard
      let reader = report.attempt({ () throws(Refusal) in
        try LensReader(folder, pathsFrom: options.pathsFrom)
      })
    else { return report }
    report.isPlanned = true
    // The width stands nowhere but in the lens and in the model.
    guard
      let job = report.attempt({ () throws(Refusal) -> LensJob? in try LensJob(reader.spec) }),
      let journals = report.attempt({ () throws(Refusal) -> LensJournals? in
        try LensJournals(
          folder, layers: reader.layout.layers.count, width: job.width, reader.spec.settings)
      })
    else { return report }
    for fault in journals.faults { report.add(fault) }
    for finding in journals.findings { report.note(finding.description) }
    report.count(journals.fileCount, "journals with \(journals.results.count) translators")
    report.checkCheckpoints(of: .training, units: job.layers.count, in: folder)
    report.unitsLeft = job.layers.count - journals.results.count
    do throws(Refusal) {
      try compare(reader, journals, job)
    } catch { report.add(error) }
    guard let share = options.recompute else { return report }
    do throws(Refusal) {
      let (count, faults) = try recompute(job, journals, folder, share: share, options)
      for fault in faults { report.add(fault) }
      report.count(count, "translators measured again, bit for bit")
    } catch { report.add(error) }
    return report
  }

  /// Compares arrays and lens with the journals.
  private static func compare(
    _ reader: LensReader, _ journals: LensJournals, _ job: LensJob
  ) throws(Refusal) {
    func same(_ name: String, _ index: [Int]?, _ values: ArrayValues) throws(Refusal) {
      let array = try reader.store.array(name)
      try values.expectStored(in: array, at: index ?? array.onlyFile)
    }
    for (name, values) in reader.layout.axes { try same(name, nil, values) }
    for (place, result) in journals.results.sorted(by: { $0.key < $1.key }) {
      try same("loss", [place, 0], LensLayout.losses(result))
    }
    guard journals.results.count == job.layers.count else { return }
    let all = job.layers.indices.compactMap { journals.results[$0] }
    for (name, values) in LensLayout.totals(all) { try same(name, nil, values) }
    let folder = LensDesk.lens(in: reader.folder)
    let lens = try TunedLensFolder(reading: folder).lens
    for (layer, result) in zip(job.layers, all) {
      guard lens.translators.indices.contains(layer), lens.translators[layer] == result.translator
      else {
        throw Refusal(
          .store, file: folder, field: "\(layer).weight", found: "another translator",
          expected: "the one that the journals hold")
      }
    }
  }

  /// Measures a share of the translators again, and compares the bits.
  private static func recompute(
    _ job: LensJob, _ journals: LensJournals, _ folder: RunFolder, share: Double,
    _ options: VerifyOptions
  ) throws(Refusal) -> (count: Int, faults: [Refusal]) {
    try ComputeRoom.take(threads: options.threads)
    let world = try MPIEnvironment(environment: [:]).world
    let texts = job.spec.settings.microbatches(job.data.texts)
    let sums = ContributionSum(count: texts.count, threads: options.threads, on: world)
    var training = LensTraining(
      LayerStreams(try job.data.published.load(), texts, sums), job.spec.settings,
      stop: StopSignal())
    let random = Philox(key: options.seed)
    var (count, faults) = (0, [Refusal]())
    for (place, layer) in job.layers.enumerated() {
      guard let result = journals.results[place], random.isChosen(place, share: share) else {
        continue
      }
      let again: Double
      do {
        again = try training.loss(layer: layer, result.translator)
      } catch { throw Refusal(error, on: world.name(of: 0)) }
      count += 1
      if again != result.trained {
        faults.append(
          Refusal(
            .store, file: folder.journal, field: "unit \(place)",
            found: "the loss \(result.trained)", expected: "\(again), as it is computed here"))
      }
    }
    return (count, faults)
  }
}
