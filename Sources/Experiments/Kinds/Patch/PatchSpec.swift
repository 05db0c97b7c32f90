internal import Inputs
internal import JobFiles

/// Which run of a pair is changed, and which gives the values.
enum PatchDirection: String, CaseIterable, Sendable {
  /// Clean values into the corrupted run: what is enough to bring the answer back.
  case denoising
  /// Corrupted values into the clean run: what the answer needs.
  case noising
}

/// A job of the kind `patch`: activation patching between the prompts of pairs.
///
/// One value of the source run is written into the base run, cell by cell, and the metrics say how far
/// the run goes from the base to the source. Heimersheim and Nanda, 2024,
/// <https://arxiv.org/abs/2404.15255>; Zhang and Nanda, 2024, <https://arxiv.org/abs/2309.16042>.
struct PatchSpec: SweepSpec {
  static let jobKind = JobKind.patch
  static let conditionAxis = "direction"
  static let promptAxis = "pair"
  static let hasPairs = true

  let file: String
  let folder: String
  let name: String?
  let model: ModelSection
  let data: PromptSection
  let noise: PatchNoise?
  let items: [SweptSite]
  private let directions: [PatchDirection]
  let metric: SweepMetricSection
  let save: SaveSection
  let run: RunSection
  let slurm: SlurmSection
  let canonical: JobTable

  init(_ f: inout Fields) throws(Refusal) {
    (file, folder) = (f.place.file, f.folder)
    try f.kind(Self.jobKind)
    name = try f.jobName()
    model = try f.required("model", .table(ModelSection.init), "The model.")
    noise = try f.optional(
      "corrupt", .table(PatchNoise.init), usually: "the pairs' corrupted prompts",
      "Noise on the clean prompts, in place of corrupted ones.")
    let needsPair = noise == nil
    data = try f.required(
      "data",
      .table { (f) throws(Refusal) in try PromptSection(&f, key: "pairs", needsPair: needsPair) },
      "The pairs of a clean and a corrupted prompt; with noise the clean prompts alone.")
    directions = try f.field(
      "directions", .list(of: .choice(), "directions", isSet: true),
      orWritten: .items([.text(PatchDirection.denoising.rawValue)]),
      "denoising: clean values into the corrupted run; noising: corrupted values into the clean one."
    )
    items = try SweptSite.list("patch", &f)
    metric = try f.section(
      "metric", "What is read off the logits of the last position.", SweepMetricSection.init)
    (save, run, slurm) = try f.sweepEnds(file, model)
    canonical = try f.end()
  }

  var conditions: [String] { directions.map(\.rawValue) }
  var modelName: String { model.path.written }
}

extension Fields {
  /// The sections that end a sweep's job.
  mutating func sweepEnds(
    _ file: String, _ model: ModelSection
  ) throws(Refusal) -> (SaveSection, RunSection, SlurmSection) {
    let save = try section("save", FieldText.save) { (f) throws(Refusal) in
      try SaveSection(&f, rounds: true)
    }
    let inputs = [
      RunSection.Input("the model", model.path.resolved), RunSection.Input("the job", file),
    ]
    let run = try section("run", FieldText.run) { (f) throws(Refusal) in
      try RunSection(&f, hasNaive: true, apartFrom: inputs)
    }
    return (save, run, try section("slurm", FieldText.slurm, SlurmSection.init))
  }
}
