internal import Foundation
internal import Inputs

/// Writes a file under a temporary name beside it, flushes it to the disk, then renames it.
func writeWhole(_ bytes: [UInt8], to path: String) throws(Refusal) {
  try checkOutputPath(path, kind: .resources)
  let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).part"
  func refusal() -> Refusal {
    Refusal(
      .resources, file: path, found: systemMessage(),
      expected: "a folder in which a file of \(bytes.count) bytes can be written")
  }
  let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw refusal() }
  var failure = writeAll(bytes, to: descriptor) && fsync(descriptor) == 0 ? nil : refusal()
  if close(descriptor) != 0, failure == nil { failure = refusal() }
  if failure == nil, rename(draft, path) != 0 { failure = refusal() }
  if let failure {
    unlink(draft)
    throw failure
  }
}

/// Writes all bytes; false, with the reason in `errno`, if one cannot be written.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  bytes.withUnsafeBytes { buffer in
    var done = 0
    while let base = buffer.baseAddress, done < buffer.count {
      let wrote = write(descriptor, base + done, buffer.count - done)
      if wrote > 0 { done += wrote } else if errno != EINTR { return false }
    }
    return true
  }
}
