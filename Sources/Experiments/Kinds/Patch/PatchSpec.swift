internal import Inputs
internal import JobFiles
internal import Prompts

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

  let model: ModelSection
  let data: PromptSection
  let noise: PatchNoise?
  let items: [SweptSite]
  private let directions: [PatchDirection]
  /// The dump that values come from; nil: they come from the pairs' other runs.
  let source: DumpSource?
  let metric: SweepMetricSection
  let common: CommonSections

  init(_ f: inout Fields) throws(Refusal) {
    let name = try f.begin(Self.jobKind)
    model = try f.model()
    noise = try f.optional(
      "corrupt", .table(PatchNoise.init), usually: "the pairs' corrupted prompts",
      "Noise on the clean prompts, in place of corrupted ones.")
    let needsPair = noise == nil
    data = try f.required(
      "data",
      .table { (f) throws(Refusal) in
        try PromptSection(&f, "pairs", of: .pair(isCompared: needsPair))
      },
      "The pairs of a clean and a corrupted prompt; with noise the clean prompts alone.")
    directions = try f.field(
      "directions", .list(of: .choice(), "directions", isSet: true),
      orWritten: .items([.text(PatchDirection.denoising.rawValue)]),
      "denoising: clean values into the corrupted run; noising: corrupted values into the clean one."
    )
    source = try f.optional(
      "source", .table { (f) throws(Refusal) in try DumpSource(&f, for: "pairs") },
      usually: "the pairs' other runs",
      "The dump that values come from: of the clean prompts for denoising, of the corrupted ones for "
        + "noising. The metrics of both runs are the model's all the same.")
    if source != nil, directions.count > 1 || noise != nil && directions == [.noising] {
      throw f.place(of: "source").refusal(
        noise == nil ? "a dump for both directions" : "a dump for noising by noise",
        expected: noise == nil
          ? "one of directions, whose values the dump has" : "directions = [\"denoising\"]")
    }
    items = try SweptSite.list("patch", &f)
    metric = try f.section(
      "metric", "What is read off the logits of the last position.", SweepMetricSection.init)
    common = try f.common(
      name: name, rounds: true, hasNaive: true, apartFrom: model, and: source)
  }

  var conditions: [String] { directions.map(\.rawValue) }
  var modelName: String { model.path.written }
}
