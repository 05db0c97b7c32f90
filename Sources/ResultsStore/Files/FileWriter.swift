internal import Foundation
package import Inputs
internal import Locks

/// Puts whole files into a store so that a name stands for all of its bytes, or is not there.
///
/// The bytes go to a temporary name in the same folder, `.tmp-RUN-RANK-N`, are synced, and appear
/// by `rename`; then the folder is synced. A file whose sync failed is abandoned, never synced
/// again: the kernel has dropped its pages, and a second call would say that all is well.
package final class FileWriter: Sendable {
  package let run: RunID
  package let rank: Int
  /// The lock of the two things that change: the last number used, and the folders known durable.
  private let state = Locked(State())

  private struct State {
    var number = 0
    var folders: Set<String> = []
  }

  package init(run: RunID, rank: Int) {
    self.run = run
    self.rank = rank
  }

  /// Writes a file in a folder that exists; on return the file and its name are durable.
  ///
  /// A file that is too large to hold is written by `ZarrShardWriter`, which commits it by the same
  /// two steps, `seal` and `place`.
  package func write(_ bytes: [UInt8], to path: String) throws(Refusal) {
    let folder = parent(of: path)
    let (temporary, descriptor) = try openTemporary(in: folder, for: path)
    do {
      try fill(descriptor, bytes, path: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try place(temporary, as: path)
  }

  /// Gives a temporary file that is filled, synced and closed its name, or removes it.
  func place(_ temporary: String, as path: String) throws(Refusal) {
    do {
      let identity = try FileIdentity.of(temporary)
      try rename(temporary, to: path, identity: identity)
    } catch {
      unlink(temporary)
      throw error
    }
    try syncFolder(parent(of: path))
  }

  package func write(_ text: String, to path: String) throws(Refusal) {
    try write(Array(text.utf8), to: path)
  }

  /// Makes one folder, or accepts it if it is there and no link; on return its name is durable.
  package func makeFolder(_ path: String) throws(Refusal) {
    if state.withLock({ $0.folders.contains(path) }) { return }
    if mkdir(path, 0o777) != 0 {
      let code = errno
      guard code == EEXIST else { throw refusal(of: code, "mkdir", path) }
      let kind = try FileKind.of(path)
      guard kind == .folder else {
        throw Refusal(.store, file: path, found: kind.name, expected: "a folder")
      }
    }
    try syncFolder(parent(of: path))
    state.withLock { _ = $0.folders.insert(path) }
  }

  /// Opens a new file under a temporary name of this run and rank.
  func openTemporary(
    in folder: String, for path: String
  ) throws(Refusal) -> (path: String, descriptor: Int32) {
    while true {
      let number = state.withLock { state in
        state.number += 1
        return state.number
      }
      let temporary = "\(folder)/.tmp-\(run)-\(rank)-\(number)"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (temporary, descriptor) }
      let code = errno
      guard code == EEXIST || code == EINTR else { throw refusal(of: code, "open", path) }
    }
  }

  /// Writes, syncs and closes; each of the three can be where a full disk is reported.
  func fill(_ descriptor: Int32, _ bytes: [UInt8], path: String) throws(Refusal) {
    do {
      try writeAll(bytes, to: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    try seal(descriptor, size: bytes.count, path: path)
  }

  /// Syncs and closes a file that so many bytes were written to.
  func seal(_ descriptor: Int32, size: Int, path: String) throws(Refusal) {
    do {
      try system("fsync", path, needing: size) { Int(fsync(descriptor)) }
      try expectSize(size, of: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    try closeChecked(descriptor, path: path, needing: size)
  }

  /// What the file system said it took, it has: some say so of more than they have room for.
  private func expectSize(_ size: Int, of descriptor: Int32, path: String) throws(Refusal) {
    var status = stat()
    try system("fstat", path) { Int(fstat(descriptor, &status)) }
    guard Int(status.st_size) == size else {
      throw Refusal(
        .store, file: path, found: "\(status.st_size) bytes after \(size) were written",
        expected: "a disk that keeps what it takes")
    }
  }

  /// Renames, and asks what stands there before it believes an error: a network file system that
  /// repeats a request may fail the second time because the first succeeded.
  private func rename(
    _ old: String, to new: String, identity: FileIdentity
  ) throws(Refusal) {
    guard Foundation.rename(old, new) != 0 else { return }
    let code = errno
    if let now = try? FileIdentity.of(new), now == identity { return }
    throw refusal(of: code, "rename", new)
  }
}

/// What tells one file from another: device and inode.
struct FileIdentity: Sendable, Equatable {
  let device: UInt64
  let inode: UInt64

  static func of(_ path: String) throws(Refusal) -> FileIdentity {
    var status = stat()
    try system("stat", path) { Int(lstat(path, &status)) }
    return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  static func of(descriptor: Int32, path: String) throws(Refusal) -> FileIdentity {
    var status = stat()
    try system("fstat", path) { Int(fstat(descriptor, &status)) }
    return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }
}

/// Makes the names in a folder durable.
func syncFolder(_ path: String) throws(Refusal) {
  let descriptor = Int32(
    try system("open", path) { Int(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) })
  defer { close(descriptor) }
  try system("fsync", path) {
    let result = fsync(descriptor)
    // Some network file systems have no such call on folders: their servers sync by themselves.
    return result != 0 && errno == EINVAL ? 0 : Int(result)
  }
}

/// The folder that a path's last part stands in.
func parent(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
