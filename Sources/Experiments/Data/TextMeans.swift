internal import ResultsStore
internal import Statistics
internal import Inputs
internal import Interventions
internal import Models
internal import Tensors

/// Means over the tokens of texts at sites and layers, made by units of a few texts each.
struct TextMeans: Sendable {
  /// Sites, not split into heads, with the layers that they are taken of.
  let layers: [(site: Site, layers: [Int])]
  let texts: [[Int]]
  private let shapes: [StatisticsShape]

  /// Texts of a unit; always the same ones, so that sums are.
  private static let textsOfUnit = 4
  private static let unitLimit = 64
  /// Tokens that run at once.
  private static let tokensAtOnce = 1024

  /// - Parameter places: Places from the end of a text with means of their own; nil for none.
  init(_ layers: [Site: [Int]], of texts: [[Int]], _ shape: DecoderShape, places: Int?) {
    self.layers = layers.map { ($0.key, $0.value) }.sorted { $0.site.rawValue < $1.site.rawValue }
    self.texts = layers.isEmpty ? [] : texts
    shapes = self.layers.map { entry in
      StatisticsShape(
        width: shape.width(of: entry.site), positions: places.map { .fromEnd(count: $0) })
    }
  }

  private var perUnit: Int {
    max(Self.textsOfUnit, (texts.count + Self.unitLimit - 1) / Self.unitLimit)
  }
  var unitCount: Int { layers.isEmpty ? 0 : (texts.count + perUnit - 1) / perUnit }

  /// Bytes of all statistics of a unit.
  var byteCount: Int {
    zip(layers, shapes).reduce(0) { $0 + $1.0.layers.count * $1.1.byteCount }
  }

  /// The record of a unit: statistics of its texts, site by site and layer by layer.
  func compute(
    _ unit: Int, _ model: DecoderModel<Float>, unless isGivenUp: () -> Bool
  ) throws -> [UInt8] {
    var statistics = zip(layers, shapes).map { entry, shape in
      entry.layers.map { _ in ActivationStatistics(shape) }
    }
    var left = texts[unit * perUnit..<min(texts.count, (unit + 1) * perUnit)]
    while !left.isEmpty {
      var (count, tokens) = (1, left[left.startIndex].count)
      while count < left.count,
        tokens + left[left.startIndex + count].count <= Self.tokensAtOnce
      {
        tokens += left[left.startIndex + count].count
        count += 1
      }
      let batch = Array(left.prefix(count))
      left = left.dropFirst(count)
      let runs = try BaseRuns(
        model, batch.map { BaseRun($0) }, keeping: Set(layers.map(\.site)), unless: isGivenUp)
      for (place, entry) in layers.enumerated() {
        for (number, layer) in entry.layers.enumerated() {
          for run in batch.indices {
            statistics[place][number].add(
              runs.value(entry.site, layer: layer, run: run), at: 0, of: batch[run].count)
          }
        }
      }
    }
    var writer = ByteWriter()
    for one in statistics.joined() {
      let bytes = one.bytes
      writer.integer(Int32(bytes.count))
      writer.append(bytes)
    }
    return writer.bytes
  }

  /// Merges the records of all units, in their order.
  func merged(_ records: [[UInt8]]) throws(Refusal) -> SiteMeans.ByLayer {
    var means: SiteMeans.ByLayer = [:]
    for record in records {
      var reader = ByteReader(record, what: "means")
      for (entry, shape) in zip(layers, shapes) {
        for layer in entry.layers {
          let own = try ActivationStatistics(
            reader.bytes(reader.count(upTo: Int(Int32.max))), shape)
          if means[entry.site]?[layer] == nil {
            means[entry.site, default: [:]][layer] = SiteMeans.Known(statistics: own)
          } else {
            means[entry.site]?[layer]?.statistics.merge(own)
          }
        }
      }
      try reader.end()
    }
    return means
  }
}
