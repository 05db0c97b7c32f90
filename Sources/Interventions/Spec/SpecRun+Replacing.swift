internal import Checkpoints
internal import Foundation
package import Inputs
internal import JobFiles
internal import Models

extension SpecRun {
  /// Refuses to replace what is there, before any work: inputs never, anything else only by force.
  ///
  /// - Parameter output: The file that the outputs go to, beside the folder of `saveTo`.
  package func refuseReplacing(_ output: String?, force: Bool) throws(Refusal) {
    if let output {
      try checkOutputPath(output, kind: .commandLine)
      if let input = inputFiles.first(where: { Self.isSame($0, output) }) {
        throw Refusal(
          .commandLine, file: output, found: "an input of \(spec.place.file), \(escaped(input))",
          expected: "another name: inputs are never replaced")
      }
      if FileManager.default.fileExists(atPath: output), !force {
        throw Refusal(
          .commandLine, file: output, found: "a file that is there",
          expected: "a new name, or --force")
      }
    }
    guard let folder = options.saveTo else { return }
    let inputs = [modelPath, spec.origin?.path.resolved].compactMap(\.self)
    if let input = inputs.first(where: { Self.isSame($0, folder) }) {
      throw Refusal(
        .commandLine, file: folder, found: "an input of \(spec.place.file), \(escaped(input))",
        expected: "another folder: inputs are never replaced")
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard names.isEmpty || force else {
      throw Refusal(
        .commandLine, file: folder, found: "a folder with files in it",
        expected: "a new name, or --force")
    }
  }

  /// The specification, its tensors, and the files of the model and of saved interventions.
  private var inputFiles: [String] {
    var files = [spec.place.file, SpecTensors.path(beside: spec.place.file), modelPath]
    if let origin = spec.origin { files.append(origin.path.resolved) }
    for folder in [opened.checkpoint.path, spec.origin?.path.resolved].compactMap(\.self) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      files += names.sorted().map { "\(folder)/\($0)" }
    }
    return files
  }

  /// Whether two paths lead to one file, by whatever names and links.
  private static func isSame(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(a, &first) == 0, stat(b, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }
}
