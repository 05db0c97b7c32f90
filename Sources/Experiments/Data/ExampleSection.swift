internal import CausalModels
package import Inputs

/// `[data]` of jobs that learn: examples in files, or made by a causal model with a seed.
///
/// `train`, `development` and `test` are files of JSON lines; with `causal_model`, the name of a
/// built-in one or a table, they are numbers of examples.
package struct ExampleSection: Sendable {
  private enum Source: Sendable {
    case files([Split: JobPath])
    case causal(CausalData)
  }

  private let source: Source
  private let written: JobValue

  private static let known =
    Split.allCases.map(\.rawValue) + [
      "causal_model", "seed", "intervene", "choice", "draw", "sources",
      "shared", "form", "layout", "keep",
    ]

  package init(_ field: JobField, folder: String) throws(Refusal) {
    let section = try field.table(known: Self.known)
    guard section.optional(Split.train.rawValue) != nil else {
      throw section.place(of: "train").refusal(
        "no training data",
        expected: "a file of examples, or with causal_model the number of them")
    }
    if section.optional("causal_model") != nil {
      let data = try CausalData(section)
      (source, written) = (.causal(data), data.canonical)
      return
    }
    for key in Self.known.dropFirst(Split.allCases.count) {
      if let only = section.optional(key) {
        throw only.place.refusal("\(key) without causal_model", expected: "files alone, or both")
      }
    }
    var files: [Split: JobPath] = [:]
    var canonical = JobTable()
    for split in Split.allCases {
      guard let field = section.optional(split.rawValue) else { continue }
      let path = try field.path(from: folder)
      files[split] = path
      canonical[split.rawValue] = .text(path.written)
    }
    (source, written) = (.files(files), JobValue(.table(canonical)))
  }

  /// What decides the examples; files are named, and their digests kept beside this.
  package var canonical: JobValue { written }

  /// Refuses a task that numbers its own tokens for a model with a tokenizer, which means other words
  /// by them, unless the job says so.
  func checkForm(hasTokenizer: Bool) throws(Refusal) {
    guard hasTokenizer, case .causal(let data) = source, let place = data.assumedTokens else {
      return
    }
    throw place.refusal(
      "no form, for which the task takes \"tokens\" of its own, and a model with a tokenizer",
      expected: "\"text\", or \"tokens\", by which its token 7 is the model's token 7")
  }

  /// Reads the files, or puts the causal model together.
  ///
  /// - Parameters:
  ///   - isIntervened: Whether examples have sources, or are plain inputs with their labels.
  ///   - read: The variables that the interventions name.
  package func load(
    isIntervened: Bool, of read: [String] = []
  ) throws(Refusal) -> ExampleSets {
    switch source {
    case .causal(let data): return try data.sets(isIntervened: isIntervened, of: read)
    case .files(let files):
      var sets: [ExampleSet] = []
      var variables: [String] = []
      for split in Split.allCases {
        guard let path = files[split] else { continue }
        let file = try ExampleFile(
          reading: path.resolved, isIntervened: isIntervened, variables: variables)
        variables = file.variables
        let entries = file.entries
        sets.append(
          ExampleSet(split, count: entries.count, fileDigest: file.digest) { entries[$0] })
      }
      return ExampleSets(sets, variables: variables)
    }
  }
}
