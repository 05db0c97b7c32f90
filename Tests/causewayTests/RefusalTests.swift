import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// What is wrong with a job, its data, its model or the command line is said in one line, once
  /// for all ranks, and before a run folder is made.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Refusals {
    @Test(arguments: BadInput.all)
    func `is refused in one line that names file, field, what was found and what was expected`(
      input: BadInput
    ) async throws {
      let bench = try Workbench()
      try input.spoil(bench)
      for ranks in [nil, 3] {
        let ended = try await RunningTool(
          ["run", bench.path("job.toml")] + input.options + ["-o", bench.path("run")],
          ranks: ranks
        ).end()
        let place = "\(input.testDescription), ranks \(ranks ?? 0): \(ended.errors)"
        #expect(ended.code == input.code, "\(place)")
        // All but what mpirun adds.
        let lines = ranks == nil ? ended.errors.split(separator: "\n").map(String.init) : ended.said
        #expect(lines.count == 1, "\(place)")
        for text in input.texts {
          #expect(
            lines.first?.hasPrefix("causeway: ") == true && lines[0].contains(text), "\(place)")
        }
        #expect(ended.output == "", "\(place)")
        #expect(!bench.has("run"), "\(place)")
      }
    }

    @Test(arguments: [
      ("100", "did you mean 100%?"), ("1", "did you mean 1%?"), ("250", "up to 100%"),
      ("0", "such as 5%"), ("-3%", "such as 5%"), ("101%", "up to 100%"), ("all", "such as 5%"),
    ])
    func `a share to run again that could be meant as units is refused`(
      share: String, says: String
    ) async throws {
      let verify = try await RunningTool(["verify", "run", "--recompute=\(share)"], ranks: nil)
        .end()
      #expect(verify.code == 2 && verify.errors.contains(says), "\(verify.errors)")
      #expect(verify.errors.split(separator: "\n").count == 1, "\(verify.errors)")
    }
  }
}

/// A job gone wrong, and what must be said of it.
struct BadInput: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var code: Int32 = 3
  var options: [String] = []
  /// What the line must hold.
  let texts: [String]
  let spoil: @Sendable (Workbench) throws -> Void

  init(
    _ what: String, code: Int32 = 3, options: [String] = [],
    says texts: String..., spoil: @escaping @Sendable (Workbench) throws -> Void = { _ in }
  ) {
    testDescription = what
    (self.code, self.options, self.texts) = (code, options, texts)
    self.spoil = spoil
  }

  /// With one piece of the job replaced.
  static func job(_ old: String, _ new: String) -> @Sendable (Workbench) throws -> Void {
    { bench in
      let job = Workbench.job.replacing(old, with: new)
      #expect(job != Workbench.job)
      try bench.put(job, "job.toml")
    }
  }

  /// With one piece of the facts replaced.
  static func facts(_ old: String, _ new: String) -> @Sendable (Workbench) throws -> Void {
    { bench in
      let facts = Workbench.textFacts.replacing(old, with: new)
      #expect(facts != Workbench.textFacts)
      try bench.put(facts, "facts.json")
    }
  }

  static let all: [BadInput] = ofTheJob + ofTheFacts + ofTheModel + ofTheCommandLine

  private static let ofTheJob = [
    BadInput(
      "an unknown field", says: "corrupt.sampels", "job.toml", "line 12", "expected samples",
      spoil: job("samples = 6", "sampels = 6")),
    BadInput(
      "an unknown site", says: "block_ouput", "restore[0].site", "did you mean block_output?",
      spoil: job("\"block_output\"", "\"block_ouput\"")),
    BadInput(
      "a layer past the last", says: "restore[3].layers", "job.toml", "found layer 4",
      "layers from 0 to 3", "has 4", spoil: job("\"1:3\"", "[1, 4]")),
    BadInput(
      "a position past the prompt's end", says: "restore[2].positions", "position 7 in fact",
      "positions from 0 to", "tokens", spoil: job("[\"subject\", \"last\"]", "[7]")),
    BadInput(
      "zero samples", says: "corrupt.samples", "job.toml", "found the number 0",
      "an integer from 1 to",
      spoil: job("samples = 6", "samples = 0")),
    BadInput(
      "no such job", says: "job.toml", "No such file",
      spoil: { try FileManager.default.removeItem(atPath: $0.path("job.toml")) }),
    BadInput(
      "too little memory", code: 6, options: ["--set", "run.memory=1MiB"],
      says: "run.memory", "job.toml", "bytes needed for", "at most 1048576"),
  ]

  private static let ofTheFacts = [
    BadInput(
      "a subject that is not in its prompt", says: "facts.json", "[2].subject",
      "The new river", "not in the prompt", "words of the prompt",
      spoil: facts("\"subject\": \"The old river\"", "\"subject\": \"The new river\"")),
    BadInput(
      "an empty prompt", says: "facts.json", "[1].prompt", "an empty text",
      spoil: facts("In Sable the language spoken is", "")),
    BadInput(
      "a prompt longer than the context", says: "facts.json", "[0].prompt", "found 73 tokens",
      "at most 64 tokens",
      spoil: facts(
        "stands in the city of", "stands" + String(repeating: " in", count: 65) + " the city of")),
    BadInput(
      "no such facts", says: "facts.json", "No such file",
      spoil: { try FileManager.default.removeItem(atPath: $0.path("facts.json")) }),
  ]

  private static let ofTheModel = [
    BadInput(
      "truncated weights", code: 4, says: "model.safetensors", "bytes",
      spoil: { bench in
        let file = bench.folder.appendingPathComponent("model/model.safetensors")
        let whole = try Data(contentsOf: file)
        try whole.prefix(whole.count - 1000).write(to: file)
      }),
    BadInput(
      "a missing tensor", code: 4, says: "h.4.ln_1.weight", "model",
      spoil: { bench in
        let file = bench.folder.appendingPathComponent("model/config.json")
        let config = try String(contentsOf: file, encoding: .utf8)
        try Data(config.replacing("\"n_layer\": 4", with: "\"n_layer\": 5").utf8).write(to: file)
      }),
    BadInput(
      "no such model", code: 4, options: ["--set", "model.path=nothing"], says: "nothing",
      "No such file"),
  ]

  private static let ofTheCommandLine = [
    BadInput(
      "an option twice", code: 2, options: ["--output", "elsewhere"],
      says: "--output", "the option twice"),
    BadInput(
      "no threads", code: 2, options: ["--threads", "0"], says: "--threads is 0",
      "expected 1 to 4096"),
    BadInput(
      "threads that are no number", code: 2, options: ["--threads", "two"],
      says: "--threads", "two"),
    BadInput(
      "an unknown option", code: 2, options: ["--thread", "2"],
      says: "Unknown option '--thread'", "Did you mean '--threads'?"),
    BadInput("an option too many", code: 2, options: ["more"], says: "Unexpected argument 'more'"),
    BadInput(
      "a field set without a value", code: 2, options: ["--set", "corrupt.seed"], says: "--set",
      "corrupt.seed", "FIELD=VALUE"),
  ]
}
