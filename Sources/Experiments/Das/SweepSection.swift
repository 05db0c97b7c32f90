package import Inputs

/// `[sweep]`: what one job trains interventions for, each layer with each place with each width.
package struct SweepSection: Sendable {
  /// Nil: as the interventions say.
  package let layers: LayerSelection?
  package let positions: [PlaceSelection]?
  package let widths: [Int]?
  private let widthPlaces: [JobPlace]
  let place: JobPlace

  package init(_ field: JobField?, in job: JobPlace) throws(Refusal) {
    let section = try field?.table(known: ["layers", "positions", "widths"])
    place = field?.place ?? job.member("sweep")
    layers = try section?.optional("layers").map(LayerSelection.init)
    positions = try section?.optional("positions").map { (field) throws(Refusal) in
      var places: [PlaceSelection] = []
      for item in try field.items() {
        let place = try PlaceSelection(item)
        guard !places.contains(where: { $0.label == place.label }) else {
          throw item.place.refusal("\(place.label) a second time", expected: "each place once")
        }
        places.append(place)
      }
      guard !places.isEmpty else {
        throw field.place.refusal("no places, so no units", expected: "at least one place")
      }
      return places
    }
    var widthPlaces: [JobPlace] = []
    widths = try section?.optional("widths").map { (field) throws(Refusal) in
      var widths: [Int] = []
      for item in try field.items() {
        let width = try item.int(in: 1...1 << 24)
        guard !widths.contains(width) else {
          throw item.place.refusal("\(width) a second time", expected: "each width once")
        }
        widths.append(width)
        widthPlaces.append(item.place)
      }
      guard !widths.isEmpty else {
        throw field.place.refusal("no widths, so no units", expected: "at least one width")
      }
      return widths
    }
    self.widthPlaces = widthPlaces
  }

  /// Where a width stands that the sweep has.
  func place(ofWidth width: Int) -> JobPlace? {
    widths?.firstIndex(of: width).map { widthPlaces[$0] }
  }

  package var canonical: JobValue? {
    guard layers != nil || positions != nil || widths != nil else { return nil }
    return .fields([
      "layers": layers?.canonical, "positions": positions.map { .items($0.map(\.canonical)) },
      "widths": widths.map { .items($0.map(JobValue.int)) },
    ])
  }
}
