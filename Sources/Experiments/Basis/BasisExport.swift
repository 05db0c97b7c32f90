internal import Foundation
internal import Inputs
internal import ResultsStore

/// Bases in other forms: a table of energies, or safetensors with the vectors.
struct BasisExport {
  private let reader: BasisReader
  private let layers: [BasisLayer]

  init(_ path: String) throws(Refusal) {
    let folder = try RunFolder.open(path)
    guard let reader = try BasisReader(folder) else {
      throw Refusal(
        .store, file: folder.path, found: "a run that has only begun",
        expected: "results to export")
    }
    self.reader = reader
    let journals = try reader.journals()
    layers = reader.numbering.layers.compactMap { reader.layer($0, journals) }
  }

  /// One line for each direction of each layer that is done; the file appears when it is whole.
  ///
  /// - Returns: The number of lines below the heading.
  func writeTable(to path: String, replacing: Bool) throws(Refusal) -> Int {
    var table = try TableFile(
      path, replacing: replacing, heading: "layer,direction,energy,ablation,random_ablation")
    for basis in layers.map(\.basis) {
      for (place, energy) in basis.energies.enumerated() {
        func cell(_ values: [Double]) -> String {
          values.indices.contains(place) ? "\(values[place])" : ""
        }
        try table.add(
          "\(basis.layer),\(place),\(energy),\(cell(basis.curve)),\(cell(basis.randomCurve))")
      }
    }
    let count = table.count
    try table.commit()
    return count
  }
}
