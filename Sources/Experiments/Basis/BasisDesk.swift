internal import Cluster
internal import Inputs
internal import ResultsStore

/// Rank 0's side of a basis job: the run folder, what is done, and the results as they come in.
final class BasisDesk {
  let start: RunStart
  private let job: BasisJob
  private let run: HeldRun
  private let store: ZarrStore
  private let layout: BasisLayout
  private let observer: any RunObserver
  /// Results by unit, in bytes as the journals have them.
  private(set) var results: [Int: BasisResult] = [:]
  /// Layers whose arrays are written.
  private var written: Set<Int> = []

  init(
    _ job: BasisJob, _ launch: RunLaunch, spec: String, provenance: [Attribute.Member]
  ) throws(Refusal) {
    (self.job, observer) = (job, launch.observer)
    run = try HeldRun(
      launch.options, RunSpec(toml: job.spec.toml, json: spec), provenance: provenance,
      observer: launch.observer, stop: launch.stop)
    layout = BasisLayout(spec: job.spec, layers: job.numbering.layers, width: job.width)
    try run.files.makeFolder(TrainingFiles.checkpoints(in: run.folder.path))
    store = try ZarrStore.create(
      at: run.folder.results, try layout.root(spec: spec), by: run.files)
    for (name, values) in layout.axes {
      let array = try store.array(name)
      try values.write(to: array, at: array.onlyFile, by: run.files)
    }
    let journals = try BasisJournals(run.folder, job.numbering, width: job.width)
    for finding in journals.findings { observer.note(finding.description) }
    if let fault = journals.faults.first { throw fault }
    results = journals.results
    start = run.start(done: Set(results.keys))
    try run.log(ranks: launch.world.size, hosts: launch.world.hosts)
    try writeLayers()
  }

  func begin() {
    observer.begin("searches", total: job.numbering.count, done: results.count)
  }

  func end() { observer.end() }

  /// Takes a unit's result, which is durable.
  func take(_ unit: Int, _ result: BasisResult) throws(Refusal) {
    results[unit] = result
    try writeLayers()
    try TrainingFiles.remove(TrainingFiles.checkpoint(of: unit, in: run.folder.path))
    observer.advance(done: results.count, failed: 0)
  }

  /// Writes the arrays of the layers that have become whole.
  private func writeLayers() throws(Refusal) {
    for (place, layer) in job.numbering.layers.enumerated() where !written.contains(layer) {
      let curve = job.numbering.number(of: .curve(layer: layer))
      // A layer's last unit is its curve.
      guard results[curve] != nil,
        let whole = BasisLayer(
          layer, job.numbering, job.spec.basis.settings, known: { results[$0] })
      else { continue }
      for (name, values) in layout.arrays(of: whole) {
        let array = try store.array(name)
        try values.write(to: array, at: BasisLayout.index(place, array), by: run.files)
      }
      written.insert(layer)
    }
  }

  /// Closes the run.
  func finish() throws(Refusal) { try run.finish() }

  /// Gives the folder back before the run is finished, so that the next start need not wait.
  func giveBack() throws(Refusal) { try run.giveBack() }
}
