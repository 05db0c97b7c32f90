internal import Inputs
internal import ResultsStore
internal import Statistics

/// Statistics of a site's layers as the arrays of a run, a block a layer.
struct StatisticsArrays: Sendable {
  let shape: StatisticsShape
  /// The parts of a row with norms and quantiles of their own; nil where the row is one.
  let parts: Axis?

  /// The shares of values, or of norms, that lie below the quantiles.
  static let quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]

  /// Numbers that need no result, and then the statistics.
  func groups(in folder: String, layers: Axis) -> [ArrayGroup] {
    let of = parts.map { [$0] } ?? []
    let column = Axis("column", shape.groupWidth)
    let quantile = Axis("quantile", Self.quantiles.count)
    func floats(_ name: String, _ axes: [Axis], _ says: String) -> Quantity {
      Quantity(name, .float32, axes, says)
    }
    var all = [
      Quantity("count", .int32, [], "rows, each a token"),
      floats("mean", of + [column], "mean of a column over the rows"),
      floats("variance", of + [column], "variance of a column over the rows, by their count"),
      floats("minimum", of + [column], "least value of a column"),
      floats("maximum", of + [column], "largest value of a column"),
      floats("mean_norm", of, "mean of the Euclidean norms of the rows"),
      floats("maximum_norm", of, "largest of the norms"),
      floats("norm_quantile", of + [quantile], "quantiles of the norms, within 1 %"),
      floats("value_quantile", of + [quantile], "quantiles of all values, within 1 %"),
    ]
    if shape.hasMoments {
      all.append(
        floats(
          "second_moment", of + [column, Axis("other_column", shape.groupWidth)],
          "mean of the product of two columns"))
    }
    if let positions = shape.positions {
      let place = Axis("place", positions.count)
      all += [
        Quantity("count_by_place", .int32, [place], "rows at a place of their document"),
        floats("mean_by_place", [place] + of + [column], "mean of a column over these rows"),
      ]
    }
    return [
      ArrayGroup(
        in: folder,
        [
          Quantity("layer", .int32, [layers]), Quantity("quantile", .float32, [quantile]),
        ] + of.map { Quantity($0.name, .int32, [$0], "number of a head") }),
      ArrayGroup(in: folder, over: [layers], all),
    ]
  }

  /// What the second group holds of a layer.
  func values(_ s: ActivationStatistics) -> [ArrayValues] {
    func floats(_ values: [Double]) -> ArrayValues { .floats(values.map { Float($0) }) }
    func byPart(_ value: (Int) -> [Double?]) -> ArrayValues {
      floats((0..<shape.groups).flatMap(value).map { $0 ?? .nan })
    }
    var all: [ArrayValues] = [
      .integers([Int32(s.count)]), floats(s.means), floats(s.variances), .floats(s.minima),
      .floats(s.maxima), byPart { [s.meanNorm(group: $0)] },
      byPart { [s.count == 0 ? nil : Double(s.normMaxima[$0])] },
      byPart { part in Self.quantiles.map { s.normQuantile($0, group: part) } },
      byPart { part in Self.quantiles.map { s.quantile($0, group: part) } },
    ]
    if shape.hasMoments {
      let none = [Double](repeating: .nan, count: shape.groupWidth * shape.groupWidth)
      all.append(floats((0..<shape.groups).flatMap { s.secondMoments(group: $0) ?? none }))
    }
    if let positions = shape.positions {
      all.append(.integers(s.positionCounts.map { Int32($0) }))
      let none = [Double](repeating: .nan, count: shape.width)
      all.append(floats((0..<positions.count).flatMap { s.mean(at: $0) ?? none }))
    }
    return all
  }
}
