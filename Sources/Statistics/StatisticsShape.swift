/// What statistics of a site's activations are made of: known from the job, so never stored.
package struct StatisticsShape: Sendable, Equatable {
  /// Columns of an activation.
  package let width: Int
  /// Equal parts of the columns with norms, quantiles and second moments of their own: the heads, or
  /// one for the whole.
  package let groups: Int
  /// Whether the products of all pairs of columns of a group are summed: 8 bytes a pair.
  package let hasMoments: Bool
  /// Which places have means of their own; nil for none.
  package let positions: Positions?

  /// Places of a document, counted from one of its ends; places past `count` are not kept.
  package enum Positions: Sendable, Equatable {
    /// 0 is a document's first token.
    case fromStart(count: Int)
    /// 0 is a document's last token.
    case fromEnd(count: Int)

    package var count: Int {
      switch self {
      case .fromStart(let count), .fromEnd(let count): count
      }
    }

    /// The number of a place of a document of `length` tokens; nil where it is not kept.
    package func number(of place: Int, in length: Int) -> Int? {
      let number =
        switch self {
        case .fromStart: place
        case .fromEnd: length - 1 - place
        }
      return number < count ? number : nil
    }
  }

  package init(
    width: Int, groups: Int = 1, hasMoments: Bool = false, positions: Positions? = nil
  ) {
    precondition(
      width > 0 && groups > 0 && width % groups == 0 && (positions?.count ?? 1) > 0,
      "\(groups) groups of \(width) columns, \(positions?.count ?? 0) positions")
    self.width = width
    self.groups = groups
    self.hasMoments = hasMoments
    self.positions = positions
  }

  /// Columns of a group.
  package var groupWidth: Int { width / groups }

  /// Bytes of statistics in memory, about.
  package var byteCount: Int {
    24 * width + groups * (2 << 16) + (positions?.count ?? 0) * (8 * width + 8)
      + (hasMoments ? 8 * width * groupWidth : 0)
  }

  /// Bytes of the stored form, at most.
  package var storedBytes: Int {
    let sketches = groups * 2 * (12 + 10 * (2 * ValueSketch.half + 1))
    let moments = hasMoments ? 4 * width * (groupWidth + 1) : 0
    return 16 + 24 * width + 12 * groups + sketches + moments
      + (positions?.count ?? 0) * 8 * (width + 1)
  }
}
