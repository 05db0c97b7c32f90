package import Inputs
internal import JobFiles
package import Models
internal import ResultsStore
package import Statistics
package import Tensors

/// The folder of a dump opened for reading, also while it is written: activations, tokens, statistics.
///
/// Refuses by the folder's name what the dump does not have.
package struct DumpReader: Sendable {
  private let view: RunView<DumpTable>
  private let store: ZarrStore

  package init(_ path: String) throws(Refusal) {
    let kind = try JobKind(ofRun: path)
    guard kind == .dump else {
      throw Refusal(
        .store, file: path, found: "a run of the kind \(kind.rawValue)",
        expected: "one of the kind dump")
    }
    try self.init(RunView(DumpKind.self, path))
  }

  init(_ view: RunView<DumpTable>) throws(Refusal) {
    self.view = view
    store = try ZarrStore.open(view.folder.path + DumpTable.store, as: view.table.root())
  }

  private var table: DumpTable { view.table }
  var outline: DumpOutline { table.outline }
  var modelName: String { table.spec.modelName }

  private func refusal(_ found: String, _ expected: String) -> Refusal {
    Refusal(.store, file: view.folder.path, field: "dump", found: found, expected: expected)
  }

  // MARK: What there is

  /// SHA-256 of the weights that the activations are of.
  package var modelDigest: String {
    get throws(Refusal) {
      guard case .string(let digest)? = view.reader.inputs["model"]?.content else {
        throw refusal("no digest of a model", "one")
      }
      return digest
    }
  }

  /// Refuses activations of another model.
  package func check(model digest: String) throws(Refusal) {
    let own = try modelDigest
    guard own == digest else {
      throw refusal(
        "activations of \(escaped(table.spec.modelName)) with the SHA-256 \(own)",
        "those of a model with \(digest)")
    }
  }

  /// What the numbers are: SHA-256 over the digests of the files of `activations.zarr`.
  var digest: String {
    get throws(Refusal) {
      guard (0..<table.unitCount).allSatisfy(view.results.isDone) else {
        throw refusal("not finished", "a dump of which all shards are done")
      }
      let files = table.files(view.results, in: "").map { "\($0.path) \($0.digest)\n" }
      return Digest.of(Array(files.joined().utf8))
    }
  }

  /// Bytes that are held as long as the reader is.
  var byteCount: Int {
    view.results.done.reduce(32 * lengths.count) { sum, unit in
      sum + (view.results[unit]?.statistics.reduce(0) { $0 + $1.count } ?? 0)
    }
  }

  /// Bits of the mantissa that were kept; nil stands for all.
  var roundBits: Int? { table.spec.save.roundBits }
  /// Tokens of the sequences that documents were packed into; nil where each was read by itself.
  var packedContext: Int? { outline.corpus.packs ? outline.corpus.context : nil }
  /// Places from a document's end that have means of their own; nil where they are counted otherwise.
  var placesFromEnd: Int? {
    guard case .fromEnd(let count)? = table.statistics.shapes.first?.positions else { return nil }
    return count
  }
  /// Whether every token has a row.
  var isWhole: Bool { table.spec.dump.positions.isAll }

  package var sites: [Site] { table.outline.sites.map(\.site) }
  package var layers: [Int] { table.outline.layers }
  /// Tokens of each document, with those that have no row.
  package var lengths: [Int] { table.outline.corpus.lengths }
  /// Tokens that have a row.
  package var rowCount: Int { table.layout.rows.count }
  /// The rows of a document.
  package func rows(ofDocument number: Int) throws(Refusal) -> Range<Int> {
    guard lengths.indices.contains(number) else {
      throw refusal("\(lengths.count) documents", "document \(number)")
    }
    return table.layout.rows.rowStarts[number]..<table.layout.rows.rowStarts[number + 1]
  }
  /// The heads of a site by head of which a row holds the values, side by side.
  package func heads(_ site: Site) throws(Refusal) -> [Int]? {
    try table.outline.sites[place(of: site)].heads
  }

  private func place(of site: Site) throws(Refusal) -> Int {
    guard let place = sites.firstIndex(of: site) else {
      throw refusal("the sites \(sites.map(\.rawValue).joined(separator: ", "))", site.rawValue)
    }
    return place
  }

  func place(ofLayer layer: Int) throws(Refusal) -> Int {
    guard let place = layers.firstIndex(of: layer) else {
      throw refusal(
        "the layers \(layers.map(String.init).joined(separator: ", "))", "layer \(layer)")
    }
    return place
  }

  // MARK: Activations

  /// A range of the rows of a site's layer, `[rows, width]`, as they were stored.
  package func values(
    _ site: Site, layer: Int, rows: Range<Int>
  ) throws(Refusal) -> Tensor<Float> {
    let (number, layer) = (try place(of: site), try place(ofLayer: layer))
    guard rows.lowerBound >= 0, rows.upperBound <= rowCount else {
      throw refusal("\(rowCount) rows", "rows \(rows.lowerBound) to \(rows.upperBound - 1)")
    }
    let (array, width) = (try store.array(site.rawValue), table.outline.sites[number].width)
    var found: [Float] = []
    found.reserveCapacity(rows.count * width)
    var row = rows.lowerBound
    while row < rows.upperBound {
      let chunk = row / table.layout.chunkRows
      let first = chunk * table.layout.chunkRows
      let end = min(rows.upperBound, first + table.layout.chunkRows)
      let index = [chunk, layer] + array.spec.shape.dropFirst(2).map { _ in 0 }
      guard let values = try array.readChunk(index, as: Float.self) else {
        throw refusal("no row \(row) yet", "a dump that has come so far; run its job to the end")
      }
      found += values[(row - first) * width..<(end - first) * width]
      row = end
    }
    return Tensor([rows.count, width], found)
  }

  /// The rows of some positions of a document, `[positions, width]`, in the order that is given.
  package func values(
    _ site: Site, layer: Int, document: Int, positions: [Int]
  ) throws(Refusal) -> Tensor<Float> {
    let rows = try rows(ofDocument: document)
    let places = Dictionary(
      uniqueKeysWithValues: zip(self.positions(ofDocument: document), rows))
    var chosen: [Int] = []
    for position in positions {
      guard let row = places[position] else {
        throw refusal(
          "no row for position \(position) of document \(document)",
          "a dump of that position")
      }
      chosen.append(row)
    }
    guard let least = chosen.min(), let most = chosen.max() else {
      return Tensor([0, table.outline.sites[try place(of: site)].width], [])
    }
    return try values(site, layer: layer, rows: least..<most + 1).gathered(
      chosen.map { $0 - least })
  }

  /// The positions of a document that have a row, in rising order.
  func positions(ofDocument number: Int) -> [Int] {
    let rows = table.layout.rows
    return (rows.rowStarts[number]..<rows.rowStarts[number + 1]).map {
      rows.token($0) - rows.documents[number]
    }
  }

  /// The token ids of these.
  func tokens(ofDocument number: Int) throws(Refusal) -> [Int] {
    let rows = try rows(ofDocument: number)
    guard let ids = try store.array("token_id").read(rows: rows, as: Int32.self) else {
      throw refusal("no token_id yet", "a dump that has come so far; run its job to the end")
    }
    return ids.map(Int.init)
  }

  /// Whether there is a site's layer.
  func has(_ site: Site, layer: Int) -> Bool { sites.contains(site) && layers.contains(layer) }

  /// Where the values of a site lie in a row, or those of one of its heads: the site that the dump has
  /// them by, and columns of it.
  ///
  /// - Parameter shape: Of the model, whose widths they must have.
  func columns(
    _ site: Site, head: Int?, _ shape: DecoderShape
  ) throws(Refusal) -> (site: Site, columns: Range<Int>) {
    // A site that is not by head has all heads.
    let all = outline.sites.filter { $0.site.unsplit == site.unsplit }
    let found = all.filter { $0.heads == nil } + all.filter { $0.heads != nil }
    let number = shape.heads(of: site) ?? 1
    let width = shape.width(of: site)
    for own in found {
      guard own.width == width / number * (own.heads?.count ?? number) else {
        throw refusal(
          "\(own.width) columns of \(own.site.rawValue)", "\(width) of it, as the model has")
      }
      let heads = own.heads ?? Array(0..<number)
      guard let head else {
        if heads == Array(0..<number) { return (own.site, 0..<width) }
        continue
      }
      if let place = heads.firstIndex(of: head) {
        return (own.site, place * (width / number)..<(place + 1) * (width / number))
      }
    }
    guard let own = found.first, let heads = own.heads else {
      throw refusal("the sites \(sites.map(\.rawValue).joined(separator: ", "))", site.rawValue)
    }
    throw refusal(
      "the heads \(heads.map(String.init).joined(separator: ", ")) of \(own.site.rawValue)",
      head.map { "head \($0)" } ?? "all \(number) of them")
  }

  /// A label of all rows: `token_id`, `document_index` or `position`.
  func label(_ name: String) throws(Refusal) -> [Int] {
    guard let found = try store.array(name).read(rows: 0..<rowCount, as: Int32.self) else {
      throw refusal("no \(name) yet", "a dump that has come so far; run its job to the end")
    }
    return found.map(Int.init)
  }

  /// The token ids of all documents, and the digest of the file that holds them.
  package func documents() throws(Refusal) -> (ids: [[Int]], digest: String) {
    guard table.spec.dump.positions.isAll else {
      throw refusal(
        "the positions \(escaped(table.spec.dump.positions.label))",
        "all, where documents are read from a dump")
    }
    let (ids, starts) = (try label("token_id"), table.layout.rows.rowStarts)
    return (
      zip(starts, starts.dropFirst()).map { Array(ids[$0..<$1]) },
      try store.array("token_id").digest(ofFile: [0]) ?? ""
    )
  }

  // MARK: Statistics

  /// What is known of all rows of a site's layer.
  package func statistics(_ site: Site, layer: Int) throws(Refusal) -> ActivationStatistics {
    let (number, layer) = (try place(of: site), try place(ofLayer: layer))
    guard (0..<table.unitCount).allSatisfy({ view.results.isDone($0) }),
      let found = try table.total(site: number, layer: layer, view.results)
    else {
      throw refusal("a dump that is not finished", "one of which all shards are done")
    }
    return found
  }

  /// The mean of the rows at a place, `[width]`, counted as the dump's `statistics.positions` says.
  package func mean(_ site: Site, layer: Int, place: Int) throws(Refusal) -> [Double] {
    let found = try statistics(site, layer: layer)
    guard let positions = found.shape.positions else {
      throw refusal("no means by place", "statistics.positions in its job")
    }
    guard (0..<positions.count).contains(place), let mean = found.mean(at: place) else {
      throw refusal("no row at place \(place)", "one below \(positions.count) that a document has")
    }
    return mean
  }

  /// The mean products of a part's columns, `[width, width]`; the part is a head, or 0 for the row.
  package func secondMoments(
    _ site: Site, layer: Int, part: Int = 0
  ) throws(Refusal) -> [Double] {
    guard let found = try statistics(site, layer: layer).secondMoments(group: part) else {
      throw refusal("no second moments", "statistics.moments = true in its job")
    }
    return found
  }
}
