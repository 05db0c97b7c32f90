import Foundation
import Inputs
import Testing
import Tokenizers
import _TestSupport

/// Malformed tokenizer files, each with the terms that its refusal must name.
@Suite(.enabled(if: SharedMaterial.isPresent))
struct TokenizerCorpusTests {
  @Test func `every malformed tokenizer is refused by name, and the control is not`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let cases = try BadInputCorpus(in: folder.path).cases.filter { $0.kind == "tokenizer" }
    #expect(cases.count == 21)
    for entry in cases {
      try expect(entry.file, in: folder, terms: entry.terms, verdict: entry.expectation)
    }
  }

  private func expect(
    _ name: String, in folder: URL, terms: String, verdict: String
  ) throws {
    let path = folder.appendingPathComponent("\(name)/tokenizer.json").path
    var message: String?
    let seconds = processorSeconds {
      do throws(Refusal) {
        let tokenizer = try TokenizerPipeline(tokenizerFile: path, vocabularySize: 8)
        _ = try tokenizer.encode(String(repeating: "a", count: 40) + "b")
      } catch {
        #expect(error.kind == .model, "\(name)")
        message = error.description
      }
    }
    #expect(seconds < 2, "\(name)")
    switch verdict {
    case "accept": #expect(message == nil, "\(name)")
    case "reject": #expect(message != nil, "\(name)")
    default: #expect(verdict == "either")
    }
    guard let message else { return }
    // The folder's name holds some of the terms; only the rest of the message counts.
    let said = message.replacing("\(folder.path)/\(name)/", with: "").lowercased()
    #expect(holds(terms, in: said), "\(terms) in \(message)")
  }
}
