package import Inputs
package import JobFiles

/// `[sweep]`: what one job trains interventions for, each layer with each place with each width.
package struct SweepSection: Sendable {
  /// Nil: as the interventions say.
  package let layers: Selection?
  package let positions: [Places]?
  package let widths: [Int]?
  private let widthPlaces: [JobPlace]
  let place: JobPlace

  /// What is swept where the job says nothing.
  init(nothingIn job: JobPlace) {
    (layers, positions, widths, widthPlaces, place) = (nil, nil, nil, [], job.member("sweep"))
  }

  package init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    let own = "as the interventions say"
    layers = try f.optional(
      "layers", .selection(of: .layer), usually: own, "Layers for interventions without a layer.")
    positions = try f.optional(
      "positions", .list(of: .namedPlaces, "places", isSet: true), usually: own,
      "Places for interventions without a position, each swept by itself; a list in the list is one "
        + "place of several positions.")
    widths = try f.optional(
      "widths", .list(of: .int(1...1 << 24), "widths", isSet: true), usually: own,
      "Dimensions of what is exchanged, for interventions that leave theirs open.")
    widthPlaces = try f.written("widths")?.items().map(\.place) ?? []
  }

  /// Where a width stands that the sweep has.
  func place(ofWidth width: Int) -> JobPlace? {
    widths?.firstIndex(of: width).map { widthPlaces[$0] }
  }
}
