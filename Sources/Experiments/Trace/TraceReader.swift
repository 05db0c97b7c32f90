internal import Foundation
package import Inputs
package import ResultsStore

/// The folder of a trace's run opened for reading, also while it is written: job, facts, and what
/// is there by now. Needs no model.
package struct TraceReader: Sendable {
  package let folder: RunFolder
  package let spec: TraceSpec
  /// SHA-256 of what the numbers come from: `model`, `facts`, `tokenizer`, `noise`.
  package let inputs: [String: String]
  package let facts: [FactLabels]
  package let grid: TraceGrid
  let contents: TraceContents
  let store: ZarrStore

  /// Opens a run's folder.
  ///
  /// - Parameter pathsFrom: Where the job's paths start from, if its files have moved.
  /// - Returns: Nil where the run has only begun, and says nothing yet.
  package init?(_ folder: RunFolder, pathsFrom: String? = nil) throws(Refusal) {
    self.folder = folder
    let file = folder.path + "/spec.json"
    let start = if let pathsFrom { pathsFrom } else { try Self.pathsFrom(folder) }
    let (document, inputs) = try JobDocument.ofRun(folder.spec.json, file: file, folder: start)
    spec = try TraceSpec(document)
    var digests: [String: String] = [:]
    for (key, value) in inputs.members {
      if case .string(let digest) = value.content { digests[key] = digest }
    }
    self.inputs = digests
    guard FileManager.default.fileExists(atPath: folder.results + "/zarr.json") else { return nil }
    store = try ZarrStore.open(folder.results)
    guard let labels = try StoredLabels(store) else { return nil }
    facts = labels.facts
    grid = try TraceGrid(
      spec, model: spec.model.path.written, layerCount: labels.layerCount,
      samples: labels.samples, facts: facts.map { ($0.id, $0.roles) })
    contents = TraceContents(spec: spec, grid: grid, plan: TracePlan(grid))
    let expected = try TraceLayout(spec, grid).root(spec: folder.spec.json)
    guard expected == store.root else {
      throw Refusal(
        .store, file: folder.results + "/zarr.json", found: "other arrays than the job's",
        expected: "the arrays that spec.json and the labels call for")
    }
  }

  private static func pathsFrom(_ folder: RunFolder) throws(Refusal) -> String {
    let record = try JSONField.load(folder.provenance, kind: .store, limit: 64 << 20)
    return try record.optional("paths_from")?.string() ?? folder.path
  }

  var plan: TracePlan { contents.plan }

  /// An array that is one file; nil where it is not there yet.
  func array(_ name: String) throws(Refusal) -> ArrayValues? {
    let array = try store.array(name)
    return try ArrayValues.read(array, at: array.onlyFile)
  }

  /// The elements of an array of floats that is one file; nil where it is not there yet.
  func floats(_ name: String) throws(Refusal) -> [Float]? {
    guard case .floats(let values)? = try array(name) else { return nil }
    return values
  }

  /// The cells of a fact and restoration, `[layer, position, sample]`: those in the arrays, or as
  /// far as the journals have them. Nil before the fact's baseline is known.
  func cells(
    fact: Int, restoration: Int, _ metric: Metric, _ journals: TraceJournals
  ) throws(Refusal) -> [Float]? {
    let array = try store.array(metric.rawValue)
    let index = TraceLayout.index(fact, restoration, array)
    if let stored = try array.readChunk(index, as: Float.self) { return stored }
    guard let baseline = journals.baselines[fact] else { return nil }
    let cells = try contents.cells(
      fact: fact, restoration: restoration, baseline, journals.payloads
    ) { journals.failures[$0] == nil ? .pending : .failed }
    return cells.floats(metric, roundBits: spec.save.roundBits)
  }
}

/// A fact as a run's folder keeps it.
package struct FactLabels: Sendable, Equatable {
  package let id: String
  package let prompt: String
  package let answer: String
  package let answerID: Int
  package let roles: PromptRoles
  /// The text of each token.
  package let tokens: [String]
}

/// The labels of a store, checked; sizes come from the store's axes.
private struct StoredLabels {
  let facts: [FactLabels]
  let layerCount: Int
  let samples: Int

  /// Nil where a label is not written yet.
  init?(_ store: ZarrStore) throws(Refusal) {
    func size(_ axis: String) throws(Refusal) -> Int {
      let shape = try store.array(axis).spec.shape
      guard shape.count == 1, (1...Int(Int32.max)).contains(shape[0]) else {
        throw Refusal(
          .store, file: "\(store.path)/\(axis)/zarr.json", field: "shape", found: "\(shape)",
          expected: "one size of at least 1")
      }
      return shape[0]
    }
    func values<Element: ZarrElement>(
      _ name: String, _ shape: [Int], as _: Element.Type
    ) throws(Refusal) -> [Element]? {
      let array = try store.array(name)
      guard array.spec.shape == shape, array.spec.fileShape == shape,
        array.spec.dataType == Element.zarrType
      else {
        throw Refusal(
          .store, file: "\(array.path)/zarr.json", found: "shape \(array.spec.shape)",
          expected: "\(Element.zarrType.rawValue) values of shape \(shape) in one chunk")
      }
      return try array.read(chunk: array.onlyFile, as: Element.self)
    }
    let count = try size("fact")
    let longest = try size("position")
    (layerCount, samples) = (try size("layer"), try size("sample"))
    guard let ids = try values("fact_id", [count], as: String.self),
      let prompts = try values("prompt", [count], as: String.self),
      let answers = try values("answer", [count], as: String.self),
      let answerIDs = try values("answer_id", [count], as: Int32.self),
      let lengths = try values("token_count", [count], as: Int32.self),
      let starts = try values("subject_start", [count], as: Int32.self),
      let ends = try values("subject_end", [count], as: Int32.self),
      let tokens = try values("token", [count, longest], as: String.self),
      // The last that a start writes.
      try values("token_id", [count, longest], as: Int32.self) != nil
    else { return nil }
    var facts: [FactLabels] = []
    for fact in 0..<count {
      let (length, start, end) = (Int(lengths[fact]), Int(starts[fact]), Int(ends[fact]))
      guard start >= 0, start < end, end <= length, length <= longest else {
        throw Refusal(
          .store, file: "\(store.path)/subject_start", field: "fact \(fact)",
          found: "the subject \(start)..<\(end) of \(length) tokens",
          expected: "tokens of a prompt of at most \(longest)")
      }
      let from = fact * longest
      facts.append(
        FactLabels(
          id: ids[fact], prompt: prompts[fact], answer: answers[fact],
          answerID: Int(answerIDs[fact]),
          roles: PromptRoles(tokenCount: length, subject: start..<end),
          tokens: Array(tokens[from..<from + length])))
    }
    self.facts = facts
  }
}
