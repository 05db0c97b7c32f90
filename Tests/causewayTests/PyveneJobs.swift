import Checkpoints
import Foundation
import ResultsStore
import Testing
import _TestSupport

/// A copy of jobs/pyvene with its models, in which files are run as their comments say; gone with
/// the test.
final class PyveneJobs {
  let root: URL
  private var ran: Set<String> = []
  /// Where tensors are that a file's own command puts elsewhere.
  private var written: [String: String] = [:]
  /// The folders of runs, as their commands name them.
  private var runs: [String: String] = [:]

  /// The folder of the repository.
  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL
  static let folder = repository.appendingPathComponent("jobs/pyvene")

  private static let python = "/usr/bin/env"
  /// Whether a Python is here that can make the models.
  static let canMakeModels =
    (try? process(python, ["python3", "-c", "import zipfile"])) == 0
  static let reason: Comment = "no python3, which makes the models of jobs/pyvene"

  /// The names of all files, without their ends.
  static let names: [String] = {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return all.filter { $0.hasSuffix(".toml") }.map { String($0.dropLast(5)) }.sorted()
  }()

  static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent("\(name).toml"), encoding: .utf8)
  }

  /// Whether a file, or one whose result it reads, is of the real model.
  static func readsSmolLM2(_ name: String) throws -> Bool { try text(name).contains("smollm2/") }

  init() throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent(
      "pyvene-\(UUID().uuidString)")
    let jobs = root.appendingPathComponent("jobs")
    try FileManager.default.createDirectory(at: jobs, withIntermediateDirectories: true)
    let copy = jobs.appendingPathComponent("pyvene")
    try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    let own = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    for name in own where !["models", "out"].contains(name) {
      try FileManager.default.copyItem(
        at: Self.folder.appendingPathComponent(name), to: copy.appendingPathComponent(name))
    }
    let script = copy.appendingPathComponent("make-models").path
    let made = try Self.process(Self.python, ["python3", script])
    #expect(made == 0)
    try FileManager.default.createDirectory(
      at: copy.appendingPathComponent("out"), withIntermediateDirectories: true)
    guard let file = SmolLM2.file else { return }
    let models = root.appendingPathComponent("models/smollm2")
    try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: models.appendingPathComponent("SmolLM2-135M-Instruct.Q4_1.gguf"),
      withDestinationURL: file.resolvingSymlinksInPath())
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  static func process(_ program: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  private func path(_ written: String) -> String { root.appendingPathComponent(written).path }

  /// Where a file's tensors are, once it has run.
  func tensors(_ name: String) -> String { written[name] ?? path("out/\(name).safetensors") }
  func run(_ name: String) -> String { runs[name] ?? path("runs/\(name)") }

  /// Replaces parts of a file that make it long; each has to be there.
  func shorten(_ name: String, _ cuts: [(from: String, to: String)]) throws {
    let file = root.appendingPathComponent("jobs/pyvene/\(name).toml")
    var text = try String(contentsOf: file, encoding: .utf8)
    for (from, to) in cuts {
      #expect(text.contains(from), "\(name): \(from)")
      text.replace(from, with: to)
    }
    try Data(text.utf8).write(to: file)
  }

  /// The commands in a file's comment that run this file or another one.
  static func commands(_ name: String) throws -> [[String]] {
    try text(name).split(separator: "\n").filter { $0.hasPrefix("#     causeway ") }
      .map { $0.split(separator: " ").dropFirst(2).map(String.init) }
      .filter { ["run", "intervene"].contains($0[0]) }
  }

  /// Runs the commands of a file's comment, each once, and says what they print where they fail.
  func perform(_ name: String) async throws -> String? {
    try FileManager.default.createDirectory(
      atPath: path("out"), withIntermediateDirectories: true)
    for command in try Self.commands(name) {
      let job = URL(fileURLWithPath: command[1]).deletingPathExtension().lastPathComponent
      guard ran.insert(job).inserted else { continue }
      var words = command.map { word in
        // The folder of the test may lie there too.
        if word.hasPrefix("/tmp/") { return tensors(job) }
        return word.hasPrefix("jobs/") || word.hasPrefix("runs/") ? path(word) : word
      }
      if words[0] == "intervene" {
        if let option = words.firstIndex(of: "-o") {
          written[job] = words[option + 1]
        } else {
          words += ["-o", tensors(job)]
        }
      }
      if words[0] == "run", let option = words.firstIndex(of: "-o") {
        runs[job] = words[option + 1]
      }
      let ended = try await RunningTool(words, ranks: nil).end()
      guard ended.code == 0 else { return "\(command.joined(separator: " ")): \(ended.errors)" }
    }
    return nil
  }
}
