/// What the sums say. Each is nil, or NaN in a column, of no rows.
extension ActivationStatistics {
  /// Means of the columns, `[width]`.
  package var means: [Double] { sums.map { $0 / Double(count) } }

  /// Variances of the columns over the rows that there were (divided by their count), `[width]`.
  ///
  /// By `E[x²] - E[x]²`, so a variance below about `2^-50` of the mean's square is lost.
  package var variances: [Double] {
    zip(means, squares).map { mean, square in max(0, square / Double(count) - mean * mean) }
  }

  /// The quantile of all values of a group, within 1 % of the value of that rank.
  package func quantile(_ q: Double, group: Int = 0) -> Double? {
    let columns = group * shape.groupWidth..<(group + 1) * shape.groupWidth
    let (low, high) = (minima[columns].min() ?? 0, maxima[columns].max() ?? 0)
    guard low <= high else { return nil }
    return values[group].quantile(q, within: low...high)
  }

  /// The mean of the Euclidean norms of a group's part of the rows.
  package func meanNorm(group: Int = 0) -> Double? {
    count == 0 ? nil : normSums[group] / Double(count)
  }

  /// The quantile of those norms, within 1 %.
  package func normQuantile(_ q: Double, group: Int = 0) -> Double? {
    norms[group].quantile(q, within: 0...normMaxima[group])
  }

  /// Values of all groups that are NaN or infinite.
  package var notFinite: Int { values.reduce(0) { $0 + $1.notFinite } }

  /// The mean of the products of each pair of a group's columns, `[groupWidth, groupWidth]`; nil
  /// where they are not kept.
  package func secondMoments(group: Int = 0) -> [Double]? {
    guard shape.hasMoments, count > 0 else { return nil }
    let width = shape.groupWidth
    let sums = moments[group * width * width..<(group + 1) * width * width]
    return (0..<width * width).map { place in
      let (row, column) = (place / width, place % width)
      let upper = min(row, column) * width + max(row, column)
      return sums[sums.startIndex + upper] / Double(count)
    }
  }

  /// The covariance of a group's columns, `[groupWidth, groupWidth]`, over the rows that there were.
  package func covariance(group: Int = 0) -> [Double]? {
    guard var result = secondMoments(group: group) else { return nil }
    let width = shape.groupWidth
    let means = Array(means[group * width..<(group + 1) * width])
    for place in result.indices { result[place] -= means[place / width] * means[place % width] }
    return result
  }

  /// The mean of the rows at a position, `[width]`; nil where there was none.
  package func mean(at position: Int) -> [Double]? {
    guard positionCounts[position] > 0 else { return nil }
    return positionSums[position * shape.width..<(position + 1) * shape.width].map {
      $0 / Double(positionCounts[position])
    }
  }
}
