internal import Cluster
internal import Inputs
internal import ResultsStore

/// Rank 0's side of a training job: the run folder, what is done, and the results as they come in.
final class DasDesk {
  let start: RunStart
  private let job: any TrainingJob
  private let held: HeldRun
  private let store: DasStore
  private let observer: any RunObserver
  private var done: Set<Int>
  private var failed: Set<Int> = []
  /// Steps of a training, where they are what is counted.
  private var stepCount: Int?

  init(
    _ job: any TrainingJob, _ launch: RunLaunch, spec: String, provenance: [Attribute.Member]
  ) throws(Refusal) {
    (self.job, observer) = (job, launch.observer)
    held = try HeldRun(
      launch.options, RunSpec(toml: job.trainingSpec.toml, json: spec), provenance: provenance,
      observer: launch.observer, stop: launch.stop)
    try held.files.makeFolder(TrainingFiles.checkpoints(in: held.folder.path))
    store = try DasStore(held.folder.results, job.layout, spec: spec, by: held.files)
    let journals = try JournalReader.readAll(held.folder.journal, job: held.folder.spec.digest)
    for finding in journals.findings { observer.note(finding.description) }
    var done: Set<Int> = []
    for (unit, payload) in journals.results {
      guard let number = Int(exactly: unit), number < job.grid.count else {
        throw Refusal(
          .store, file: held.folder.journal, field: "unit \(unit)", found: "a unit past the plan",
          expected: "units below \(job.grid.count)")
      }
      // What the journals have, the arrays get, whatever a kill left out of them.
      try store.put(
        DasResult(payload, steps: job.steps.total, unit: number), job.grid.point(number))
      done.insert(number)
    }
    self.done = done
    start = held.start(done: done)
    try held.log(ranks: launch.world.size, hosts: launch.world.hosts)
  }

  /// - Parameter inSteps: Whether trainings are done one after another, so that their steps can be
  ///   counted.
  func begin(inSteps: Bool) {
    stepCount = inSteps ? job.steps.total : nil
    if let stepCount {
      observer.begin(
        "training", of: "steps", total: job.grid.count * stepCount, done: done.count * stepCount)
    } else {
      observer.begin("trainings", total: job.grid.count, done: done.count)
    }
  }

  /// Hears of the steps of the training under way.
  func advance(step: Int) {
    guard let stepCount else { return }
    let ended = done.count + failed.count
    observer.advance(done: ended * stepCount + step, failed: failed.count)
  }

  private func advance() {
    let ended = done.count + failed.count
    observer.advance(done: ended * (stepCount ?? 1), failed: failed.count)
  }

  func end() { observer.end() }

  /// Takes a training's result, which its rank has made durable.
  func take(_ unit: Int, _ bytes: [UInt8]) throws(Refusal) {
    let point = job.grid.point(unit)
    try store.put(DasResult(bytes, steps: job.steps.total, unit: unit), point)
    done.insert(unit)
    try TrainingFiles.remove(TrainingFiles.checkpoint(of: unit, in: held.folder.path))
    advance()
  }

  func note(_ unit: Int, _ message: String, host: String) throws(Refusal) {
    failed.insert(unit)
    observer.note("unit \(unit) failed on host \(host): \(message)")
    try store.put(failed: job.grid.point(unit))
    advance()
  }

  func giveBack() throws(Refusal) { try held.giveBack() }

  /// Closes the run: trainings done and failed.
  func finish() throws(Refusal) -> [Int] {
    try held.finish()
    return [done.count, failed.count]
  }
}
