import Foundation
import Inputs
import Testing
import Tokenizers
import _TestSupport

/// Malformed tokenizer files, each with the terms that its refusal must name.
@Suite(.enabled(if: SharedMaterial.isPresent))
struct TokenizerCorpusTests {
  @Test func `every malformed tokenizer is refused by name, and the control is not`() throws {
    let root = try #require(SharedMaterial.root)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let maker = Process()
    maker.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    maker.arguments = [
      "python3", root.appendingPathComponent("badinputs/make_bad_inputs.py").path, folder.path,
    ]
    maker.standardOutput = FileHandle.nullDevice
    try maker.run()
    maker.waitUntilExit()
    try #require(maker.terminationStatus == 0)

    let index = try String(
      contentsOf: folder.appendingPathComponent("index.csv"), encoding: .utf8)
    var cases = 0
    for line in index.split(separator: "\n") where line.hasPrefix("tokenizer/") {
      let fields = Self.fields(of: line)
      try expect(fields[0], in: folder, terms: fields[3], verdict: fields[4])
      cases += 1
    }
    #expect(cases == 21)
  }

  private func expect(
    _ name: String, in folder: URL, terms: String, verdict: String
  ) throws {
    let path = folder.appendingPathComponent("\(name)/tokenizer.json").path
    let clock = ContinuousClock()
    let start = clock.now
    var message: String?
    do throws(Refusal) {
      let tokenizer = try ByteLevelBPE(tokenizerFile: path, vocabularySize: 8)
      _ = try tokenizer.encode(String(repeating: "a", count: 40) + "b")
    } catch {
      #expect(error.kind == .model, "\(name)")
      message = error.description
    }
    #expect(clock.now - start < .seconds(2), "\(name)")
    switch verdict {
    case "accept": #expect(message == nil, "\(name)")
    case "reject": #expect(message != nil, "\(name)")
    default: #expect(verdict == "either")
    }
    guard let message else { return }
    // The folder's name holds some of the terms; only the rest of the message counts.
    let said = message.replacing("\(folder.path)/\(name)/", with: "").lowercased()
    for alternatives in terms.lowercased().split(separator: ";") {
      let isNamed = alternatives.split(separator: "|").contains { said.contains($0) }
      #expect(isNamed, "\(alternatives) in \(message)")
    }
  }

  /// The fields of a line of comma-separated values with quotation marks where needed.
  private static func fields(of line: Substring) -> [String] {
    var fields = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    return fields
  }
}
