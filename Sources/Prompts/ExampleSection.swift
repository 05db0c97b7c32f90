package import Inputs
package import JobFiles

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

  package init(_ f: inout Fields) throws(Refusal) {
    let isCausal = f.has("causal_model")
    var amounts: [Split: Amount] = [:]
    let train = try f.required(
      "train", .amount(isCausal: isCausal),
      "Examples that are learnt from: a file, or with causal_model how many are made.")
    amounts[.train] = train
    amounts[.development] = try f.optional(
      "development", .amount(isCausal: isCausal), "Examples that are watched on the way.")
    amounts[.test] = try f.optional(
      "test", .amount(isCausal: isCausal), "Examples that the result is measured on.")
    let causal = try CausalData(&f, isCausal ? amounts.mapValues(\.count) : [:])
    source = causal.map { .causal($0) } ?? .files(amounts.mapValues(\.file))
  }

  /// Refuses a task that numbers its own tokens for a model with a tokenizer, which means other words
  /// by them, unless the job says so.
  package func checkForm(hasTokenizer: Bool) throws(Refusal) {
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
        var examples = WrittenExamples(isIntervened: isIntervened, variables: variables)
        let digest = try examples.read(path.resolved)
        variables = examples.variables
        let prompts = examples.prompts
        sets.append(ExampleSet(split, count: prompts.count, fileDigest: digest) { prompts[$0] })
      }
      return ExampleSets(sets, variables: variables)
    }
  }
}

/// A split's examples: in a file, or so many of a causal model.
private struct Amount: Sendable {
  package var file = JobPath(written: "", resolved: "")
  package var count = 0
}

extension FieldType where Value == Amount {
  fileprivate static func amount(isCausal: Bool) -> FieldType {
    let count = FieldType<Int>.int(1...Int(Int32.max))
    let file = FieldType<JobPath>.path
    return FieldType(
      "a file of JSON lines or of one list, or with causal_model \(count.words)",
      placeholder: Amount(),
      canonical: { isCausal ? count.canonical($0.count) : file.canonical($0.file) }
    ) { (field, folder) throws(Refusal) in
      if isCausal { return Amount(count: try count.value(of: field)) }
      guard case .string = field.value.content else {
        throw field.refusal(expected: "a file of examples, or a causal_model beside the number")
      }
      return Amount(file: try file.value(of: field, folder: folder))
    }.holding { (f) throws(Refusal) in
      var examples = WrittenExamples(isIntervened: false)
      return try examples.read(&f)
    }
  }
}
