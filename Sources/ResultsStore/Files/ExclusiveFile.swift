internal import Foundation
package import Inputs

extension FileWriter {
  /// Creates a whole file that must not be there; of many that try, exactly one gets true.
  ///
  /// The file appears with all of its bytes by `link(2)`. Where the file system has no links, it is
  /// created with `O_EXCL` and then filled.
  package func create(_ bytes: [UInt8], at path: String) throws(Refusal) -> Bool {
    let folder = parent(of: path)
    let (temporary, descriptor) = try openTemporary(in: folder, for: path)
    defer { unlink(temporary) }
    try fill(descriptor, bytes, path: path)
    let identity = try FileIdentity.of(temporary)
    if link(temporary, path) != 0 {
      let code = errno
      switch code {
      case EEXIST:
        // A repeated request over the network fails because the first one succeeded.
        guard let now = try? FileIdentity.of(path), now == identity else { return false }
      case EPERM, EOPNOTSUPP, ENOSYS:
        guard try createWithoutLink(bytes, at: path) else { return false }
      default: throw refusal(of: code, "link", path)
      }
    }
    try syncFolder(folder)
    return true
  }

  func createWithoutLink(_ bytes: [UInt8], at path: String) throws(Refusal) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let code = errno
      if code == EEXIST { return false }
      throw refusal(of: code, "open", path)
    }
    try fill(descriptor, bytes, path: path)
    return true
  }
}
