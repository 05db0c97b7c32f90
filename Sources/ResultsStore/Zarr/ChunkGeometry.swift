/// Boxes of a row-major array: where a chunk's elements lie in a larger chunk, or past the edge.
enum ChunkGeometry {
  /// Every index of a grid, in C order. The grid is that of chunks in a file, so it is small.
  static func indices(of grid: [Int]) -> [[Int]] {
    grid.reduce([[]]) { places, size in
      places.flatMap { place in (0..<size).map { place + [$0] } }
    }
  }

  /// The shape of what lies inside the array of a part whose first element is at `origin`; a size is
  /// 0 where the part lies past the edge.
  static func clipped(_ part: [Int], at origin: [Int], in shape: [Int]) -> [Int] {
    shape.indices.map { max(0, min(part[$0], shape[$0] - origin[$0])) }
  }

  /// Copies a box of `size` elements between two row-major arrays, row by row.
  static func copy<Element>(
    _ size: [Int], from source: [Element], _ sourceShape: [Int], at sourceOrigin: [Int],
    to target: inout [Element], _ targetShape: [Int], at targetOrigin: [Int]
  ) {
    guard let row = size.last else {
      target[0] = source[0]
      return
    }
    guard !size.contains(0) else { return }
    var place = [Int](repeating: 0, count: size.count)
    while true {
      let from = offset(place, sourceOrigin, sourceShape)
      let to = offset(place, targetOrigin, targetShape)
      target.replaceSubrange(to..<to + row, with: source[from..<from + row])
      var axis = size.count - 2
      while axis >= 0, place[axis] == size[axis] - 1 {
        place[axis] = 0
        axis -= 1
      }
      guard axis >= 0 else { return }
      place[axis] += 1
    }
  }

  private static func offset(_ place: [Int], _ origin: [Int], _ shape: [Int]) -> Int {
    shape.indices.reduce(0) { $0 * shape[$1] + place[$1] + origin[$1] }
  }
}
