internal import Inputs
internal import JobFiles
internal import Prompts

/// What an ablated value becomes.
enum AblationWay: String, CaseIterable, Sendable {
  case zero
  /// The mean over all tokens of the data set.
  case mean
  /// The mean over the texts that are long enough, as many tokens from the end.
  case meanByPosition = "mean_by_position"
  /// The value at the same position of another text of the data set.
  case resample

  var isMean: Bool { self == .mean || self == .meanByPosition }
}

/// A job of the kind `ablate`: parts of a model are knocked out, and the metrics say what that costs.
///
/// Zero, mean and resample ablation as in Wang et al., 2022, <https://arxiv.org/abs/2211.00593>,
/// section 2, and Chan et al., 2022, causal scrubbing.
struct AblateSpec: SweepSpec {
  static let jobKind = JobKind.ablate
  static let conditionAxis = "ablation"
  static let promptAxis = "prompt"
  static let hasPairs = false

  let model: ModelSection
  let data: PromptSection
  let items: [SweptSite]
  let metric: SweepMetricSection
  let ways: [AblationWay]
  private let waysPlace: JobPlace
  let takesMeans: Bool
  /// The dump whose means are taken; nil: means over the data set.
  let source: DumpSource?
  /// Whether there are texts that means or values are computed of.
  let readsTexts: Bool
  /// Those; nil: the prompts themselves.
  let dataset: TextSection?
  /// Of the data set: which text each is replaced by; nil: drawn by the seed among those of its length.
  let permutation: [Int]?
  let permutationPlace: JobPlace
  let seed: Int
  let common: CommonSections

  init(_ f: inout Fields) throws(Refusal) {
    let name = try f.begin(Self.jobKind)
    model = try f.model()
    data = try f.required(
      "data",
      .table { (f) throws(Refusal) in try PromptSection(&f, "prompts", of: .prompt) },
      "The prompts whose answers are measured.")
    ways = try f.field(
      "ablations", .list(of: .choice(), "ways of ablation", isSet: true),
      orWritten: .items([.text(AblationWay.zero.rawValue)]),
      "zero; mean: over all tokens of the data set; mean_by_position: over its texts that are long "
        + "enough, as many tokens from the end; resample: the value at the same position of another of "
        + "its texts.")
    waysPlace = f.place(of: "ablations")
    takesMeans = ways.contains(where: \.isMean)
    source = try f.optional(
      "source",
      .table { (f) throws(Refusal) in try DumpSource(&f) },
      usually: "means over the data set",
      only: Fields.When(takesMeans, "mean or mean_by_position", of: "the ablations"),
      "The dump whose means are taken, in place of means over the data set.")
    readsTexts = ways.contains(.resample) || takesMeans && source == nil
    dataset = try f.optional(
      "dataset", .table(TextSection.init), usually: "the prompts",
      only: Fields.When(
        readsTexts, source == nil ? "mean, mean_by_position or resample" : "resample",
        of: source == nil ? "zero ablation" : "means of a dump"),
      "The texts that means and other values come from.")
    let resamples = Fields.When(
      ways.contains(.resample), "resample among the ablations", of: "the ablations")
    permutationPlace = f.place(of: "permutation")
    permutation = try f.optional(
      "permutation", .list(of: .int(0...Int(Int32.max)), "numbers of texts"),
      usually: "drawn by the seed among texts of one length", only: resamples, apartFrom: ["seed"],
      "For each text of the data set the number of the one whose values replace its own.")
    seed = try f.field(
      "seed", .seed, or: 0,
      only: Fields.When(
        resamples.holds && permutation == nil, resamples.text, of: resamples.subject,
        keepsUsual: true), "Of the permutation.")
    items = try SweptSite.list("ablate", &f)
    metric = try f.section(
      "metric", "What is read off the logits of the last position.", SweepMetricSection.init)
    common = try f.common(
      name: name, rounds: true, hasNaive: true, apartFrom: model, and: source)
  }

  var conditions: [String] { ways.map(\.rawValue) }

  /// Where the job asks for a way.
  func place(of way: AblationWay) -> JobPlace {
    ways.firstIndex(of: way).map { waysPlace.item($0) } ?? waysPlace
  }
  var modelName: String { model.path.written }
}
