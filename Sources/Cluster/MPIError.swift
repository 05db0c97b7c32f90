internal import COpenMPI
public import Inputs

/// What goes wrong between ranks.
public enum MPIError: Error, Equatable, Sendable {
  /// An MPI call returned an error code; `message` is the library's own text.
  case failed(routine: String, code: Int32, message: String)
  /// A rank gave no sign of life within the limit.
  case silent(rank: Int, host: String, seconds: Double)
  /// A message that no rank of this program writes.
  case malformed(what: String)

  init(routine: String, code: Int32) {
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING))
    var length: Int32 = 0
    let isKnown = MPI_Error_string(code, &text, &length) == MPI_SUCCESS
    let bytes = text.prefix(Int(max(0, length))).map(UInt8.init(bitPattern:))
    let message = isKnown ? String(decoding: bytes, as: UTF8.self) : "an unknown code"
    self = .failed(routine: routine, code: code, message: message)
  }

  /// The same in the form in which every module reports to the user.
  public var refusal: Refusal {
    switch self {
    case .failed(let routine, let code, let message):
      Refusal(
        .cluster, field: routine, found: "error \(code), \(escaped(message))", expected: "success")
    case .silent(let rank, let host, let seconds):
      Refusal(
        .cluster, field: "rank \(rank) on host \(escaped(host))",
        found: "no sign of life for \(Int(seconds.rounded())) s",
        expected: "every rank to answer; it may be stopped, swapped out or cut off")
    case .malformed(let what):
      Refusal(
        .cluster, field: "message between ranks", found: escaped(what),
        expected: "messages of this program; all ranks must run the same one")
    }
  }
}

extension Refusal {
  /// Any error as a refusal; one of an unknown kind counts as the cluster's.
  package init(_ error: any Error, on rank: String) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let error as MPIError: self = error.refusal
    default:
      self.init(.cluster, field: rank, found: escaped("\(error)"), expected: "no error")
    }
  }
}

/// Makes one MPI call and turns its return code into a Swift error.
func mpi(_ routine: String, _ call: () -> Int32) throws(MPIError) {
  let code = call()
  guard code == MPI_SUCCESS else { throw MPIError(routine: routine, code: code) }
}

/// Runs `work`, and turns what MPI throws into the form for the user.
package func mpiRefusal<Value>(_ work: () throws(MPIError) -> Value) throws(Refusal) -> Value {
  do throws(MPIError) { return try work() } catch { throw error.refusal }
}
