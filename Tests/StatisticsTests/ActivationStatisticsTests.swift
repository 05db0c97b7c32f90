import Inputs
import Tensors
import Testing
import _TestSupport

@testable import Statistics

/// Whole numbers, whose sums are exact in any order.
private func wholeNumbers(_ rows: Int, _ width: Int, seed: UInt64 = 3) -> Tensor<Float> {
  var random = SeededRandom(seed: seed)
  return Tensor(
    [rows, width],
    (0..<rows * width).map { _ in Float(Int.random(in: -9...9, using: &random)) })
}

private let full = StatisticsShape(
  width: 38, groups: 2, hasMoments: true, positions: .fromEnd(count: 3))

@Test func `statistics of columns, norms and pairs are those computed by hand`() throws {
  let (rows, width, part) = (53, 38, 19)
  let x = wholeNumbers(rows, width)
  var statistics = ActivationStatistics(full)
  statistics.add(x, at: 0, of: rows)
  let values = x.elements.map { Double($0) }
  func column(_ place: Int) -> [Double] { (0..<rows).map { values[$0 * width + place] } }
  #expect(statistics.count == rows)
  for place in 0..<width {
    let column = column(place)
    let mean = column.reduce(0, +) / Double(rows)
    #expect(statistics.means[place] == mean)
    #expect(statistics.minima[place] == Float(column.min() ?? .nan))
    #expect(statistics.maxima[place] == Float(column.max() ?? .nan))
    let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
    #expect(abs(statistics.variances[place] - variance) < 1e-12 * 81)
  }
  for group in 0..<2 {
    let moments = try #require(statistics.secondMoments(group: group))
    let covariance = try #require(statistics.covariance(group: group))
    for i in 0..<part {
      for j in 0..<part {
        let (a, b) = (column(group * part + i), column(group * part + j))
        let moment = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / Double(rows)
        #expect(moments[i * part + j] == moment)
        let means = statistics.means
        #expect(
          covariance[i * part + j] == moment - means[group * part + i] * means[group * part + j])
      }
    }
    let norms = (0..<rows).map { row in
      (0..<part).reduce(0.0) { sum, place in
        let value = values[row * width + group * part + place]
        return sum + value * value
      }.squareRoot()
    }
    #expect(statistics.meanNorm(group: group) == norms.reduce(0, +) / Double(rows))
    let median = norms.sorted()[(rows - 1) / 2]
    let found = try #require(statistics.normQuantile(0.5, group: group))
    #expect(abs(found - median) <= 0.01 * median)
  }
}

@Test(arguments: [StatisticsShape.Positions.fromStart(count: 3), .fromEnd(count: 3)])
func `means by position count from the end that they name`(
  positions: StatisticsShape.Positions
) throws {
  var statistics = ActivationStatistics(StatisticsShape(width: 2, positions: positions))
  // Documents of five and two tokens; the longer comes in two parts.
  let x = Tensor<Float>([7, 2], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 100, 101, 200, 201])
  statistics.add(x.rows(0..<3), at: 0, of: 5)
  statistics.add(x.rows(3..<5), at: 3, of: 5)
  statistics.add(x.rows(5..<7), at: 0, of: 2)
  #expect(statistics.positionCounts == [2, 2, 1])
  let isStart = positions == .fromStart(count: 3)
  #expect(statistics.mean(at: 0) == (isStart ? [50, 51] : [120, 121]))
  #expect(statistics.mean(at: 1) == (isStart ? [105, 106] : [65, 66]))
  #expect(statistics.mean(at: 2) == [20, 21])
  #expect(ActivationStatistics(statistics.shape).mean(at: 2) == nil)
}

@Test(arguments: 0..<3)
func `a quantile is within one percent of the value of its rank`(spread: Int) throws {
  var random = SeededRandom(seed: 11)
  let x = Tensor<Float>(
    [1000, 4],
    (0..<4000).map { place in
      let value = Float.random(in: -1...1, using: &random)
      return spread == 0 ? value : spread == 1 ? value * value * value * 1e6 : value * 1e-9
    })
  var statistics = ActivationStatistics(StatisticsShape(width: 4))
  statistics.add(x, at: 0, of: 1000)
  let sorted = x.elements.sorted()
  for q in [0, 0.001, 0.05, 0.25, 0.499, 0.5, 0.75, 0.95, 0.999, 1] {
    let exact = Double(sorted[Int(q * 3999)])
    let found = try #require(statistics.quantile(q))
    #expect(abs(found - exact) <= 0.01 * abs(exact), "\(q): \(found) for \(exact)")
  }
}

@Test func `what is not finite, very small or very large has its place`() {
  let x = Tensor<Float>(
    [4, 2], [.nan, .infinity, 1e-20, -1e-20, 0, -0.0, 1e30, -.infinity])
  var statistics = ActivationStatistics(StatisticsShape(width: 2))
  #expect(statistics.quantile(0.5) == nil && statistics.meanNorm() == nil)
  statistics.add(x, at: 0, of: 4)
  #expect(statistics.notFinite == 3)
  #expect(statistics.quantile(0) == 0 && statistics.quantile(0.75) == 0)
  let largest = statistics.quantile(1) ?? 0
  #expect(largest > 1.6e7 && largest <= 1e30)
  #expect(statistics.means[0].isNaN && statistics.maxima[0] == 1e30)
}

@Test func `statistics of parts merge to those of the whole`() {
  let x = wholeNumbers(50, 38)
  var whole = ActivationStatistics(full)
  whole.add(x, at: 0, of: 50)
  var merged = ActivationStatistics(full)
  for rows in [0..<1, 1..<18, 18..<50] {
    var part = ActivationStatistics(full)
    part.add(x.rows(rows), at: rows.lowerBound, of: 50)
    merged.merge(part)
  }
  // Norms are no whole numbers: their sum differs in the last bits, as it may.
  for group in 0..<2 {
    #expect(abs(whole.normSums[group] - merged.normSums[group]) < 1e-10)
    whole.normSums[group] = merged.normSums[group]
  }
  #expect(whole == merged)
}

@Test func `statistics come back from their bytes, and damaged ones are refused`() throws {
  var statistics = ActivationStatistics(full)
  statistics.add(wholeNumbers(20, 38), at: 3, of: 23)
  let bytes = statistics.bytes
  #expect(try ActivationStatistics(bytes, full) == statistics)
  let empty = ActivationStatistics(full)
  #expect(try ActivationStatistics(empty.bytes, full) == empty)
  func refuses(_ bytes: [UInt8], _ shape: StatisticsShape = full) -> Bool {
    do throws(Refusal) {
      _ = try ActivationStatistics(bytes, shape)
      return false
    } catch { return error.kind == .store }
  }
  for count in stride(from: 0, to: bytes.count, by: 7) { #expect(refuses(Array(bytes[..<count]))) }
  #expect(refuses(bytes + [0]))
  #expect(refuses(bytes, StatisticsShape(width: 38, groups: 2, hasMoments: true)))
  #expect(refuses(bytes, StatisticsShape(width: 39)))
  // A flipped bit in a sum is a checksum's to notice; one in a count is noticed here.
  for place in 0..<16 {
    for bit in 0..<8 {
      var other = bytes
      other[place] ^= 1 << bit
      #expect(refuses(other), "byte \(place), bit \(bit)")
    }
  }
  // The sketches' places and counts: whatever is in them, nothing traps and no count is believed.
  var random = SeededRandom(seed: 8)
  for _ in 0..<2000 {
    var other = bytes
    other[Int.random(in: bytes.count / 2..<bytes.count, using: &random)] ^=
      1 << UInt8.random(in: 0..<8, using: &random)
    if !refuses(other) {
      let read = try ActivationStatistics(other, full)
      #expect(read.values.allSatisfy { $0.count + $0.notFinite == 20 * 19 })
    }
  }
}
