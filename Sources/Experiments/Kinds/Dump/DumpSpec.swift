internal import Inputs
internal import JobFiles
internal import Models
internal import Prompts

/// `[dump]`: whose activations are kept.
struct DumpSection: Sendable {
  let sites: [Site]
  let layers: Selection
  /// Of the sites by head; nil stands for all.
  let heads: Selection?
  let positions: Places
  let sitesPlace: JobPlace
  let layersPlace: JobPlace
  let positionsPlace: JobPlace

  /// Sites whose activations are rows of one width.
  private static let choices = Site.decoderSites.filter { $0 != .attentionWeight }

  init(_ f: inout Fields) throws(Refusal) {
    sitesPlace = f.place(of: "sites")
    (layersPlace, positionsPlace) = (f.place(of: "layers"), f.place(of: "positions"))
    sites = try f.field(
      "sites", .list(of: .choice(of: Self.choices), "sites", isSet: true), or: [.blockOutput],
      "The sites, each an array; causeway sites MODEL explains them.")
    layers = try f.field(
      "layers", .selection(of: .layer), orWritten: .text("all"), "The layers of each site.")
    heads = try f.optional(
      "heads", .selection(of: .head), usually: "all",
      only: Fields.When(sites.contains(where: \.isSplitIntoHeads), "a site by head"),
      "The heads of sites by head; of keys and values, key heads.")
    positions = try f.field(
      "positions", .documentPlaces, orWritten: .text("all"),
      "The tokens of each document that have a row.")
  }
}

/// A job of the kind `dump`: activations over a corpus, with every default filled in.
struct DumpSpec: JobSpecification {
  static let jobKind = JobKind.dump

  let model: ModelSection
  let data: CorpusSection
  let dump: DumpSection
  let statistics: StatisticsSection
  let momentsPlace: JobPlace
  let common: CommonSections

  init(_ f: inout Fields) throws(Refusal) {
    let name = try f.begin(Self.jobKind)
    model = try f.model()
    data = try f.required("data", .table(CorpusSection.init), "The corpus.")
    dump = try f.section("dump", "Whose activations are kept.", DumpSection.init)
    statistics = try f.section(
      "statistics",
      "What is kept of each site's layers beside the activations, in results.zarr: counts, means, "
        + "variances, extremes, and quantiles of values and norms in any case.",
      StatisticsSection.init)
    momentsPlace = f.place(of: "statistics").member("moments")
    // Blosc, in whose blocks activations are stored, has no further levels.
    common = try f.common(name: name, rounds: true, levels: 1...9, apartFrom: model)
  }

  var modelName: String { model.path.written }
}
