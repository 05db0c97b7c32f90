internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Interventions
internal import ResultsStore
internal import Tensors

/// Where trainings keep what they are at, and what they come to, in a run's folder.
enum TrainingFiles {
  static func checkpoints(in folder: String) -> String { "\(folder)/interventions/checkpoints" }

  static func checkpoint(of unit: Int, in folder: String) -> String {
    "\(checkpoints(in: folder))/unit-\(unit)"
  }

  /// What is kept of units under way, by unit, and what is wrong with files that cannot be read.
  static func underWay(
    in folder: String
  ) -> (kept: [(unit: Int, history: TrainingHistory)], faults: [Refusal]) {
    var (kept, faults): ([(unit: Int, history: TrainingHistory)], [Refusal]) = ([], [])
    for unit in checkpointedUnits(in: folder) {
      let path = checkpoint(of: unit, in: folder)
      do throws(Refusal) {
        kept.append((unit, try CheckpointFile.head(path).history))
      } catch { if exists(path) { faults.append(error) } }
    }
    return (kept, faults)
  }

  /// Units of which a state is kept, in rising order.
  static func checkpointedUnits(in folder: String) -> [Int] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: checkpoints(in: folder))
    return (names ?? []).compactMap { name in
      name.hasPrefix("unit-") ? Int(name.dropFirst(5)) : nil
    }.filter { $0 >= 0 }.sorted()
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Removes a file, if it is there.
  static func remove(_ path: String) throws(Refusal) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw Refusal(.store, file: path, found: systemMessage(), expected: "to remove the file")
  }

  /// Writes trained interventions: in the reference's form, or where that has no such type as one
  /// safetensors file.
  ///
  /// - Returns: SHA-256 over the names and bytes of the files.
  static func write(
    _ interventions: [any Intervention<Float>], of described: DescribedInterventions,
    to path: String, by files: FileWriter
  ) throws(Refusal) -> String {
    try clear(path)
    try files.makeFolder(path)
    if described.isKnownToReference {
      try described.folder(with: interventions).write(to: path)
    } else {
      var writer = SafetensorsWriter()
      for (index, intervention) in interventions.enumerated() {
        for entry in intervention.parameters.entries {
          writer.add("\(index).\(entry.name)", shape: entry.value.shape, entry.value.elements)
        }
      }
      try writer.write(to: "\(path)/parameters.safetensors")
    }
    return try digest(of: path)
  }

  /// Removes what a kill left of a folder that is to be written: it is part of nothing.
  static func clear(_ path: String) throws(Refusal) {
    guard exists(path) else { return }
    do { try FileManager.default.removeItem(atPath: path) } catch {
      throw Refusal(.store, file: path, found: systemMessage(), expected: "to write it anew")
    }
  }

  /// SHA-256 over the names of a folder's files and theirs.
  static func digest(of path: String) throws(Refusal) -> String {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw Refusal(
        .store, file: path, found: "what cannot be listed", expected: "a folder of interventions")
    }
    var text = ""
    for name in names.sorted() where !name.hasPrefix(".") && !name.hasSuffix(".tmp") {
      let bytes = try BoundedFile("\(path)/\(name)", kind: .store).readAll(limit: 8 << 30)
      text += "\(name) \(Digest.of(bytes))\n"
    }
    return Digest.of(Array(text.utf8))
  }
}
