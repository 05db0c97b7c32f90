internal import Foundation

/// A regular file opened for reading, whose every read is checked against its size first.
///
/// Opening never waits (a pipe is refused), and reading never trusts a length from the file.
public final class BoundedFile: Sendable {
  public let path: String
  /// Bytes in the file when it was opened.
  public let size: Int
  public let kind: Refusal.Kind
  private let descriptor: Int32

  public init(_ path: String, kind: Refusal.Kind) throws(Refusal) {
    self.path = path
    self.kind = kind
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      // Not the file's fault, but the process's or the machine's.
      let isLimit = [EMFILE, ENFILE, ENOMEM].contains(errno)
      throw Refusal(
        isLimit ? .resources : kind, file: path, found: systemMessage(),
        expected: isLimit ? "room to open one more file; see ulimit -n" : "a readable file")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let what = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a pipe, device or socket"
      throw Refusal(kind, file: path, found: what, expected: "a regular file")
    }
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` from `offset` on; short reads and interruptions are made good.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Refusal) {
    let (end, overflow) = offset.addingReportingOverflow(buffer.count)
    guard offset >= 0, !overflow, end <= size else {
      throw Refusal(
        kind, file: path, found: "\(size) bytes, truncated",
        expected: "\(buffer.count) bytes from \(offset) on")
    }
    guard let base = buffer.baseAddress else { return }
    var done = 0
    while done < buffer.count {
      let got = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else {
        throw Refusal(
          kind, file: path,
          found: got == 0 ? "the file cut short while it was read" : systemMessage(),
          expected: "\(buffer.count) bytes from \(offset) on")
      }
      done += got
    }
  }

  /// The bytes of a range, which must lie inside the file.
  public func bytes(at offset: Int, count: Int) throws(Refusal) -> [UInt8] {
    guard count >= 0, offset >= 0, offset <= size, count <= size - offset else {
      throw Refusal(
        kind, file: path, found: "\(size) bytes, truncated",
        expected: "\(count) bytes from \(offset) on")
    }
    var failure: Refusal?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(Refusal) {
        try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      } catch {
        failure = error
        buffer.initialize(repeating: 0)
      }
      initialized = count
    }
    if let failure { throw failure }
    return bytes
  }

  /// The whole file, which must not be larger than `limit` bytes.
  public func readAll(limit: Int) throws(Refusal) -> [UInt8] {
    guard size <= limit else {
      throw Refusal(
        kind, file: path, found: "\(size) bytes", expected: "at most \(limit) bytes (the limit)")
    }
    return try bytes(at: 0, count: size)
  }
}

extension BoundedFile {
  /// Adds the file's bytes to a digest, a piece at a time.
  public func update(_ digest: inout Digest) throws(Refusal) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var done = 0
    while done < size {
      let piece = UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<min(buffer.count, size - done)])
      try read(into: piece, at: done)
      digest.update(UnsafeRawBufferPointer(piece))
      done += piece.count
    }
  }

  /// Bytes looked at before memory is taken for a long text.
  private static let pieceBytes = 1 << 20

  /// The bytes of a JSON text of at most `limit` bytes: the whole file, or a range inside it.
  ///
  /// A long text is looked through first, a piece at a time: one with a byte that JSON cannot hold,
  /// as a file of holes is, takes no memory.
  public func jsonBytes(
    at offset: Int = 0, count: Int? = nil, limit: Int, field: String = ""
  ) throws(Refusal) -> [UInt8] {
    guard let count = count ?? (size <= limit ? size : nil) else {
      return try readAll(limit: limit)
    }
    guard count > Self.pieceBytes else { return try bytes(at: offset, count: count) }
    var done = 0
    while done < count {
      let piece = try bytes(at: offset + done, count: min(Self.pieceBytes, count - done))
      if let place = piece.firstIndex(where: { $0 < 0x20 && ![9, 10, 13].contains($0) }) {
        throw Refusal(
          kind, file: path, field: field,
          found: "the control character \(piece[place]) at byte \(done + place)",
          expected: "JSON text in UTF-8")
      }
      done += piece.count
    }
    return try bytes(at: offset, count: count)
  }
}

/// The text of the last system error.
public func systemMessage() -> String { String(cString: strerror(errno)) }
