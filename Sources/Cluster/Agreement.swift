public import Inputs

extension Communicator {
  /// Runs `work` on every rank; if it fails on any, all throw the same refusal. Collective.
  ///
  /// The lowest rank's refusal wins. It names that rank and its host, unless all ranks say the
  /// same: a missing file is often missing on one host only. `work` must call no collective of
  /// this communicator that a rank which failed would miss.
  public func agree<Value>(_ work: () throws -> Value) throws(Refusal) -> Value {
    do { return try agreeOrStop(work) } catch { throw Refusal(error, on: name(of: rank)) }
  }

  /// The same for work that a stop may end: where it is given up on any rank, and no rank refuses,
  /// all throw `Stopped`.
  public func agreeOrStop<Value>(_ work: () throws -> Value) throws -> Value {
    let outcome: Result<Value, any Error>
    do { outcome = .success(try work()) } catch { outcome = .failure(error) }
    var report: [UInt8] = []
    if case .failure(let error) = outcome { report = Self.report(on: error, name(of: rank)) }
    if let verdict = try verdict(on: report) { throw verdict }
    return try outcome.get()
  }

  /// A byte for a stop, and more for a refusal.
  private static func report(on error: any Error, _ rank: String) -> [UInt8] {
    if error is Stopped { return [0] }
    var writer = WireWriter()
    writer.byte(1)
    writer.refusal(Refusal(error, on: rank))
    return writer.bytes
  }

  private static func error(of report: [UInt8]) throws(MPIError) -> any Error {
    var reader = WireReader(report)
    return try reader.byte() == 0 ? Stopped() : try reader.refusal()
  }

  /// What all ranks throw, if any of them failed: a refusal before a stop.
  private func verdict(on report: [UInt8]) throws(Refusal) -> (any Error)? {
    try mpiRefusal { () throws(MPIError) in
      let reports = try gather(report)
      var packed: [UInt8] = []
      let first = reports.firstIndex { $0.count > 1 } ?? reports.firstIndex { !$0.isEmpty }
      if let first {
        packed = reports[first]
        if let refusal = try Self.error(of: packed) as? Refusal,
          reports.contains(where: { $0 != packed })
        {
          packed = Self.report(
            on: Refusal(
              refusal.kind, file: refusal.file, field: refusal.field,
              found: "\(refusal.found) (\(name(of: first)))", expected: refusal.expected),
            name(of: first))
        }
      }
      try broadcast(&packed)
      return packed.isEmpty ? nil : try Self.error(of: packed)
    }
  }
}
