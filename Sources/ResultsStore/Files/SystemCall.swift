internal import Foundation
internal import Inputs

/// Makes one system call on a path, again while it is interrupted, and turns failure into a
/// refusal that names call, path and cause.
@discardableResult
func system(
  _ routine: String, _ path: String, needing bytes: Int = 0, _ call: () -> Int
) throws(Refusal) -> Int {
  while true {
    let result = call()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw refusal(of: code, routine, path, needing: bytes) }
  }
}

/// What the code of a failed call means to a run: a full disk or a limit is the machine's to mend
/// (exit 6), anything else is the store's (exit 5).
func refusal(
  of code: Int32, _ routine: String, _ path: String, needing bytes: Int = 0
) -> Refusal {
  let isLimit = [ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM, EMLINK].contains(code)
  let name = names[code].map { " (\($0))" } ?? ""
  let expected =
    switch code {
    case ENOSPC, EDQUOT: bytes > 0 ? "room for \(bytes) bytes" : "room on the disk"
    case EROFS, EACCES, EPERM: "a folder that this user may write"
    case ENOENT: "a file or folder that is there"
    case EIO: "a device without errors"
    default: "\(routine) to succeed"
    }
  return Refusal(
    isLimit ? .resources : .store, file: path, field: routine,
    found: String(cString: strerror(code)) + name, expected: expected)
}

private let names: [Int32: String] = [
  ENOSPC: "ENOSPC", EDQUOT: "EDQUOT", EIO: "EIO", EROFS: "EROFS", EACCES: "EACCES",
  EFBIG: "EFBIG", EMFILE: "EMFILE", ENOENT: "ENOENT", ESTALE: "ESTALE",
]

/// Writes every byte from the descriptor's place on; short writes are made good.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(Refusal) {
  var done = 0
  while done < bytes.count {
    done += try system("write", path, needing: bytes.count) {
      bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
    }
  }
}

/// Closes a descriptor, whose result counts: network file systems report a full disk here.
///
/// Never called again after a failure: Linux has freed the descriptor even so.
func closeChecked(_ descriptor: Int32, path: String, needing bytes: Int = 0) throws(Refusal) {
  guard close(descriptor) != 0 else { return }
  let code = errno
  if code != EINTR { throw refusal(of: code, "close", path, needing: bytes) }
}

/// What stands under a name, links not followed.
enum FileKind: Sendable, Equatable {
  case missing, regular, folder, link, other

  static func of(_ path: String) throws(Refusal) -> FileKind {
    var status = stat()
    guard lstat(path, &status) != 0 else {
      switch status.st_mode & S_IFMT {
      case S_IFREG: return .regular
      case S_IFDIR: return .folder
      case S_IFLNK: return .link
      default: return .other
      }
    }
    let code = errno
    guard code == ENOENT || code == ENOTDIR else { throw refusal(of: code, "lstat", path) }
    return .missing
  }

  var name: String {
    switch self {
    case .missing: "nothing"
    case .regular: "a file"
    case .folder: "a folder"
    case .link: "a symbolic link"
    case .other: "a pipe, device or socket"
    }
  }
}

/// The names in a folder, sorted by their bytes.
func namesInFolder(_ path: String) throws(Refusal) -> [String] {
  guard let folder = opendir(path) else { throw refusal(of: errno, "opendir", path) }
  defer { closedir(folder) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(folder) else {
      guard errno == 0 else { throw refusal(of: errno, "readdir", path) }
      break
    }
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}
