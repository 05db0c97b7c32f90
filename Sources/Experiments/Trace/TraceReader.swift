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
  /// - Throws: Where labels are missing though units were run, which comes after them.
  package init?(_ folder: RunFolder, pathsFrom: String? = nil) throws(Refusal) {
    self.folder = folder
    let file = folder.path + "/spec.json"
    let start = if let pathsFrom { pathsFrom } else { try folder.pathsFrom() }
    let (document, inputs) = try JobDocument.ofRun(folder.spec.json, file: file, folder: start)
    spec = try TraceSpec(document)
    var digests: [String: String] = [:]
    for (key, value) in inputs.members {
      if case .string(let digest) = value.content { digests[key] = digest }
    }
    self.inputs = digests
    let root = folder.results + "/zarr.json"
    let store =
      FileManager.default.fileExists(atPath: root) ? try ZarrStore.open(folder.results) : nil
    let missing = if let store { try StoredLabels.missing(store) } else { root }
    guard let store, missing == nil else {
      guard try JournalReader.files(in: folder.journal).isEmpty else {
        throw Refusal(
          .store, file: missing ?? root, found: "nothing",
          expected: "labels of the units in the journals; the same command writes them again")
      }
      return nil
    }
    self.store = store
    let labels = try StoredLabels(store)
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

  private static let names = [
    "fact_id", "prompt", "answer", "answer_id", "token_count", "subject_start", "subject_end",
    "token", "token_id",
  ]

  /// The first label's file that is not there; a start writes them before any unit.
  static func missing(_ store: ZarrStore) throws(Refusal) -> String? {
    for name in names {
      let array = try store.array(name)
      // What has no elements has no file; its size is refused where it is read.
      guard !array.spec.shape.contains(0) else { continue }
      let path = array.path(ofFile: array.onlyFile)
      if !FileManager.default.fileExists(atPath: path) { return path }
    }
    return nil
  }

  init(_ store: ZarrStore) throws(Refusal) {
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
    ) throws(Refusal) -> [Element] {
      let array = try store.array(name)
      guard array.spec.shape == shape, array.spec.fileShape == shape,
        array.spec.dataType == Element.zarrType
      else {
        throw Refusal(
          .store, file: "\(array.path)/zarr.json", found: "shape \(array.spec.shape)",
          expected: "\(Element.zarrType.rawValue) values of shape \(shape) in one chunk")
      }
      guard let values = try array.read(chunk: array.onlyFile, as: Element.self) else {
        throw Refusal(
          .store, file: array.path(ofFile: array.onlyFile), found: "nothing", expected: "a label")
      }
      return values
    }
    let count = try size("fact")
    let longest = try size("position")
    (layerCount, samples) = (try size("layer"), try size("sample"))
    let ids = try values("fact_id", [count], as: String.self)
    let prompts = try values("prompt", [count], as: String.self)
    let answers = try values("answer", [count], as: String.self)
    let answerIDs = try values("answer_id", [count], as: Int32.self)
    let lengths = try values("token_count", [count], as: Int32.self)
    let starts = try values("subject_start", [count], as: Int32.self)
    let ends = try values("subject_end", [count], as: Int32.self)
    let tokens = try values("token", [count, longest], as: String.self)
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
