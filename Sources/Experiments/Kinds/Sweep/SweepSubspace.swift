internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Tensors

extension SweptSite {
  /// The subspace that the item is held to: of a safetensors file, or of a saved intervention; nil: the
  /// whole value.
  func patchSubspace(width: Int) throws(Refusal) -> PatchSubspace? {
    guard let subspace else { return nil }
    let rows = try subspace.reading { () throws(Refusal) in
      subspace.isFolder ? try saved(subspace, width) : try tensor(subspace, width)
    }
    for first in 0..<rows.rows {
      for second in 0...first {
        let product = (0..<width).reduce(0.0) {
          $0 + Double(rows[first, $1]) * Double(rows[second, $1])
        }
        guard abs(product - (first == second ? 1 : 0)) < 1e-3 else {
          throw subspace.refusal(
            "rows \(second) and \(first) whose product is \(product)",
            expected: "orthonormal rows")
        }
      }
    }
    return PatchSubspace(rows: rows)
  }

  /// What the file or folder holds, for `spec.json`.
  func subspaceDigest() throws(Refusal) -> String? {
    guard let subspace else { return nil }
    return try subspace.reading { () throws(Refusal) in
      subspace.isFolder
        ? try TrainingFiles.digest(of: subspace.resolved)
        : try fileDigest(subspace.resolved, kind: .job)
    }
  }

  private func tensor(_ path: JobPath, _ width: Int) throws(Refusal) -> Tensor<Float> {
    let file = try SafetensorsFile(path.resolved, kind: .job)
    guard let name = file.tensors.keys.first, file.tensors.count == 1 else {
      throw path.refusal(
        "\(file.tensors.count) tensors", expected: "a file with one, of orthonormal rows")
    }
    let tensor = try file.tensor(name)
    guard tensor.shape.count == 2, (1...width).contains(tensor.shape[0]), tensor.shape[1] == width
    else { throw wrongShape(path, tensor.shape, width) }
    return Tensor<Float>(tensor.shape, try file.floats(name))
  }

  private func saved(_ path: JobPath, _ width: Int) throws(Refusal) -> Tensor<Float> {
    let folder = try PyveneFolder(reading: path.resolved)
    guard folder.representations.count == 1, let rows = folder.representations[0].subspace else {
      throw path.refusal(
        "\(folder.representations.count) interventions, of type "
          + (folder.representations.first?.interventionType.rawValue ?? "none"),
        expected: "one, a rotated space or a low-rank one, whose directions are replaced")
    }
    guard rows.width == width else { throw wrongShape(path, rows.shape, width) }
    return rows
  }

  private func wrongShape(_ path: JobPath, _ shape: [Int], _ width: Int) -> Refusal {
    path.refusal(
      "a tensor of shape \(shape)",
      expected: "[directions, \(width)], the width of \(site.rawValue)")
  }
}

extension JobPath {
  fileprivate var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: resolved, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
