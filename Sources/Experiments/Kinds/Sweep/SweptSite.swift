internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Tensors

/// One `[[patch]]` or `[[ablate]]`: what is replaced, cell by cell, over layers, heads or neurons, and
/// positions.
struct SweptSite: Sendable {
  /// How the units of a list go together.
  enum Combination: String, CaseIterable, Sendable {
    /// Each alone.
    case each
    /// All at once: one cell.
    case together
    /// Every two of them.
    case pairs
  }

  let name: String
  let site: Site
  /// Layers, each a cell; nil where `units` says them.
  let layers: Selection?
  let window: Int
  let heads: Selection?
  let neurons: Selection?
  /// Pairs of a layer and a head or neuron.
  let units: [[Int]]?
  let combine: Combination
  let positions: Places
  /// Whether each position is a cell of its own; otherwise all are replaced at once.
  let eachPosition: Bool
  let subspace: JobPath?
  let place: JobPlace

  /// Sites whose values a patch can replace.
  static let sites =
    Site.decoderSites + [
      .residualMiddle, .mlpPreactivation, .mlpUpOutput, .mlpProduct,
    ]
  /// Those of which heads are chosen.
  private static func hasHeads(_ site: Site) -> Bool {
    site.isSplitIntoHeads || site == .attentionWeight
  }
  private static func hasNeurons(_ site: Site) -> Bool {
    [.mlpActivation, .mlpPreactivation, .mlpUpOutput, .mlpProduct].contains(site)
  }

  init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    let site: Site = try f.required(
      "site", .choice(of: Self.sites),
      "What is replaced: the stream (block_input, block_output, residual_middle), what attention and "
        + "MLP write into it (attention_output, mlp_output), a head's mixed values "
        + "(head_attention_value_output), its queries, keys or values (head_query_output and so on; "
        + "keys and values by key head), its whole pattern (attention_weight), or hidden units of the "
        + "MLP (mlp_activation: behind the nonlinearity, and of a gated MLP before the product).")
    self.site = site
    name = try f.field(
      "name", .name, or: site.rawValue, usually: "the site", "What its results are called.")
    let isByHead = Self.hasHeads(site)
    let isByNeuron = Self.hasNeurons(site)
    let isListed = f.has("units")
    layers = try f.optional(
      "layers", .selection(of: .layer), orWritten: isListed ? nil : .text("all"), usually: "all",
      apartFrom: ["units"], "The layers, each a cell.")
    window = try f.field(
      "window", .int(1...100_000), or: 1, unit: "layers",
      only: Fields.When(!isListed, "layers", of: "units", keepsUsual: true),
      "How many neighbouring layers are replaced together, around each.")
    heads = try f.optional(
      "heads", .selection(of: .head), orWritten: isByHead && !isListed ? .text("all") : nil,
      usually: "all, of a site by head",
      only: Fields.When(isByHead, "a site by head", of: site.rawValue), apartFrom: ["units"],
      "The heads, each a cell; key heads of keys and values.")
    neurons = try f.optional(
      "neurons", .selection(of: .neuron), usually: "the whole value at once",
      only: Fields.When(isByNeuron, "a site of the MLP's hidden units", of: site.rawValue),
      apartFrom: ["units"], "The hidden units, each a cell.")
    units = try f.optional(
      "units",
      .list(
        of: .list(of: .int(0...1 << 20), "numbers, a layer and a head", count: 2...2), "units",
        isSet: true),
      only: Fields.When(
        isByHead || isByNeuron, "a site of heads or of hidden units", of: site.rawValue),
      "Heads or hidden units of any layers, [[layer, head], ...], instead of layers and heads.")
    combine = try f.field(
      "combine", .choice(), or: .each,
      only: Fields.When(isListed, "units", of: "a site without units"),
      "each: every unit alone; together: all at once; pairs: every two of them at once.")
    let isFine = isByHead || neurons != nil || units != nil
    positions = try f.field(
      "positions", .namedPlaces, orWritten: .text(isFine ? "last" : "all"),
      usually: "last where heads or neurons are chosen, otherwise all",
      "The tokens: numbers, ranges, last, or a name that the data give.")
    eachPosition = try f.field(
      "each_position", .flag, or: !isFine,
      usually: "false where heads or neurons are chosen, otherwise true",
      "Whether each token, or each place of a list of names, is a cell; otherwise all are replaced at "
        + "once.")
    subspace = try f.optional(
      "subspace",
      .path(
        "a safetensors file with one tensor of orthonormal rows, or a saved intervention's folder"),
      only: Fields.When(!isFine, "a site whose whole vectors are replaced", of: site.rawValue),
      "Only the part of the value inside the span of these rows, [directions, width], is replaced; of a "
        + "saved intervention the directions that it exchanges.")
  }

  /// The names of its places, where each is a cell.
  var placeNames: [String]? { eachPosition ? positions.names : nil }

  /// The items of a job, whose names differ.
  static func list(_ key: String, _ f: inout Fields) throws(Refusal) -> [SweptSite] {
    let list = try f.required(
      key,
      .tables("an empty list, so no units") { (f, _) throws(Refusal) in
        try SweptSite(&f)
      }, "What is replaced, cell by cell.")
    for (number, next) in list.enumerated() {
      guard let first = list.firstIndex(where: { $0.name == next.name }), first < number else {
        continue
      }
      throw next.place.member("name").refusal(
        "\(quoted(next.name)), which \(key)[\(first)] is called too",
        expected: "a name of its own for each")
    }
    return list
  }
}
