public import Foundation

/// A real model for tests that are worth one: SmolLM2-135M-Instruct as a GGUF file.
public enum SmolLM2 {
  /// What `CAUSEWAY_SMOLLM2` names, or the file that `scripts/fetch-model` puts into `models/`.
  public static let file: URL? = {
    let named = ProcessInfo.processInfo.environment["CAUSEWAY_SMOLLM2"].map {
      URL(fileURLWithPath: $0)
    }
    let fetched = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
      .standardizedFileURL
    return [named, fetched].compactMap(\.self).first {
      FileManager.default.fileExists(atPath: $0.path)
    }
  }()

  /// Whether the model and its recorded numbers are here.
  public static var isPresent: Bool { file != nil && SharedMaterial.isPresent }

  public static let reason = """
    needs SmolLM2 (scripts/fetch-model, or CAUSEWAY_SMOLLM2) and the reference material
    """
}

/// Whether tests that take minutes are asked for.
public let runsSlowTests = ProcessInfo.processInfo.environment["CAUSEWAY_SLOW_TESTS"] != nil
