internal import Tensors

extension UnitGrid {
  /// How many neighbouring units make one vector; nil if the examples that have any differ in it.
  ///
  /// Joined are the blocks of a position where the site has blocks, the positions of an example
  /// elsewhere, and never time steps. Single coordinates of a position always are one vector.
  func unitsOfVector(_ places: UnitPlaces, lengths: [Int], joins: Bool) -> Int? {
    guard axis == .feature || (joins && axis != .step) else { return 1 }
    let counts = lengths.enumerated().map { example, length in
      blockCount > 1 || axis == .feature || axis == .channel
        ? places.blocks.count(of: example, outOf: blockCount)
        : places.positions.count(of: example, outOf: length)
    }
    let some = counts.filter { $0 > 0 }
    guard let first = some.first else { return counts.isEmpty ? nil : 0 }
    return some.allSatisfy { $0 == first } ? first : nil
  }

  /// The axes of an entry's collected units but the last, `[example, (head,) position]`; nil where
  /// examples have unequal numbers of units.
  func leadingShape(of places: UnitPlaces, lengths: [Int]) -> [Int]? {
    let examples = lengths.indices
    let blocks = Set(examples.map { places.blocks.count(of: $0, outOf: blockCount) })
    let positions = Set(examples.map { places.positions.count(of: $0, outOf: lengths[$0]) })
    guard blocks.count == 1, positions.count == 1, let b = blocks.first, let p = positions.first
    else { return nil }
    return isCutIntoBlocks ? [examples.count, b, p] : [examples.count, p]
  }

  /// The axes of an entry's units as one tensor: those of `leadingShape` and the vectors' width, or of
  /// channels one by one, which are taken at every pixel, `[example, channel, height, width]`.
  ///
  /// - Parameters:
  ///   - images: The size of each example's image at the site, if rows are pixels.
  ///   - width: Of the vectors.
  func shape(
    of places: UnitPlaces, lengths: [Int], images: [ImageSize]?, width: Int
  ) -> [Int]? {
    guard let leading = leadingShape(of: places, lengths: lengths) else { return nil }
    guard axis == .channel, !isPositionMajor, width == 1, let image = images?.first,
      images?.allSatisfy({ $0 == image }) == true
    else { return leading + [width] }
    return Array(leading.dropLast()) + [image.height, image.width]
  }

  /// A given value as units in the order of this grid, `[units, block]`; nil if it does not fit.
  ///
  /// - Parameters:
  ///   - joined: Units of one vector.
  ///   - blockWidth: As wide as the run's blocks are.
  func units<Scalar: Real>(
    of given: InterventionCall<Scalar>.Given, at places: UnitPlaces, lengths: [Int],
    images: [ImageSize]?, joined: Int, blockWidth: Int
  ) -> Tensor<Scalar>? {
    let counts = lengths.enumerated().map {
      places.count(of: $0, length: $1, blockCount: blockCount)
    }
    let total = counts.reduce(0, +)
    let value = given.value
    if value.shape.last == value.count, value.count == joined * blockWidth {
      let vector = value.reshaped([joined, blockWidth])
      return vector.gathered((0..<total).map { $0 % joined })
    }
    var whole: Tensor<Scalar>?
    let width = axis == .feature ? joined : blockWidth
    if let full = shape(of: places, lengths: lengths, images: images, width: width) {
      if value.shape == full {
        whole = value
      } else if given.repeatsOverExamples, value.shape == [1] + full.dropFirst() {
        whole = .concatenated(Array(repeating: value, count: lengths.count))
      }
    }
    guard let units = whole?.reshaped([total, blockWidth]) else { return nil }
    guard isPositionMajor, axis != .feature else { return units }
    return units.gathered(blockMajorNumbers(places, lengths: lengths))
  }

  /// For each unit, taken position by position, its number where they lie block by block.
  private func blockMajorNumbers(_ places: UnitPlaces, lengths: [Int]) -> [Int] {
    var numbers: [Int] = []
    for (example, length) in lengths.enumerated() {
      let blocks = places.blocks.count(of: example, outOf: blockCount)
      let positions = places.positions.count(of: example, outOf: length)
      let before = numbers.count
      for p in 0..<positions { for b in 0..<blocks { numbers.append(before + b * positions + p) } }
    }
    return numbers
  }
}
