public import Foundation

/// Reference material that lies beside the checkout; tests that need it skip without it.
public enum SharedMaterial {
  /// The folder `../shared` of the package root, or what `CAUSEWAY_SHARED` names; nil if absent.
  public static let root: URL? = {
    let named = ProcessInfo.processInfo.environment["CAUSEWAY_SHARED"].map {
      URL(fileURLWithPath: $0)
    }
    let beside = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../shared").standardizedFileURL
    return [named, beside].compactMap(\.self).first {
      FileManager.default.fileExists(atPath: $0.appendingPathComponent("goldens").path)
    }
  }()

  public static var isPresent: Bool { root != nil }
}
