internal import Statistics
internal import Inputs
internal import JobFiles

/// `[statistics]`: what is known of each site's layers beside the activations.
struct StatisticsSection: Sendable {
  enum End: String, CaseIterable, Sendable {
    case start = "from_start"
    case end = "from_end"
  }

  let hasMoments: Bool
  /// The end that places are counted from; nil for no means by place.
  let end: End?
  let places: Int

  init(_ f: inout Fields) throws(Refusal) {
    hasMoments = try f.field(
      "moments", .flag, or: false,
      "Whether the mean products of all pairs of columns are kept, as PCA needs them.")
    end = try f.optional(
      "positions", .choice(), usually: "no means by place",
      "Where places of a document are counted from, each of which has a mean of its own.")
    places = try f.field(
      "places", .int(1...1 << 20), or: 64, unit: "tokens",
      only: Fields.When(end != nil, "positions"),
      "Places with a mean, at most; further ones are in the mean over all alone.")
  }

  /// - Parameter longest: Tokens of the longest document.
  func shape(width: Int, parts: Int, longest: Int) -> StatisticsShape {
    let count = min(places, longest)
    let positions: StatisticsShape.Positions? =
      switch end {
      case nil: nil
      case .start: .fromStart(count: count)
      case .end: .fromEnd(count: count)
      }
    return StatisticsShape(
      width: width, groups: parts, hasMoments: hasMoments, positions: positions)
  }
}
