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

  /// What is kept of the way of a unit that is under way; nil where nothing is.
  static func history(
    of unit: Int, in folder: String, _ content: CheckpointFile.Content = .training
  ) throws(Refusal) -> TrainingHistory? {
    let path = checkpoint(of: unit, in: folder)
    return exists(path) ? try CheckpointFile.head(path, of: content).history : nil
  }

  /// Units of which a state is kept, with the steps that it is on, and what is wrong with others.
  static func underWay(
    _ content: CheckpointFile.Content, units: some Sequence<Int>, in folder: String
  ) -> (kept: [(unit: Int, step: Int)], faults: [Refusal]) {
    var (kept, faults): ([(unit: Int, step: Int)], [Refusal]) = ([], [])
    for unit in units {
      do throws(Refusal) {
        guard let history = try history(of: unit, in: folder, content) else { continue }
        kept.append((unit, history.step))
      } catch { faults.append(error) }
    }
    return (kept, faults)
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
    // What a kill left there is part of nothing.
    if exists(path) {
      do { try FileManager.default.removeItem(atPath: path) } catch {
        throw Refusal(.store, file: path, found: systemMessage(), expected: "to write it anew")
      }
    }
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
