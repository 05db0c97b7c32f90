import Foundation
import Inputs
import JobFiles
import Models
import Testing

@testable import Experiments

/// The smallest job, with more fields after it.
func job(_ more: String = "", model: String = "path = \"m\"", data: String = "facts = \"f.json\"")
  -> String
{
  "kind = \"trace\"\n[model]\n\(model)\n[data]\n\(data)\n\(more)\n"
}

func document(
  _ text: String, file: String = "job.toml", set overrides: [String] = []
) throws(Refusal) -> JobDocument {
  try JobDocument(Array(text.utf8), file: file, overrides: overrides)
}

func spec(
  _ text: String, file: String = "job.toml", set overrides: [String] = []
) throws(Refusal) -> TraceSpec {
  try TraceSpec(document(text, file: file, set: overrides))
}

/// The refusal of something that must be refused.
func refusal<Result>(
  _ action: () throws(Refusal) -> Result, _ location: SourceLocation = #_sourceLocation
) throws -> Refusal {
  do throws(Refusal) {
    _ = try action()
  } catch {
    return error
  }
  Issue.record("nothing was refused", sourceLocation: location)
  throw Stopped()
}

/// Expects a refusal of the kind `.job` whose line holds each of the texts.
func expectRefusal<Result>(
  naming texts: String..., kind: Refusal.Kind = .job,
  location: SourceLocation = #_sourceLocation, action: () throws(Refusal) -> Result
) throws {
  let error = try refusal(action, location)
  #expect(error.kind == kind, sourceLocation: location)
  #expect(!error.description.contains("\n"), sourceLocation: location)
  for text in texts {
    #expect(
      error.description.contains(text), "\(error.description) | \(text)", sourceLocation: location)
  }
}

/// Prompts of a file.
func written(
  _ text: String, _ form: PromptForm, file: String = "facts.json"
) throws(Refusal) -> [WrittenPrompt] {
  try form.load(Array(text.utf8), file: file)
}

/// Of a model whose vocabulary is the tokenizer's.
func resolver(_ tokenizer: some PromptTokenizer, positions: Int? = nil) -> PromptResolver {
  PromptResolver(
    tokenizer,
    PromptLimits(
      InputLimits(vocabulary: tokenizer.count, width: 4, positions: positions),
      answers: tokenizer.count, model: "tiny"))
}

/// A folder that is gone after the test.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("job-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

/// Takes the longest of its words at each place, a byte where none fits: ids below 256 are bytes.
struct WordTokenizer: PromptTokenizer {
  let words: [String]

  var count: Int { 256 + words.count }

  func encodeWithOffsets(_ text: String) -> [(id: Int, utf8Range: Range<Int>)] {
    let bytes = Array(text.utf8)
    var result: [(id: Int, utf8Range: Range<Int>)] = []
    var at = 0
    while at < bytes.count {
      let fits = words.indices.filter { bytes[at...].starts(with: words[$0].utf8) }
      let best = fits.max { words[$0].utf8.count < words[$1].utf8.count }
      let length = best.map { words[$0].utf8.count } ?? 1
      result.append((best.map { 256 + $0 } ?? Int(bytes[at]), at..<at + length))
      at += length
    }
    return result
  }

  func token(_ id: Int) -> String? {
    guard (0..<count).contains(id) else { return nil }
    return id < 256 ? String(decoding: [UInt8(id)], as: UTF8.self) : words[id - 256]
  }

  func decode(_ ids: [Int]) -> String {
    String(
      decoding: ids.flatMap { $0 < 256 ? [UInt8($0)] : Array(words[$0 - 256].utf8) },
      as: UTF8.self)
  }
}
