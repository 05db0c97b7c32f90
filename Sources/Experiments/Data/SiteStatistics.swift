internal import Statistics
internal import Inputs
internal import Models
internal import ResultsStore

/// Statistics of sites' layers that units take a part of each: their stored form, site by site and layer
/// by layer, and the arrays that their sum fills.
struct SiteStatistics: Sendable {
  let sites: [DumpedSite]
  let layers: [Int]
  let shapes: [StatisticsShape]

  /// - Parameter longest: Tokens of the longest document.
  init(_ sites: [DumpedSite], layers: [Int], _ section: StatisticsSection, longest: Int) {
    (self.sites, self.layers) = (sites, layers)
    shapes = sites.map {
      section.shape(width: $0.width, parts: $0.heads?.count ?? 1, longest: longest)
    }
  }

  // MARK: Records

  /// Bytes of a unit's part, at most.
  var recordBytes: Int { shapes.reduce(0) { $0 + $1.storedBytes + 4 } * layers.count }

  /// Bytes of a part in memory, about.
  var byteCount: Int { shapes.reduce(0) { $0 + $1.byteCount } * layers.count }

  /// Reads a unit's part, each of the stored forms of so many rows.
  func parts(_ reader: inout ByteReader, rows: Int) throws(Refusal) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    for shape in shapes {
      for _ in layers {
        let part = try reader.bytes(try reader.count(upTo: Int(Int32.max)))
        guard try ActivationStatistics(part, shape).count == rows else { throw reader.malformed }
        parts.append(part)
      }
    }
    return parts
  }

  /// The sum over units' parts of a site's layer, both by their place.
  func total(site: Int, layer: Int, of parts: [[[UInt8]]]) throws(Refusal) -> ActivationStatistics {
    var total = ActivationStatistics(shapes[site])
    for part in parts {
      total.merge(try ActivationStatistics(part[site * layers.count + layer], shapes[site]))
    }
    return total
  }

  // MARK: Arrays

  private func arrays(_ site: Int) -> StatisticsArrays {
    StatisticsArrays(
      shape: shapes[site],
      parts: sites[site].heads.map { Axis(sites[site].headsName, $0.count) })
  }

  /// Of each site a group of labels, and one of what `total` says.
  var groups: [ArrayGroup] {
    sites.indices.flatMap {
      arrays($0).groups(in: sites[$0].site.rawValue, layers: Axis("layer", layers.count))
    }
  }

  /// - Parameter total: Of a site's layer, both by their place; nil while not known.
  func values(
    _ group: Int, at block: [Int],
    _ total: (_ site: Int, _ layer: Int) throws(Refusal) -> ActivationStatistics?
  ) throws(Refusal) -> [ArrayValues?] {
    guard group % 2 == 1 else {
      return [
        .integers(layers.map { Int32($0) }),
        .floats(StatisticsArrays.quantiles.map { Float($0) }),
      ] + (sites[group / 2].heads.map { [.integers($0.map { Int32($0) })] } ?? [])
    }
    let found = try total(group / 2, block[0])
    return found.map { arrays(group / 2).values($0) } ?? groups[group].quantities.map { _ in nil }
  }
}
