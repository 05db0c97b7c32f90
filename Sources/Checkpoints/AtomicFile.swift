internal import Foundation
package import Inputs

/// A file that appears under its name only when it is whole and on the disk.
///
/// What was written is removed if `commit` is never reached.
package struct AtomicFile: ~Copyable {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false

  package init(_ path: String) throws(Refusal) {
    try checkOutputPath(path, kind: .store)
    let temporary = "\(path).\(getpid())-\(UInt64.random(in: 0...UInt64.max)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.refusal(path, "create it") }
    self.path = path
    self.temporary = temporary
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporary) }
  }

  /// Appends the values as they lie in memory.
  package mutating func write(_ values: [some BitwiseCopyable]) throws(Refusal) {
    try values.withUnsafeBufferPointer { (buffer) throws(Refusal) in
      try write(UnsafeRawBufferPointer(buffer))
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let wrote = Foundation.write(descriptor, base + done, bytes.count - done)
      if wrote < 0, errno == EINTR { continue }
      guard wrote > 0 else { throw Self.refusal(path, "write it") }
      done += wrote
    }
  }

  /// Syncs the bytes, gives them their name, and syncs the folder: in that order, or a power cut
  /// can leave the name on an empty file.
  package consuming func commit() throws(Refusal) {
    guard fsync(descriptor) == 0 else { throw Self.refusal(path, "sync it") }
    guard rename(temporary, path) == 0 else { throw Self.refusal(path, "rename it into place") }
    isCommitted = true
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw Self.refusal(path, "open its folder") }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw Self.refusal(path, "sync its folder") }
  }

  /// Call right after the failure, while `errno` is its own.
  private static func refusal(_ path: String, _ attempt: String) -> Refusal {
    let isFull = [ENOSPC, EDQUOT, EFBIG].contains(errno)
    return Refusal(
      isFull ? .resources : .store, file: path, found: systemMessage(), expected: "to \(attempt)")
  }
}
