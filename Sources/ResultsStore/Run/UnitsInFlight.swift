internal import Foundation
package import Inputs
internal import Locks

/// What a rank's compute threads are at, in a file that outlives the rank: `log/in-flight-RUN-RANK`.
///
/// Eight bytes a thread, little-endian: the unit's number plus one, or zero. They are written in
/// place and never synced, since what they are for is the death of a process, not of its host. A
/// rank that ends in good order removes its file, so a file that is left tells of a death.
package final class UnitsInFlight: Sendable {
  private static let prefix = "in-flight-"
  /// Threads that a file tells of at most; others go unnoticed.
  private static let threadLimit = 4096

  private let path: String
  /// Nil once the file is gone.
  private let descriptor: Locked<Int32?>

  /// Makes the file of a rank.
  ///
  /// - Parameter folder: The run's `log` folder.
  package init(in folder: String, run: RunID, rank: Int, threads: Int) throws(Refusal) {
    let path = "\(folder)/\(Self.prefix)\(run)-\(rank)"
    let descriptor = Int32(
      try system("open", path) {
        Int(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666))
      })
    self.path = path
    self.descriptor = Locked(descriptor)
    do {
      let bytes = [UInt8](repeating: 0, count: 8 * min(max(1, threads), Self.threadLimit))
      try writeAll(bytes, to: descriptor, path: path)
    } catch {
      remove()
      throw error
    }
  }

  deinit { remove() }

  /// Notes the unit that a thread begins; nil where it has none. Errors are let pass: a note less
  /// costs a run nothing.
  package func note(_ unit: Int?, on thread: Int) {
    guard (0..<Self.threadLimit).contains(thread) else { return }
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt64(unit.map { $0 + 1 } ?? 0))
    descriptor.withLock { descriptor in
      guard let descriptor else { return }
      _ = pwrite(descriptor, bytes, bytes.count, off_t(8 * thread))
    }
  }

  /// Removes the file: what is in flight from here on is not to blame for the rank's end.
  package func remove() {
    descriptor.withLock { descriptor in
      guard let open = descriptor else { return }
      close(open)
      unlink(path)
      descriptor = nil
    }
  }

  /// What a rank of an earlier start left behind.
  package struct Left: Sendable, Equatable {
    package let run: RunID
    package let rank: Int
    /// The units that its threads were at.
    package let units: [UInt64]
    let path: String
  }

  /// The files of all starts, in the order of their names; one that cannot be read tells nothing.
  package static func left(in folder: String) throws(Refusal) -> [Left] {
    try namesInFolder(folder).compactMap { name in
      let parts = name.dropFirst(prefix.utf8.count)
        .split(separator: "-", omittingEmptySubsequences: false)
      guard name.hasPrefix(prefix), parts.count == 2, let run = RunID(String(parts[0])),
        let rank = Int(parts[1]), rank >= 0
      else { return nil }
      let path = "\(folder)/\(name)"
      let bytes = try? BoundedFile(path, kind: .store).readAll(limit: 8 * threadLimit)
      let slots = stride(from: 0, to: (bytes?.count ?? 0) - 7, by: 8).map {
        (bytes ?? []).littleEndian(UInt64.self, at: $0)
      }
      return Left(run: run, rank: rank, units: slots.filter { $0 > 0 }.map { $0 - 1 }, path: path)
    }
  }

  /// Forgets what earlier starts left, once it is noted elsewhere.
  package static func forget(_ left: [Left]) {
    for file in left { unlink(file.path) }
  }
}
