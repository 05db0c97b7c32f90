internal import Statistics
internal import Inputs
internal import Models

/// Means of a dump's rows, in place of means over texts that a job runs.
struct DumpedMeans: Sendable {
  let reader: DumpReader
  /// SHA-256 of the dump's files.
  let digest: String
  private let source: DumpSource
  private let shape: DecoderShape
  /// Sites as the dump has them, with the layers whose means are wanted.
  private var wanted: [Site: Set<Int>] = [:]

  /// - Parameter places: Places from the end of a text whose means are wanted too; nil for none.
  init(_ source: DumpSource, _ shape: DecoderShape, places: Int?) throws(Refusal) {
    (self.source, self.shape) = (source, shape)
    (reader, digest) = try source.open()
    guard let places else { return }
    guard let count = reader.placesFromEnd else {
      throw source.refusal(
        "no means by place from the end",
        expected: "a dump with statistics.positions = \"from_end\"")
    }
    guard count >= places, reader.isWhole else {
      throw source.refusal(
        reader.isWhole ? "means at \(count) places" : "rows of some positions",
        expected:
          "a dump of all positions with means at \(places) places, those of the longest prompt")
    }
  }

  /// Takes in layers of a site, or refuses a dump without them.
  ///
  /// - Parameter heads: Of a site by head those that are read; of others nil.
  mutating func add(_ site: Site, layers: [Int], heads: [Int?]) throws(Refusal) {
    let (reader, shape) = (reader, shape)
    let own = try source.reading { () throws(Refusal) -> Site in
      for layer in layers { _ = try reader.place(ofLayer: layer) }
      var own = site
      for head in heads { own = try reader.columns(site, head: head, shape).site }
      return own
    }
    wanted[own, default: []].formUnion(layers)
  }

  /// The dump in a line.
  var line: String { source.line("means of \(reader.rowCount) rows", reader) }

  func means() throws(Refusal) -> SiteMeans.ByLayer {
    var means: SiteMeans.ByLayer = [:]
    for (site, layers) in wanted {
      for layer in layers {
        means[site.unsplit, default: [:]][layer] = SiteMeans.Known(
          statistics: try reader.statistics(site, layer: layer), heads: try reader.heads(site))
      }
    }
    return means
  }
}
