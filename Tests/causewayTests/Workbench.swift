import Foundation
import Testing
import _TestSupport

/// A folder with a small model, facts and a job for them, gone when the test is.
final class Workbench: Sendable {
  let folder: URL

  /// - Parameters:
  ///   - facts: JSON of the facts; by default four in the words of `vocabulary`.
  ///   - job: The job's text, which finds `model` and `facts.json` beside it.
  ///   - isInMemory: Whether the folder is in memory where that is at hand, for tests that start many
  ///     runs: what a sync takes there no other work on the machine can lengthen.
  init(
    _ model: TinyModel = TinyModel(.gpt2), facts: String = Workbench.textFacts,
    job: String = Workbench.job, isInMemory: Bool = false
  ) throws {
    let memory = URL(fileURLWithPath: "/dev/shm")
    let canBeInMemory = isInMemory && FileManager.default.isWritableFile(atPath: memory.path)
    folder = (canBeInMemory ? memory : FileManager.default.temporaryDirectory)
      .appendingPathComponent("causeway-\(UUID().uuidString)")
    try model.write(to: folder.appendingPathComponent("model"))
    try Self.vocabulary.write(to: folder.appendingPathComponent("model"))
    try put(facts, "facts.json")
    try put(job, "job.toml")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func put(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// Starts `causeway run` on the job.
  func start(
    _ run: String, ranks: Int? = nil, _ options: String..., job: String = "job.toml"
  ) throws -> RunningTool {
    try RunningTool(
      ["run", path(job), "-o", path(run)] + options, ranks: ranks)
  }

  /// Runs the job to its end, and expects that it gets there.
  @discardableResult
  func finish(_ run: String, ranks: Int? = nil, _ options: [String] = []) async throws -> ToolRun {
    let tool = try RunningTool(
      ["run", path("job.toml"), "-o", path(run)] + options, ranks: ranks)
    let ended = try await tool.end()
    #expect(ended.code == 0, "\(ended.errors)")
    return ended
  }

  /// What a run has stored.
  func stored(_ run: String) throws -> StoredRun { try StoredRun(path(run)) }

  static let vocabulary = TinyVocabulary(words: [
    "The", "In", " The", " the", " tower", " of", " river", " stands", " runs", " through", " in",
    " city", " language", " spoken", " is", " queen", " old", " big", " by", " sea", " north",
    " Marlow", " Sable", " London", " Quito", " Basque",
  ])

  static let textFacts = """
    [{"prompt": "The tower of Marlow stands in the city of", "subject": "tower of Marlow",
      "answer": "London"},
     {"prompt": "In Sable the language spoken is", "subject": "Sable", "answer": "Basque",
      "foil": "Quito"},
     {"prompt": "The old river runs through", "subject": "The old river", "answer": "Quito"},
     {"prompt": "The queen of the big city by the sea is", "subject": "big city",
      "answer": "Sable"}]
    """

  /// The same kind of facts without any text.
  static let tokenFacts = """
    [{"input_ids": [5, 300, 41, 77, 12, 9, 260], "subject_range": [1, 4], "answer_id": 17},
     {"input_ids": [88, 3, 19, 44, 200], "subject_range": [0, 2], "answer_id": 4, "foil_id": 6},
     {"input_ids": [9, 8, 7, 6, 5, 4, 3, 2, 1], "subject_range": [7, 9], "answer_id": 50},
     {"id": "bare", "input_ids": [61, 62], "subject_range": [1, 2], "answer_id": 7}]
    """

  static let job = """
    kind = "trace"

    [model]
    path = "model"

    [data]
    facts = "facts.json"
    filter = "none"

    [corrupt]
    multiple = 3.0
    samples = 6
    seed = 5

    [[restore]]
    site = "block_output"

    [[restore]]
    site = "mlp_output"
    window = 3

    [[restore]]
    site = "mlp_activation"
    window = 1
    positions = ["subject", "last"]

    [[restore]]
    site = "attention_output"
    window = 2
    layers = "1:3"

    """
}
