internal import Foundation

/// The Python that opens stores as users do, if it has the readers: what `CAUSEWAY_PYTHON` names, or
/// `python3`.
public enum PythonReaders {
  public static let arePresent =
    (try? run(["-c", "import zarr, xarray, tensorstore, numcodecs"]).code) == 0

  public static let reason = """
    needs a python3 (or CAUSEWAY_PYTHON) with zarr, xarray and tensorstore
    """

  /// Runs Python with warnings as errors. What it prints must fit into a pipe, 64 KiB.
  public static func run(
    _ arguments: [String]
  ) throws -> (code: Int32, output: String, errors: String) {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["CAUSEWAY_PYTHON"] ?? "python3"
    process.arguments = [python, "-W", "error"] + arguments
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    process.waitUntilExit()
    return (
      process.terminationStatus,
      String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self),
      String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    )
  }
}
