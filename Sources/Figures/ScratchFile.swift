internal import Foundation
internal import Inputs

/// A file for another program to read, in the folder for temporary files while this object lives.
///
/// For what would else be written to the program's standard input: one that ends without reading it
/// raises SIGPIPE here, and swift-subprocess 1.0.2 traps on the error that comes instead.
final class ScratchFile: Sendable {
  let path: String

  init(_ text: String) throws(Refusal) {
    let folder = FileManager.default.temporaryDirectory.path
    // mkstemp puts letters of its own for the last six.
    var name = Array("\(folder)/causeway-\(String(repeating: "X", count: 6))".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      throw Refusal(
        .resources, file: folder, found: systemMessage(), expected: "a folder for temporary files")
    }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let isWhole = writeAll(Array(text.utf8), to: descriptor)
    let message = systemMessage()
    close(descriptor)
    guard isWhole else {
      throw Refusal(
        .resources, file: path, found: message, expected: "room for \(text.utf8.count) bytes")
    }
  }

  deinit { unlink(path) }
}
