internal import Checkpoints
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
    guard replacing || !FileManager.default.fileExists(atPath: path) else {
      throw Refusal(
        .commandLine, file: path, found: "a file that is there", expected: "a new name, or --force")
    }
    var lines = ["layer,direction,energy,ablation,random_ablation"]
    for basis in layers.map(\.basis) {
      for (place, energy) in basis.energies.enumerated() {
        func cell(_ values: [Double]) -> String {
          values.indices.contains(place) ? "\(values[place])" : ""
        }
        lines.append(
          "\(basis.layer),\(place),\(energy),\(cell(basis.curve)),\(cell(basis.randomCurve))")
      }
    }
    var file = try AtomicFile(path)
    try file.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    try file.commit()
    return lines.count - 1
  }
}
