package import Inputs
internal import ResultsStore

/// The stored form, for journals: little-endian, in the order of the properties, of each second
/// moment the upper triangle. Whoever stores it adds a checksum.
extension ActivationStatistics {
  private static let magic: UInt64 = 0x3153_5441_5453_4143  // "CASTATS1"
  /// Rows that a count may claim, so that no sum of counts overflows.
  private static let rowLimit = 1 << 40

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ values: some Sequence<Double>) {
      for value in values { bytes.append(littleEndian: value.bitPattern) }
    }
    func append(_ values: [Float]) {
      for value in values { bytes.append(littleEndian: value.bitPattern) }
    }
    bytes.append(littleEndian: Self.magic)
    bytes.append(littleEndian: UInt64(count))
    append(sums)
    append(squares)
    append(minima)
    append(maxima)
    append(normSums)
    append(normMaxima)
    for row in triangle { append(moments[row]) }
    for count in positionCounts { bytes.append(littleEndian: UInt64(count)) }
    append(positionSums)
    for sketch in values + norms { sketch.append(to: &bytes) }
    return bytes
  }

  /// Reads what `bytes` makes.
  ///
  /// - Parameter shape: The shape that the job gives.
  /// - Throws: `store`, without a file, unless every count agrees with every other.
  package init(_ bytes: [UInt8], _ shape: StatisticsShape) throws(Refusal) {
    self.init(shape)
    var reader = StatisticsReader(bytes)
    guard try reader.integer(UInt64.self) == Self.magic else {
      throw reader.refusal("another beginning", "activation statistics")
    }
    count = try reader.count(upTo: Self.rowLimit, "rows")
    sums = try reader.doubles(shape.width)
    squares = try reader.doubles(shape.width)
    minima = try reader.floats(shape.width)
    maxima = try reader.floats(shape.width)
    guard zip(minima, maxima).allSatisfy({ !$0.isNaN && !$1.isNaN }) else {
      throw reader.refusal("NaN as an extreme", "numbers")
    }
    normSums = try reader.doubles(shape.groups)
    normMaxima = try reader.floats(shape.groups)
    guard normMaxima.allSatisfy({ $0 >= 0 }) else {
      throw reader.refusal("a norm that is negative or NaN", "norms")
    }
    for row in triangle { moments.replaceSubrange(row, with: try reader.doubles(row.count)) }
    var left = count
    for position in positionCounts.indices {
      positionCounts[position] = try reader.count(upTo: left, "rows at a position")
      left -= positionCounts[position]
    }
    positionSums = try reader.doubles(positionSums.count)
    let (values, overflow) = count.multipliedReportingOverflow(by: shape.groupWidth)
    guard !overflow else {
      throw reader.refusal("\(count) rows", "rows whose values can be counted")
    }
    for group in 0..<shape.groups {
      self.values[group] = try ValueSketch(&reader, total: values)
    }
    for group in 0..<shape.groups { norms[group] = try ValueSketch(&reader, total: count) }
    try reader.finish()
  }

  /// Where the sums of second moments lie that are kept, from each row's diagonal on.
  private var triangle: [Range<Int>] {
    guard shape.hasMoments else { return [] }
    let width = shape.groupWidth
    return (0..<shape.width).map { row in
      row * width + row % width..<(row + 1) * width
    }
  }
}
