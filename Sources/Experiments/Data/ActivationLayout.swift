internal import Inputs
internal import JobFiles
internal import Models
internal import ResultsStore

/// Activations of sites and layers over the rows of a corpus as a store: of each site an array
/// `[token, layer, ...]` in shards, each written once, and beside them integers in one file each.
struct ActivationLayout: Sendable {
  /// In rising order.
  let layers: [Int]
  let sites: [DumpedSite]
  let rows: CorpusRows
  /// Rows of a chunk, about a megabyte of the widest site, and of a shard: by the job alone.
  let chunkRows: Int
  let shardRows: Int

  /// - Parameter chosen: What the sites must be.
  /// - Throws: `store`, since sites and layers may come from a run's folder.
  init(
    _ sites: [DumpedSite], of chosen: [Site], layers: [Int], _ corpus: CorpusLayout,
    _ positions: Places
  ) throws(Refusal) {
    try corpus.check()
    guard zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 }), let first = layers.first,
      first >= 0, sites.map(\.site) == chosen,
      sites.allSatisfy({ site in
        (1...1 << 20).contains(site.width) && (site.heads == nil) == !site.site.isSplitIntoHeads
          && site.heads.map { !$0.isEmpty && site.width % $0.count == 0 } ?? true
      })
    else {
      throw Refusal(
        .store, field: "sites", found: "\(sites.count) sites of the layers \(layers.prefix(8))",
        expected: "the sites of the job, and layers in rising order")
    }
    (self.layers, self.sites) = (layers, sites)
    rows = try CorpusRows(corpus, positions)
    let widest = sites.map(\.width).max() ?? 1
    let share = (rows.count + Self.usualShards - 1) / Self.usualShards
    chunkRows = min(
      Self.powerOfTwo((1 << 20) / (4 * widest)), max(16, Self.powerOfTwo(2 * share - 1)))
    // A sequence on two shards is run for both: shards are long beside sequences, and where these
    // are of one length and divide chunks, end with them.
    let isWhole = positions.isAll
    let longest = min(corpus.context, corpus.lengths.reduce(0, max))
    let common = Self.multiple(chunkRows, corpus.context)
    let step = isWhole && corpus.packs && common <= 1 << 16 ? common : chunkRows
    let wanted = min(max(share, isWhole ? 4 * longest : 1), 1 << 17)
    shardRows = (wanted + step - 1) / step * step
  }

  private static let usualShards = 32

  /// The largest power of two that is no larger than a value.
  private static func powerOfTwo(_ value: Int) -> Int {
    1 << (Int.bitWidth - 1 - max(1, value).leadingZeroBitCount)
  }

  private static func multiple(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    let (product, overflow) = (a / x).multipliedReportingOverflow(by: b)
    return overflow ? .max : product
  }

  // MARK: Shards

  var shardCount: Int { (rows.count + shardRows - 1) / shardRows }

  func rows(ofShard number: Int) -> Range<Int> {
    number * shardRows..<min(rows.count, (number + 1) * shardRows)
  }

  /// Elements of a row of all sites' layers.
  var rowElements: Int { sites.reduce(0) { $0 + $1.width } * layers.count }

  /// The path below the store of a site's shard.
  func path(of site: DumpedSite, shard number: Int) -> String {
    let index = [number] + Array(repeating: 0, count: 1 + site.axes.count)
    return "/\(site.site.rawValue)/" + (["c"] + index.map(String.init)).joined(separator: ".")
  }

  // MARK: Labels

  /// Integers beside the activations: of the tokens, of the documents, and the numbers of layers and
  /// heads.
  var labels: [(name: String, axis: Axis, says: String)] {
    let (token, document) = (
      Axis("token", rows.count), Axis("document", rows.layout.lengths.count)
    )
    var labels = [
      ("token_id", token, "id of a row's token"),
      ("document_index", token, "its document, by number"),
      ("position", token, "its place in the document"),
      ("context_position", token, "its place in the sequence that the model read"),
      ("document_start", document, "the first row of a document"),
      ("document_length", document, "its tokens, with those that have no row"),
      ("layer", Axis("layer", layers.count), "number of a layer in the model"),
    ]
    for site in sites {
      guard let heads = site.heads, !labels.contains(where: { $0.0 == site.headsName }) else {
        continue
      }
      labels.append((site.headsName, Axis(site.headsName, heads.count), "number of a head"))
    }
    return labels.map { (name: $0.0, axis: $0.1, says: $0.2) }
  }

  /// What a range of a label's elements holds.
  func label(_ name: String, _ range: Range<Int>, tokens: [Int32]) -> [Int32] {
    range.map { place in
      switch name {
      case "document_start": return Int32(rows.rowStarts[place])
      case "document_length": return Int32(rows.layout.lengths[place])
      case "layer": return Int32(layers[place])
      case "head", "key_head":
        let site = sites.first { $0.heads != nil && $0.headsName == name }
        return Int32(site?.heads?[place] ?? -1)
      default: break
      }
      let token = rows.token(place)
      switch name {
      case "token_id": return tokens[token]
      case "document_index": return Int32(rows.document(ofToken: token))
      case "position": return Int32(token - rows.documents[rows.document(ofToken: token)])
      default: return Int32(token - rows.sequence(ofToken: token).lowerBound)
      }
    }
  }

  // MARK: Arrays

  /// The store's hierarchy.
  func root(
    _ attributes: [Attribute.Member], model: String, _ save: SaveSection
  ) throws(Refusal) -> ZarrGroup {
    var root = ZarrGroup(attributes: attributes)
    for (name, axis, says) in labels {
      let chunk = min(axis.count, 1 << 16)
      root.arrays[name] = try ZarrArraySpec(
        .int32, shape: [axis.count], chunks: [chunk],
        shards: [(axis.count + chunk - 1) / chunk * chunk], dimensions: [axis.name], fill: -1,
        compression: .zstd(level: save.level),
        attributes: [Attribute.Member("description", .text(says))])
    }
    for site in sites {
      let inner = site.axes.map(\.count)
      var attributes = [
        Attribute.Member("model", .text(model)),
        Attribute.Member("site", .text(site.site.rawValue)),
      ]
      if let bits = save.roundBits { attributes.append(.init("round_bits", .integer(bits))) }
      root.arrays[site.site.rawValue] = try ZarrArraySpec(
        .float32, shape: [rows.count, layers.count] + inner, chunks: [chunkRows, 1] + inner,
        shards: [shardRows, layers.count] + inner,
        dimensions: ["token", "layer"] + site.axes.map(\.name),
        compression: .blosc(level: save.level), attributes: attributes)
    }
    return root
  }
}
