internal import Checkpoints
internal import Foundation
internal import Inputs
internal import JobFiles
internal import Models

/// The files that a specification's run reads, which nothing that it writes may replace.
struct SpecFiles {
  private let document: JSONField
  private let spec: InterventionSpec
  private let opened: OpenedModel
  private let layers: Int
  private let tensorFile: String?

  /// - Parameters:
  ///   - document: The specification as it is written.
  ///   - layers: How many layers the model has.
  ///   - tensorFile: That of the specification's tensors, where it is not the one of its own name.
  init(
    _ document: JSONField, _ spec: InterventionSpec, _ opened: OpenedModel, layers: Int,
    tensorFile: String?
  ) {
    (self.document, self.spec, self.opened) = (document, spec, opened)
    (self.layers, self.tensorFile) = (layers, tensorFile)
  }

  /// Refuses to replace what is there, before any work: inputs never, anything else only by force.
  ///
  /// - Parameters:
  ///   - outputs: Files that are to be written.
  ///   - folder: One that interventions are to be saved in.
  func refuseReplacing(
    _ outputs: [String], folder: String?, force: Bool
  ) throws(Refusal) {
    for (number, output) in outputs.enumerated() {
      try checkOutputPath(output, kind: .commandLine)
      try checkFolder(above: output, kind: .commandLine)
      try refuseInput(at: output, "name")
      try Inputs.refuseReplacing(output, force: force)
      if outputs[..<number].contains(where: { Self.standard($0) == Self.standard(output) }) {
        throw Refusal(
          .commandLine, file: output, found: "a file for two results",
          expected: "a name for each")
      }
    }
    guard let folder else { return }
    try checkFolder(above: folder, kind: .commandLine)
    let inputs = [opened.checkpoint.path, spec.origin?.path.resolved].compactMap(\.self)
    if let own = FileNumber(folder), let input = inputs.first(where: { FileNumber($0) == own }) {
      throw refusal(folder, input, "folder")
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard names.isEmpty || force else {
      throw Refusal(
        .commandLine, file: folder, found: "a folder with files in it",
        expected: "a new name, or --force")
    }
    for name in names.sorted() where PyveneFolder.holds(name) || InterventionFolder.holds(name) {
      try refuseInput(at: "\(folder)/\(name)", "folder")
    }
    if let other = names.sorted().first(where: { !$0.hasPrefix(".") }), !Self.isSaved(folder) {
      throw Refusal(
        .commandLine, file: folder, found: "a folder of something else, with \(escaped(other))",
        expected: "a new name, or a folder of saved interventions, which --force replaces")
    }
  }

  /// Whether a folder holds interventions that were saved before.
  private static func isSaved(_ folder: String) -> Bool {
    InterventionFolder.isOne(folder)
      || (try? PyveneFolder(config: "\(folder)/\(PyveneFolder.configName)")) != nil
  }

  private func refuseInput(at path: String, _ what: String) throws(Refusal) {
    guard let number = FileNumber(path) else { return }
    if let input = inputs.first(where: { FileNumber($0) == number }) {
      throw refusal(path, input, what)
    }
  }

  private func refusal(_ path: String, _ input: String, _ what: String) -> Refusal {
    Refusal(
      .commandLine, file: path, found: "an input of \(document.file), \(escaped(input))",
      expected: "another \(what): inputs are never replaced")
  }

  /// The specification, the tensors that it names, and what the model, saved interventions and dumps
  /// consist of.
  private var inputs: [String] {
    var files = [
      document.file, tensorFile ?? SpecTensors.path(beside: document.file), opened.checkpoint.path,
    ]
    files += SpecRun.tensorFiles(in: document, layers: layers)
    if let origin = spec.origin { files.append(origin.path.resolved) }
    files += opened.checkpoint.tensors.values.map(\.file)
    for folder in [opened.checkpoint.path, spec.origin?.path.resolved].compactMap(\.self) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      files += names.sorted().map { "\(folder)/\($0)" }
    }
    for folder in dumps {
      let names = FileManager.default.subpaths(atPath: folder) ?? []
      files += names.sorted().map { "\(folder)/\($0)" }
    }
    return files
  }

  /// The folders of the dumps whose statistics are named, or stand where a tensor is wanted.
  private var dumps: [String] {
    func paths(_ value: JSON) -> [String] {
      switch value {
      case .object(let object):
        if case .string(let path)? = object["dump"], object["statistic"] != nil { return [path] }
        return object.members.flatMap { paths($0.value) }
      case .array(let items): return items.flatMap(paths)
      case .null, .bool, .number, .string: return []
      }
    }
    let base = URL(fileURLWithPath: document.file).deletingLastPathComponent()
    return paths(document.value).map { URL(fileURLWithPath: $0, relativeTo: base).path }
  }

  private static func standard(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }
}

/// What is the same of all names of one file, by whatever links.
private struct FileNumber: Equatable {
  private let device: UInt64
  private let number: UInt64

  /// Nil where nothing is.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}
