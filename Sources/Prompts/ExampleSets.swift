internal import Foundation
package import Inputs
package import JobFiles
internal import Locks

/// The parts that data come in.
package enum Split: String, CaseIterable, Sendable {
  case train, development, test
}

/// Examples by number, read from a file or made when they are asked for, alike on every rank.
package struct ExampleSet: Sendable {
  package let split: Split
  package let count: Int
  /// Of a file's bytes; nil for examples of a causal model.
  package let fileDigest: String?
  private let made: @Sendable (Int) throws(Refusal) -> WrittenPrompt

  package init(
    _ split: Split, count: Int, fileDigest: String? = nil,
    _ made: @escaping @Sendable (Int) throws(Refusal) -> WrittenPrompt
  ) {
    (self.split, self.count, self.fileDigest, self.made) = (split, count, fileDigest, made)
  }

  /// An example as it was written: texts are still to be tokenized.
  package func written(_ number: Int) throws(Refusal) -> WrittenPrompt {
    precondition((0..<count).contains(number), "example \(number) of \(count)")
    return try made(number)
  }

  /// An example that the model runs on.
  package func example(
    _ number: Int, by resolver: PromptResolver
  ) throws(Refusal) -> ResolvedPrompt {
    try resolver.resolve(try written(number))
  }

  /// All examples, or the first few, that the model runs on: made on all threads, alike on any number
  /// of them.
  package func items(
    by resolver: PromptResolver, limit: Int = .max
  ) throws(Refusal) -> [ResolvedPrompt] {
    try concurrently(
      min(count, limit), threads: ProcessInfo.processInfo.activeProcessorCount
    ) { (number) throws(Refusal) in try example(number, by: resolver) }
  }
}

/// The data of a job.
package struct ExampleSets: Sendable {
  private let sets: [ExampleSet]
  /// The names of the variables that examples number.
  package let variables: [String]
  /// Answers that a causal model's labels number, or the size of its vocabulary of tokens; nil where
  /// labels are texts or the data do not tell.
  package let answerCount: Int?
  /// What each token of a causal model's data stands for; empty for other data.
  package let vocabulary: [String]

  package init(
    _ sets: [ExampleSet], variables: [String], answerCount: Int? = nil, vocabulary: [String] = []
  ) {
    (self.sets, self.variables) = (sets, variables)
    (self.answerCount, self.vocabulary) = (answerCount, vocabulary)
  }

  package subscript(split: Split) -> ExampleSet? { sets.first { $0.split == split } }

  /// The digests of files, which a run keeps: the job's own digest covers only their paths.
  package var inputs: [JobInput] {
    Split.allCases.map { split in
      JobInput(
        split.rawValue, "digest of data.\(split.rawValue)",
        self[split]?.fileDigest.map { .text($0) })
    }
  }

  /// A few examples of each set with their places marked.
  package func lines(by resolver: PromptResolver, limit: Int) throws(Refusal) -> [String] {
    var lines: [String] = []
    for set in sets {
      lines.append("\(set.split.rawValue): \(set.count) examples")
      for number in 0..<min(set.count, limit) {
        let example = try set.example(number, by: resolver)
        let names = example.variables.map { escaped(variables[$0]) }
        lines.append(
          "  \(number)" + (names.isEmpty ? "" : ": \(names.joined(separator: ", "))"))
        lines += resolver.text(example).map { "    \($0)" }
      }
    }
    return lines
  }
}
