/// The keys that pyvene gives to the representations of a folder, as it spelt them over the years.
///
/// A key ends in `#` and the number of earlier representations with the same text.
enum SavedKey: CaseIterable {
  /// Since February 2025, and the one that is written.
  case underscores
  /// Before: `layer.0.comp.mlp_output.unit.pos.nunit.1#0`.
  case dots
  /// Until January 2024: `layer.0.repr.mlp_output.unit.pos.nunit.1#0`.
  case representationDots

  /// The keys in the order of the representations.
  func keys(of representations: [SavedRepresentation]) -> [String] {
    var counts: [String: Int] = [:]
    return representations.map { representation in
      let text = text(of: representation)
      let count = counts[text, default: 0]
      counts[text] = count + 1
      return "\(text)#\(count)"
    }
  }

  private func text(of r: SavedRepresentation) -> String {
    let isModulePath = r.component.contains(".")
    switch self {
    case .underscores:
      func flat(_ text: String) -> String { String(text.map { $0 == "." ? "_" : $0 }) }
      let place = isModulePath ? "" : "layer_\(r.layer)_"
      return "\(place)comp_\(flat(r.component))_unit_\(flat(r.unit))_nunit_\(r.maxUnits)"
    case .dots:
      let place = isModulePath ? "" : "layer.\(r.layer)."
      return "\(place)comp.\(r.component).unit.\(r.unit).nunit.\(r.maxUnits)"
    case .representationDots:
      return "layer.\(r.layer).repr.\(r.component).unit.\(r.unit).nunit.\(r.maxUnits)"
    }
  }

  /// The file with the state of the intervention of that key.
  static func fileName(_ key: String) -> String { "\(fileStart)\(key).bin" }

  static let fileStart = "intkey_"
}
