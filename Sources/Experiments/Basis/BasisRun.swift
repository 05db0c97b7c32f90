internal import Cluster
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore
internal import Tensors
internal import Tokenizers

/// A basis job on all ranks, from the checked job to the finished results.
///
/// All ranks work on the same unit at a time, each on its own texts; rank 0 keeps the journal.
struct BasisRun {
  let launch: RunLaunch

  private var world: Communicator { launch.world }

  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  func run(_ load: () throws(Refusal) -> BasisSpec) throws(Refusal) -> RunOutcome {
    let read = try launch.begin(load)
    let job = try world.agree { try BasisJob(read) }
    let threads = launch.threads(job.spec.run)
    let memory = try world.agree { () throws(Refusal) -> Int in
      try BasisCost(job).memoryForLogits(threads: threads)
    }
    try BasisCost(job).check(launch, job.spec.run)
    let published = job.data.published
    let digest = try ModelOnRanks.digest(of: published.checkpoint, job.spec.model, on: world)
    try ModelOnRanks.compare(
      [
        ("model digest", digest), ("tokenizer digest", job.data.tokenizer?.digest ?? "none"),
        ("texts digest", job.data.digest ?? "in the job"),
        ("lens digest", job.lensDigest ?? "none"), ("job digest", job.spec.digest),
      ], reading: published.checkpoint, on: world)
    let model = try ModelOnRanks.load(published, on: world)
    let spec = job.spec.runJSON(inputs: [
      "model": .text(digest), "texts": job.data.digest.map { .text($0) },
      "tokenizer": job.data.tokenizer.map { .text($0.digest) },
      "lens": job.lensDigest.map { .text($0) },
    ])
    let desk = try world.agree { () throws(Refusal) -> BasisDesk? in
      guard world.rank == 0 else { return nil }
      return try BasisDesk(
        job, launch, spec: spec,
        provenance: Provenance.of(
          folder: job.spec.folder, model: digest, tokenizer: job.data.tokenizer?.digest,
          noiseLevel: nil))
    }
    do {
      let basis = job.spec.basis
      let extraction = try world.agree { () throws(Refusal) -> CausalBasisExtraction in
        try CausalBasisExtraction(
          model, job.lens, texts: job.data.texts, site: basis.site, layers: job.numbering.layers,
          basis.settings, on: world, threads: threads, memory: memory, stop: launch.stop)
      }
      let count = try work(extraction, job, desk)
      try world.agree { try desk?.finish() }
      let layers = job.numbering.layers.count
      return .finished(
        summary: "\(count) directions of \(layers) layer\(layers == 1 ? "" : "s")", failed: 0)
    } catch is LayerStates.Stopped {
      try world.giveBack { () throws(Refusal) in try desk?.giveBack() }
      return .stopped
    } catch {
      // The refusal stands, whether or not the folder can be given back.
      try? desk?.giveBack()
      throw Refusal(error, on: world.name(of: world.rank))
    }
  }

  /// Does what is left, and returns the number of directions of all layers. Collective.
  private func work(
    _ extraction: CausalBasisExtraction, _ job: BasisJob, _ desk: BasisDesk?
  ) throws -> Int {
    var extraction = extraction
    let (start, known) = try shared(job, desk)
    let journal = try world.agree { try RankJournal(start, rank: world.rank) }
    desk?.begin()
    defer { desk?.end() }
    let pace = job.spec.pace
    let bases = try extraction.bases(
      known: { known[$0] },
      log: { [world] (unit) throws(Refusal) in try EvaluationLog(start, unit, pace, on: world) }
    ) { (number, result, seconds) throws(Refusal) in
      try world.agree {
        guard world.rank == 0 else { return }
        try journal.commit(number, result.bytes, seconds: seconds)
        try desk?.take(number, result)
      }
    }
    return bases.reduce(0) { $0 + $1.vectors.count }
  }

  /// What rank 0 found in the folder, told to all ranks.
  private func shared(
    _ job: BasisJob, _ desk: BasisDesk?
  ) throws(Refusal) -> (RunStart, [Int: BasisResult]) {
    var bytes = desk?.start.bytes ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let start = try RunStart(bytes)
    var known: [Int: BasisResult] = [:]
    for number in start.done.sorted() {
      var payload = desk?.results[number]?.bytes ?? []
      try mpiRefusal { () throws(MPIError) in try world.broadcast(&payload) }
      guard let unit = job.numbering[number] else { continue }
      known[number] = try BasisResult(
        payload, of: unit, number: number, width: job.width, directions: job.numbering.directions)
    }
    return (start, known)
  }
}
