import Foundation

/// A command of the system that a test needs, such as `mount`; what it prints is not kept.
enum SystemCommand {
  /// Runs it to its end, and throws where that is not 0.
  static func run(_ words: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(words: words) }
  }

  private struct Failed: Error { let words: [String] }
}
