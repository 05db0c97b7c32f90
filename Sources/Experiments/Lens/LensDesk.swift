internal import Cluster
internal import Inputs
internal import Models
internal import ResultsStore

/// Rank 0's side of a lens job: the run folder, what is done, and the results as they come in.
final class LensDesk {
  let start: RunStart
  private let job: LensJob
  private let run: HeldRun
  private let store: ZarrStore
  private let observer: any RunObserver
  /// By the layer's place.
  private(set) var results: [Int: LensResult]

  /// The folder of a run that holds its lens.
  static func lens(in folder: RunFolder) -> String { folder.path + "/lens" }

  init(
    _ job: LensJob, _ launch: RunLaunch, spec: String, provenance: [Attribute.Member]
  ) throws(Refusal) {
    (self.job, observer) = (job, launch.observer)
    run = try HeldRun(
      launch.options, RunSpec(toml: job.spec.toml, json: spec), provenance: provenance,
      observer: launch.observer, stop: launch.stop)
    let layout = LensLayout(spec: job.spec, layers: job.layers)
    try run.files.makeFolder(TrainingFiles.checkpoints(in: run.folder.path))
    store = try ZarrStore.create(
      at: run.folder.results, try layout.root(spec: spec), by: run.files)
    let journals = try LensJournals(
      run.folder, layers: job.layers.count, width: job.width, job.spec.settings)
    for finding in journals.findings { observer.note(finding.description) }
    if let fault = journals.faults.first { throw fault }
    results = journals.results
    start = run.start(done: Set(results.keys))
    try run.log(ranks: launch.world.size, hosts: launch.world.hosts)
    for (name, values) in layout.axes { try put(name, values) }
    for place in results.keys.sorted() { try putLosses(place) }
  }

  func begin() {
    observer.begin("layers", total: job.layers.count, done: results.count)
  }

  func end() { observer.end() }

  /// Takes a layer's result, which is durable.
  func take(_ place: Int, _ result: LensResult) throws(Refusal) {
    results[place] = result
    try putLosses(place)
    try TrainingFiles.remove(TrainingFiles.checkpoint(of: place, in: run.folder.path))
    observer.advance(done: results.count, failed: 0)
  }

  private func put(_ name: String, _ values: ArrayValues) throws(Refusal) {
    let array = try store.array(name)
    try values.write(to: array, at: array.onlyFile, by: run.files)
  }

  private func putLosses(_ place: Int) throws(Refusal) {
    guard let result = results[place] else { return }
    try LensLayout.losses(result).write(to: store.array("loss"), at: [place, 0], by: run.files)
  }

  /// Writes the lens, and closes the run.
  func finish() throws(Refusal) {
    let all = job.layers.indices.compactMap { results[$0] }
    for (name, values) in LensLayout.totals(all) { try put(name, values) }
    var translators = TunedLens.identity(
      layers: job.data.published.shape.layers, width: job.width,
      hasBias: job.spec.settings.hasBias)
    for (layer, result) in zip(job.layers, all) { translators[layer] = result.translator }
    try TunedLensFolder.write(
      TunedLens(
        width: job.width, model: job.spec.model.path.written, translators: translators),
      to: Self.lens(in: run.folder))
    try run.finish()
  }

  /// Gives the folder back before the run is finished, so that the next start need not wait.
  func giveBack() throws(Refusal) { try run.giveBack() }
}
