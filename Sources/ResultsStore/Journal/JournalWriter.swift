internal import Foundation
package import Inputs

/// The journal of one rank in one attempt: a file of its own, appended to and never rewritten.
///
/// A record counts once `commit` has returned; until then it is in memory. After a failed commit
/// the file is abandoned, and the next attempt opens another.
package struct JournalWriter: ~Copyable {
  package let path: String
  package let header: JournalHeader
  private let descriptor: Int32
  private let context: Zstd.Compressor
  private var buffer: [UInt8] = []
  private var sequence: UInt32 = 0
  private var isAbandoned = false

  /// Opens the next attempt's journal of a rank; on return the file and its header are durable.
  ///
  /// - Parameters:
  ///   - folder: The run's `journal` folder.
  ///   - job: SHA-256 of the job's canonical form.
  package static func open(
    in folder: String, job: String, run: RunID, rank: Int
  ) throws(Refusal) -> JournalWriter {
    var journal = try JournalWriter(
      in: folder, job: job, run: run, rank: rank, context: try Zstd.Compressor())
    try journal.append(journal.header.record)
    try journal.commit()
    try syncFolder(folder)
    return journal
  }

  private init(
    in folder: String, job: String, run: RunID, rank: Int, context: consuming Zstd.Compressor
  ) throws(Refusal) {
    precondition(rank >= 0, "rank \(rank)")
    let (descriptor, attempt) = try Self.openNext(in: folder, rank: rank)
    self.descriptor = descriptor
    self.context = context
    header = JournalHeader(job: job, run: run, rank: rank, attempt: attempt)
    path = "\(folder)/\(JournalName(rank: rank, attempt: attempt).text)"
  }

  deinit { close(descriptor) }

  /// Bytes that wait for the next commit.
  package var pendingBytes: Int { buffer.count }

  /// Adds a record to those that the next commit makes durable.
  package mutating func append(_ record: JournalRecord) throws(Refusal) {
    guard sequence < UInt32.max else {
      throw Refusal(
        .store, file: path, found: "\(sequence) records", expected: "fewer in one journal")
    }
    do throws(Refusal) {
      buffer += try JournalFraming.encode(
        record, sequence: sequence, job: header.job, by: context)
    } catch { throw error.inFile(path) }
    sequence += 1
  }

  /// Makes everything appended so far durable: one write and one sync, however many records.
  ///
  /// Every commit of a journal is this one function. The C function is `fdatasync`, which syncs the
  /// file's length too.
  package mutating func commit() throws(Refusal) {
    guard !isAbandoned else {
      throw Refusal(
        .store, file: path, found: "a journal whose last commit failed",
        expected: "a new attempt with a journal of its own")
    }
    guard !buffer.isEmpty else { return }
    isAbandoned = true
    try writeAll(buffer, to: descriptor, path: path)
    try system("fdatasync", path, needing: buffer.count) { Int(fdatasync(descriptor)) }
    isAbandoned = false
    buffer.removeAll(keepingCapacity: true)
  }

  /// Creates the file after the highest attempt there is; a rank that is quicker gets the number.
  private static func openNext(
    in folder: String, rank: Int
  ) throws(Refusal) -> (descriptor: Int32, attempt: Int) {
    let taken = try namesInFolder(folder).compactMap { JournalName($0) }
      .filter { $0.rank == rank }.map(\.attempt)
    var attempt = taken.max() ?? 0
    while true {
      guard attempt < Int(Int32.max) else {
        throw Refusal(
          .store, file: folder, found: "attempt \(attempt) of rank \(rank)",
          expected: "fewer attempts")
      }
      attempt += 1
      let path = "\(folder)/\(JournalName(rank: rank, attempt: attempt).text)"
      let descriptor = Foundation.open(
        path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (descriptor, attempt) }
      let code = errno
      guard code == EEXIST || code == EINTR else { throw refusal(of: code, "open", path) }
    }
  }
}
