internal import Checkpoints
internal import Inputs

/// A table in a file that appears when it is whole: comma-separated values after RFC 4180, with lines
/// that end in a line feed.
struct TableFile: ~Copyable {
  /// Bytes that are written at once.
  private static let blockSize = 1 << 20

  private var file: AtomicFile
  private var block: [UInt8]
  /// Lines below the heading.
  private(set) var count = 0

  /// - Throws: Where a file is there that is not to be replaced.
  init(_ path: String, replacing: Bool, heading: String) throws(Refusal) {
    try refuseReplacing(path, force: replacing)
    file = try AtomicFile(path)
    block = Array("\(heading)\n".utf8)
  }

  /// Adds a line, without its end.
  mutating func add(_ line: String) throws(Refusal) {
    block += line.utf8
    block.append(UInt8(ascii: "\n"))
    count += 1
    guard block.count >= Self.blockSize else { return }
    try file.write(block)
    block.removeAll(keepingCapacity: true)
  }

  /// Makes the table whole; nothing can be added after it.
  consuming func commit() throws(Refusal) {
    try file.write(block)
    try file.commit()
  }
}
