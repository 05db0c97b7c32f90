/// Where an intervention acts in each example of a batch: which blocks of a row, at which positions.
///
/// Blocks are heads, senses or single coordinates; a site that is cut into none has one block a row.
public struct UnitPlaces: Sendable, Equatable {
  /// Numbers along one axis, for each example.
  public enum Choice: Sendable, Equatable {
    case every
    /// The same for every example.
    case same([Int])
    case each([[Int]])

    /// The numbers of an example; nil: every one.
    func numbers(of example: Int) -> [Int]? {
      switch self {
      case .every: nil
      case .same(let numbers): numbers
      case .each(let numbers): numbers[example]
      }
    }

    func count(of example: Int, outOf all: Int) -> Int { numbers(of: example)?.count ?? all }

    func smallest(of example: Int) -> Int? { numbers(of: example).map { $0.min() ?? .max } ?? 0 }

    /// Lists that are equal for all examples become one.
    var simplified: Choice {
      guard case .each(let lists) = self, let first = lists.first,
        lists.allSatisfy({ $0 == first })
      else { return self }
      return .same(first)
    }
  }

  /// Which blocks of a row.
  public var blocks: Choice
  /// At which positions.
  public var positions: Choice

  /// Blocks at positions; every one unless said.
  public init(blocks: Choice = .every, positions: Choice = .every) {
    self.blocks = blocks.simplified
    self.positions = positions.simplified
  }

  /// Everything at the site.
  public static let whole = UnitPlaces()

  /// The number of units of an example of `length` positions.
  func count(of example: Int, length: Int, blockCount: Int) -> Int {
    blocks.count(of: example, outOf: blockCount) * positions.count(of: example, outOf: length)
  }

  /// The first position of an example that is touched; its length or more if none is.
  func firstPosition(of example: Int) -> Int {
    if blocks.numbers(of: example)?.isEmpty == true { return .max }
    return positions.smallest(of: example) ?? 0
  }

  /// One past the last position of an example that is touched; 0 if none is.
  func endPosition(of example: Int, length: Int) -> Int {
    if blocks.numbers(of: example)?.isEmpty == true { return 0 }
    guard let numbers = positions.numbers(of: example) else { return length }
    return numbers.max().map { $0 + 1 } ?? 0
  }
}
