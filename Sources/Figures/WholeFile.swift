internal import Foundation
internal import Inputs

/// Writes a file under a temporary name beside it, flushes it to the disk, then renames it.
func writeWhole(_ bytes: [UInt8], to path: String) throws(Refusal) {
  let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).part"
  func refusal() -> Refusal {
    Refusal(
      .resources, file: path, found: systemMessage(),
      expected: "a folder in which a file of \(bytes.count) bytes can be written")
  }
  let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw refusal() }
  var done = 0
  var isWhole = true
  bytes.withUnsafeBytes { buffer in
    guard let base = buffer.baseAddress else { return }
    while isWhole, done < buffer.count {
      let wrote = Foundation.write(descriptor, base + done, buffer.count - done)
      if wrote > 0 { done += wrote } else if errno != EINTR { isWhole = false }
    }
  }
  isWhole = isWhole && fsync(descriptor) == 0
  var failure = isWhole ? nil : refusal()
  if close(descriptor) != 0, failure == nil { failure = refusal() }
  if failure == nil, rename(draft, path) != 0 { failure = refusal() }
  if let failure {
    unlink(draft)
    throw failure
  }
}
