internal import CKernels
package import Tensors

/// What is known of a site's activations after they have passed, `[rows, width]`, none of them kept.
///
/// Sums are in double, each in the order of the rows, of values and products that are exact there:
/// a sum of n terms is within `n 2^-53` of the sum of the terms' magnitudes. Statistics of parts
/// merge in the order of the units, so they are the same bits on any number of ranks and threads,
/// and on any processor.
///
/// NaN and infinities pass into the sums, NaN not into the extremes, and neither into quantiles.
package struct ActivationStatistics: Sendable, Equatable {
  package let shape: StatisticsShape
  /// Rows that were added.
  package internal(set) var count = 0
  /// Of each column.
  package internal(set) var sums: [Double]
  /// Of the columns' squares.
  package internal(set) var squares: [Double]
  /// Of each column; infinite before the first row.
  package internal(set) var minima: [Float]
  package internal(set) var maxima: [Float]
  /// Of all values of a group.
  var values: [ValueSketch]
  /// Of the Euclidean norms of a group's columns in each row.
  var norms: [ValueSketch]
  var normSums: [Double]
  package internal(set) var normMaxima: [Float]
  /// Upper triangles of the sums of x'x, `[groups, groupWidth, groupWidth]`; empty if not kept.
  var moments: [Double]
  /// Rows of each position, and the sums of their columns, `[positions, width]`.
  package internal(set) var positionCounts: [Int]
  var positionSums: [Double]

  package init(_ shape: StatisticsShape) {
    self.shape = shape
    let (width, groups, places) = (shape.width, shape.groups, shape.positions?.count ?? 0)
    sums = [Double](repeating: 0, count: width)
    squares = sums
    minima = [Float](repeating: .infinity, count: width)
    maxima = [Float](repeating: -.infinity, count: width)
    values = [ValueSketch](repeating: ValueSketch(), count: groups)
    norms = values
    normSums = [Double](repeating: 0, count: groups)
    normMaxima = [Float](repeating: 0, count: groups)
    moments = [Double](repeating: 0, count: shape.hasMoments ? width * shape.groupWidth : 0)
    positionCounts = [Int](repeating: 0, count: places)
    positionSums = [Double](repeating: 0, count: places * width)
  }

  /// Adds rows that follow each other in a document.
  ///
  /// - Parameters:
  ///   - x: Activations, `[rows, width]`.
  ///   - place: The place of the first row in its document.
  ///   - length: Tokens of the document.
  package mutating func add(_ x: Tensor<Float>, at place: Int, of length: Int) {
    precondition(
      x.width == shape.width && place >= 0 && place + x.rows <= length,
      "\(x.shape) at \(place) of \(length) for \(shape.width) columns")
    x.withPointer { add($0, rows: x.rows) }
    guard let positions = shape.positions else { return }
    for row in 0..<x.rows {
      guard let number = positions.number(of: place + row, in: length) else { continue }
      positionCounts[number] += 1
      x.withPointer { from in
        positionSums.withUnsafeMutableBufferPointer { sums in
          guard let sums = sums.baseAddress else { return }
          statistics_add_row(shape.width, from + row * shape.width, sums + number * shape.width)
        }
      }
    }
  }

  private mutating func add(_ x: UnsafePointer<Float>, rows: Int) {
    let (width, part) = (shape.width, shape.groupWidth)
    count += rows
    statistics_columns(rows, width, x, &sums, &squares, &minima, &maxima)
    for row in 0..<rows {
      for group in 0..<shape.groups {
        let from = x + row * width + group * part
        values[group].add(from, count: part)
        let norm = statistics_squares(part, from).squareRoot()
        normSums[group] += norm
        norms[group].add(Float(norm))
        normMaxima[group] = max(normMaxima[group], Float(norm))
      }
    }
    guard shape.hasMoments else { return }
    var scratch = [Double](repeating: 0, count: STATISTICS_BLOCK * part)
    moments.withUnsafeMutableBufferPointer { moments in
      guard let base = moments.baseAddress else { return }
      for group in 0..<shape.groups {
        statistics_moments(
          rows, part, width, x + group * part, base + group * part * part, &scratch)
      }
    }
  }

  /// Adds statistics of the rows that come after these.
  package mutating func merge(_ other: ActivationStatistics) {
    precondition(shape == other.shape, "statistics of \(other.shape) into those of \(shape)")
    func add<Value: AdditiveArithmetic>(_ values: inout [Value], _ more: [Value]) {
      for place in values.indices { values[place] += more[place] }
    }
    count += other.count
    add(&sums, other.sums)
    add(&squares, other.squares)
    add(&normSums, other.normSums)
    add(&moments, other.moments)
    add(&positionCounts, other.positionCounts)
    add(&positionSums, other.positionSums)
    for column in minima.indices {
      minima[column] = min(minima[column], other.minima[column])
      maxima[column] = max(maxima[column], other.maxima[column])
    }
    for group in values.indices {
      values[group].merge(other.values[group])
      norms[group].merge(other.norms[group])
      normMaxima[group] = max(normMaxima[group], other.normMaxima[group])
    }
  }
}
