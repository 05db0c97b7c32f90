/// The coordinates of a vector that an intervention exchanges, its subspace.
public enum Coordinates: Sendable, Equatable {
  case all
  /// The same for every vector, in the order given.
  case shared([Int])
  /// Each vector's own, in the order given.
  case perVector([[Int]])

  /// The first `count` coordinates of vectors of `width`.
  static func first(_ count: Int, of width: Int) -> Coordinates {
    count >= width ? .all : .shared(Array(0..<count))
  }

  /// The coordinates of vectors that belong to the given examples.
  func ofVectors(_ examples: [Int]) -> Coordinates {
    guard case .perVector(let lists) = self else { return self }
    let own = examples.map { lists[$0] }
    guard let first = own.first, own.allSatisfy({ $0 == first }) else { return .perVector(own) }
    return .shared(first)
  }

  /// Ranges that are copied as a piece, for each vector.
  var runs: CoordinateRuns {
    switch self {
    case .all: preconditionFailure("all coordinates need no runs")
    case .shared(let indices): CoordinateRuns(shared: Self.merged(indices), each: [])
    case .perVector(let lists): CoordinateRuns(shared: nil, each: lists.map(Self.merged))
    }
  }

  private static func merged(_ indices: [Int]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for index in Set(indices).sorted() {
      if let last = ranges.last, last.upperBound == index {
        ranges[ranges.count - 1] = last.lowerBound..<index + 1
      } else {
        ranges.append(index..<index + 1)
      }
    }
    return ranges
  }
}

/// Chosen coordinates as ranges, shared by all vectors or of each.
struct CoordinateRuns {
  let shared: [Range<Int>]?
  let each: [[Range<Int>]]

  subscript(vector: Int) -> [Range<Int>] { shared ?? each[vector] }
}
