internal import Foundation

/// Whether a process looks as if it will never end: nothing that it started is left, and its first
/// thread waits for a lock. False where the system does not tell.
///
/// Open MPI 4.1's `mpirun` gets there when a rank is killed while it connects (PMIx's server ends
/// with one of its locks held). One that works waits for events, not for locks.
package func seemsStuck(_ process: Int32) -> Bool {
  guard let call = contents("/proc/\(process)/syscall"),
    call.prefix(while: { $0 != " " }) == futex,
    let children = contents("/proc/\(process)/task/\(process)/children")
  else { return false }
  return children.split(whereSeparator: \.isWhitespace).allSatisfy { child in
    guard let state = contents("/proc/\(child)/stat") else { return true }
    return state.split(separator: ")").last?.drop { $0 == " " }.first == "Z"
  }
}

/// The number of the system call that waits for a lock.
#if arch(x86_64)
  private let futex = "202"
#else
  private let futex = "98"
#endif

private func contents(_ path: String) -> String? {
  FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
}
