import Checkpoints
import Foundation
import Inputs
import Models
import Synchronization
import Tensors
import Testing
import _TestSupport

/// Small models of many families, written by transformers with what they compute: a few in the
/// repository, and more where there is a Python that writes them (`Fixtures/families_peer.py`).
struct FamilyFolder: Sendable, CustomTestStringConvertible {
  let url: URL
  var name: String { url.lastPathComponent }
  var testDescription: String { name }

  /// A prompt of one or several examples, with the logits of all rows.
  struct Prompt {
    var tokens: [[Int]]
    var logits: [Float]
  }

  func opened() throws -> PublishedModel { try PublishedModel(url.path) }

  func prompts() throws -> [Prompt] {
    let file = try SafetensorsFile(url.appendingPathComponent("expected.safetensors").path)
    return try (0..<2).map { number in
      let shape = try file.tensor("\(number).input_ids").shape
      let ids = try file.integers("\(number).input_ids")
      return Prompt(
        tokens: (0..<shape[0]).map { Array(ids[$0 * shape[1]..<($0 + 1) * shape[1]]) },
        logits: try file.floats("\(number).logits"))
    }
  }

  /// A JSON file of the folder, as a model's configuration.
  func config(_ name: String) throws -> JSONField {
    try JSONField.load(url.appendingPathComponent(name).path, kind: .model)
  }

  /// The model's GGUF files.
  var ggufs: [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.filter { $0.hasSuffix(".gguf") }.sorted().map { url.appendingPathComponent($0) }
  }

  /// Those of the repository.
  static let carried = folders(in: ModelGoldens.fixtures?.appendingPathComponent("families"))
  /// Those of the repository, and the rest if a Python writes them.
  static let all: [FamilyFolder] = {
    let names = Set(carried.map(\.name))
    return carried
      + (PeerPython.models.map { folders(in: $0) } ?? []).filter {
        !names.contains($0.name)
      }
  }()

  /// Every decoder that transformers has recorded or written.
  static let decoders: [FamilyFolder] =
    FamilyGoldensTests.goldens.filter { (try? $0.opened().kind) == .decoder }.map {
      FamilyFolder(url: $0.folder)
    } + all

  private static func folders(in root: URL?) -> [FamilyFolder] {
    guard let root else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().map { FamilyFolder(url: root.appendingPathComponent($0)) }
  }
}

/// The models that a Python with transformers writes.
enum PeerPython {
  static let reason = Comment(rawValue: TransformersPython.reason)

  /// The models of `families_peer.py`, written once; removed when the tests end.
  static let models: URL? = {
    guard TransformersPython.path != nil, let fixtures = ModelGoldens.fixtures else { return nil }
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("families-\(ProcessInfo.processInfo.processIdentifier)")
    let script = fixtures.appendingPathComponent("families_peer.py").path
    guard (try? TransformersPython.run([script, folder.path]).code) == 0 else { return nil }
    written.withLock { $0 = folder.path }
    atexit {
      written.withLock { if let path = $0 { try? FileManager.default.removeItem(atPath: path) } }
    }
    return folder
  }()

  private static let written = Mutex<String?>(nil)
}
