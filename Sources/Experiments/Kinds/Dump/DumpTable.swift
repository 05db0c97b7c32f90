internal import Cluster
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore
internal import Statistics

/// A site as a dump holds it.
struct DumpedSite: Sendable, Codable {
  let site: Site
  /// Elements of a row, of the heads that are kept.
  let width: Int
  /// Those heads, of a site by head, in rising order.
  let heads: [Int]?

  /// The axes of a row; sites with a width in common have its name in common.
  var axes: [Axis] {
    guard let heads else { return [Axis(widthName, width)] }
    return [Axis(headsName, heads.count), Axis("head_width", width / heads.count)]
  }

  var headsName: String { widthName == "key_width" ? "key_head" : "head" }

  private var widthName: String {
    switch site.unsplit {
    case .queryOutput, .attentionValueOutput: "query_width"
    case .keyOutput, .valueOutput: "key_width"
    case .mlpActivation: "mlp_width"
    default: "width"
    }
  }
}

/// What a dump's units and arrays hang on beside its job.
struct DumpOutline: Sendable, Codable {
  let layers: [Int]
  let sites: [DumpedSite]
  let corpus: CorpusLayout
}

/// What a unit wrote and found.
struct DumpResult: Sendable {
  let files: [StoredFile]
  /// The stored form of each site's layers, one after another; none of the unit of labels.
  let statistics: [[UInt8]]

  var bytes: [UInt8] {
    var writer = ByteWriter()
    for file in files {
      writer.double(Double(file.size))
      writer.append(Array(file.digest.utf8))
    }
    for part in statistics {
      writer.integer(Int32(part.count))
      writer.append(part)
    }
    return writer.bytes
  }
}

/// Units and arrays of a dump: the first unit writes labels, each of the others a shard of every
/// site's array in `activations.zarr`.
struct DumpTable: Table {
  let spec: DumpSpec
  let outline: DumpOutline
  let rows: CorpusRows
  /// Rows of a chunk, about a megabyte of the widest site, and of a shard: by the job alone.
  let chunkRows: Int
  let unitRows: Int

  init(_ spec: DumpSpec, _ outline: DumpOutline) throws(Refusal) {
    let (layers, sites) = (outline.layers, outline.sites)
    try outline.corpus.check()
    guard zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 }), let first = layers.first,
      first >= 0, sites.map(\.site) == spec.dump.sites,
      sites.allSatisfy({ site in
        (1...1 << 20).contains(site.width) && (site.heads == nil) == !site.site.isSplitIntoHeads
          && site.heads.map { !$0.isEmpty && site.width % $0.count == 0 } ?? true
      })
    else {
      throw Refusal(
        .store, field: "sites", found: "\(sites.count) sites of the layers \(layers.prefix(8))",
        expected: "the sites of the job, and layers in rising order")
    }
    (self.spec, self.outline) = (spec, outline)
    rows = try CorpusRows(outline.corpus, spec.dump.positions)
    func powerOfTwo(_ value: Int) -> Int {
      1 << (Int.bitWidth - 1 - max(1, value).leadingZeroBitCount)
    }
    let widest = sites.map(\.width).max() ?? 1
    let share = (rows.count + Self.usualUnits - 1) / Self.usualUnits
    chunkRows = min(powerOfTwo((1 << 20) / (4 * widest)), max(16, powerOfTwo(2 * share - 1)))
    // A sequence on two units is run by both: units are long beside sequences, and where these are
    // of one length and divide chunks, end with them.
    let isWhole = spec.dump.positions.isAll
    let longest = min(outline.corpus.context, outline.corpus.lengths.reduce(0, max))
    let common = Self.multiple(chunkRows, outline.corpus.context)
    let step = isWhole && outline.corpus.packs && common <= 1 << 16 ? common : chunkRows
    let wanted = min(max(share, isWhole ? 4 * longest : 1), 1 << 17)
    unitRows = (wanted + step - 1) / step * step
  }

  private static let usualUnits = 32

  private static func multiple(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    let (product, overflow) = (a / x).multipliedReportingOverflow(by: b)
    return overflow ? .max : product
  }

  // MARK: Units

  var unitCount: Int { 1 + (rows.count + unitRows - 1) / unitRows }

  /// The rows that a unit writes; none of the labels'.
  func rows(of unit: Int) -> Range<Int> {
    unit == 0 ? 0..<0 : (unit - 1) * unitRows..<min(rows.count, unit * unitRows)
  }

  func name(of unit: Int) -> String {
    let rows = rows(of: unit)
    return unit == 0 ? "labels" : "rows \(rows.lowerBound) to \(rows.upperBound - 1)"
  }

  func next(_ results: Results<DumpResult>) -> Phase? {
    func phase(_ name: String, _ units: Range<Int>) -> Phase? {
      Phase(name, of: "shards", over: Array(units), results) {
        WorkUnit(number: $0, cost: Double(max(1, rows(of: $0).count)))
      }
    }
    return phase("labels", 0..<1) ?? phase("activations", 1..<unitCount)
  }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> DumpResult {
    var reader = ByteReader(bytes, what: name(of: unit))
    var files: [StoredFile] = []
    for _ in arrays(of: unit) {
      let size = try reader.double()
      guard let size = Int(exactly: size), size > 0 else { throw reader.malformed }
      files.append(StoredFile(size: size, digest: try reader.text(64)))
    }
    var statistics: [[UInt8]] = []
    for site in unit == 0 ? [] : outline.sites {
      for _ in outline.layers {
        let part = try reader.bytes(try reader.count(upTo: Int(Int32.max)))
        guard try ActivationStatistics(part, shape(of: site)).count == rows(of: unit).count else {
          throw reader.malformed
        }
        statistics.append(part)
      }
    }
    try reader.end()
    return DumpResult(files: files, statistics: statistics)
  }

  func progress(_ results: Results<DumpResult>) -> RunDetails {
    let done = results.done.reduce(0) { $0 + rows(of: $1).count }
    return RunDetails(
      lines: ["rows    \(done) of \(rows.count)"],
      members: [.init("rows", ["total": .integer(rows.count), "done": .integer(done)])])
  }

  // MARK: activations.zarr

  static func store(in folder: String) -> String { folder + "/activations.zarr" }

  /// Integers beside the activations, each in one file: of the tokens, of the documents, and the
  /// numbers of layers and heads.
  var labels: [(name: String, axis: Axis, says: String)] {
    let (token, document) = (
      Axis("token", rows.count), Axis("document", outline.corpus.lengths.count)
    )
    var labels = [
      ("token_id", token, "id of a row's token"),
      ("document_index", token, "its document, by number"),
      ("position", token, "its place in the document"),
      ("context_position", token, "its place in the sequence that the model read"),
      ("document_start", document, "the first row of a document"),
      ("document_length", document, "its tokens, with those that have no row"),
      ("layer", Axis("layer", outline.layers.count), "number of a layer in the model"),
    ]
    for site in outline.sites {
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
      case "document_length": return Int32(outline.corpus.lengths[place])
      case "layer": return Int32(outline.layers[place])
      case "head", "key_head":
        let site = outline.sites.first { $0.heads != nil && $0.headsName == name }
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

  /// The arrays that a unit writes a file of.
  func arrays(of unit: Int) -> [String] {
    unit == 0 ? labels.map(\.name) : outline.sites.map(\.site.rawValue)
  }

  /// The hierarchy of `activations.zarr`.
  func root() throws(Refusal) -> ZarrGroup {
    let level = spec.save.level
    var root = ZarrGroup(attributes: [
      Attribute.Member("kind", .text(DumpSpec.kind)),
      Attribute.Member("model", .text(spec.modelName)),
      Attribute.Member("positions", .text(spec.dump.positions.label)),
      Attribute.Member("digest", .text(spec.digest)),
    ])
    for (name, axis, says) in labels {
      let chunk = min(axis.count, 1 << 16)
      root.arrays[name] = try ZarrArraySpec(
        .int32, shape: [axis.count], chunks: [chunk],
        shards: [(axis.count + chunk - 1) / chunk * chunk], dimensions: [axis.name], fill: -1,
        compression: .zstd(level: level), attributes: [Attribute.Member("description", .text(says))]
      )
    }
    for site in outline.sites {
      let (layers, inner) = (outline.layers.count, site.axes.map(\.count))
      var attributes = [
        Attribute.Member("model", .text(spec.modelName)),
        Attribute.Member("site", .text(site.site.rawValue)),
      ]
      if let bits = spec.save.roundBits { attributes.append(.init("round_bits", .integer(bits))) }
      root.arrays[site.site.rawValue] = try ZarrArraySpec(
        .float32, shape: [rows.count, layers] + inner, chunks: [chunkRows, 1] + inner,
        shards: [unitRows, layers] + inner, dimensions: ["token", "layer"] + site.axes.map(\.name),
        compression: .blosc(level: level), attributes: attributes)
    }
    return root
  }

  /// The path in the run's folder of what a unit writes of an array.
  func path(of name: String, unit: Int) -> String {
    let rank =
      unit == 0 ? 1 : 2 + (outline.sites.first { $0.site.rawValue == name }?.axes.count ?? 0)
    let index = [max(0, unit - 1)] + Array(repeating: 0, count: rank - 1)
    return Self.store(in: "") + "/\(name)/"
      + (["c"] + index.map(String.init)).joined(separator: ".")
  }

  func files(_ results: Results<DumpResult>, in folder: String) -> [RunFile] {
    results.done.flatMap { unit in
      zip(arrays(of: unit), results[unit]?.files ?? []).map { name, file in
        RunFile(unit: unit, path: folder + path(of: name, unit: unit), digest: file.digest)
      }
    }
  }

  func audit(
    _ results: Results<DumpResult>, in folder: RunFolder, isFinished: Bool
  ) -> (faults: [Refusal], notes: [String]) {
    let path = Self.store(in: folder.path)
    guard results.doneCount > 0 || TrainingFiles.exists(path + "/zarr.json") else {
      return ([], [])
    }
    do throws(Refusal) {
      guard try ZarrStore.open(path).root == root() else {
        throw Refusal(
          .store, file: path, found: "other arrays than the job's",
          expected: "the arrays that spec.json and outline.json call for")
      }
    } catch { return ([error], []) }
    guard isFinished else { return ([], []) }
    let known = Set(files(results, in: folder.path).map(\.path))
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    let strange = names.map { "\(path)/\($0)" }.filter {
      $0.split(separator: "/").last?.hasPrefix("c.") == true && !known.contains($0)
    }
    return ([], strange.sorted().prefix(5).map { "\(escaped($0)): a file that no run writes" })
  }

  // MARK: results.zarr

  /// Bytes of a unit's record, at most.
  var recordBytes: Int {
    outline.sites.reduce(0) { $0 + shape(of: $1).storedBytes + 4 } * outline.layers.count
      + 72 * outline.sites.count
  }

  func shape(of site: DumpedSite) -> StatisticsShape {
    spec.statistics.shape(
      width: site.width, parts: site.heads?.count ?? 1,
      longest: outline.corpus.lengths.reduce(0, max))
  }

  private func arrays(of site: DumpedSite) -> StatisticsArrays {
    StatisticsArrays(
      shape: shape(of: site), parts: site.heads.map { Axis(site.headsName, $0.count) })
  }

  var groups: [ArrayGroup] {
    outline.sites.flatMap { site in
      arrays(of: site).groups(in: site.site.rawValue, layers: Axis("layer", outline.layers.count))
    }
  }

  func values(
    _ group: Int, at block: [Int], _ results: Results<DumpResult>
  ) throws(Refusal) -> [ArrayValues?] {
    guard group % 2 == 1 else {
      return [
        .integers(outline.layers.map { Int32($0) }),
        .floats(StatisticsArrays.quantiles.map { Float($0) }),
      ]
    }
    let site = outline.sites[group / 2]
    let found = try statistics(site: group / 2, layer: block[0], results)
    return found.map { arrays(of: site).values($0) } ?? groups[group].quantities.map { _ in nil }
  }

  /// Of all rows of a site's layer, both by their place in the outline; nil until all units have ended.
  func statistics(
    site: Int, layer: Int, _ results: Results<DumpResult>
  ) throws(Refusal) -> ActivationStatistics? {
    guard (1..<unitCount).allSatisfy({ results.hasEnded($0) }) else { return nil }
    let shape = shape(of: outline.sites[site])
    var total = ActivationStatistics(shape)
    for unit in 1..<unitCount {
      guard let result = results[unit] else { continue }
      total.merge(
        try ActivationStatistics(
          result.statistics[site * outline.layers.count + layer], shape))
    }
    return total
  }
}
