internal import Foundation

/// A Python with transformers and gguf: what `CAUSEWAY_PEER_PYTHON` or `CAUSEWAY_PYTHON` names.
public enum TransformersPython {
  public static let reason = """
    neither CAUSEWAY_PEER_PYTHON nor CAUSEWAY_PYTHON names a Python with transformers and gguf
    """

  public static let path: String? = ["CAUSEWAY_PEER_PYTHON", "CAUSEWAY_PYTHON"]
    .compactMap { ProcessInfo.processInfo.environment[$0] }
    .first { (try? run($0, ["-c", "import transformers, torch, safetensors, gguf"]).code) == 0 }

  /// Runs it; what it prints must fit into a pipe, 64 KiB.
  public static func run(_ arguments: [String]) throws -> (code: Int32, output: String) {
    guard let path else { return (127, "") }
    return try run(path, arguments)
  }

  private static func run(
    _ python: String, _ arguments: [String]
  ) throws -> (code: Int32, output: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-B"] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }
}
