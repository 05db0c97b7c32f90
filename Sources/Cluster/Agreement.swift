public import Inputs

extension Communicator {
  /// Runs `work` on every rank; if it fails on any, all throw the same refusal. Collective.
  ///
  /// The lowest rank's refusal wins. It names that rank and its host, unless all ranks say the
  /// same: a missing file is often missing on one host only. `work` must call no collective of
  /// this communicator that a rank which failed would miss.
  public func agree<Value>(_ work: () throws -> Value) throws(Refusal) -> Value {
    let outcome: Result<Value, any Error>
    do { outcome = .success(try work()) } catch { outcome = .failure(error) }
    var failure: Refusal?
    if case .failure(let error) = outcome { failure = Refusal(error, on: name(of: rank)) }
    if let verdict = try verdict(on: failure) { throw verdict }
    do { return try outcome.get() } catch { throw Refusal(error, on: name(of: rank)) }
  }

  /// What all ranks throw, if any of them failed.
  private func verdict(on failure: Refusal?) throws(Refusal) -> Refusal? {
    var writer = WireWriter()
    if let failure { writer.refusal(failure) }
    return try refusing { () throws(MPIError) in
      let reports = try gather(writer.bytes)
      var packed: [UInt8] = []
      if let first = reports.firstIndex(where: { !$0.isEmpty }) {
        var reader = WireReader(reports[first])
        var refusal = try reader.refusal()
        if reports.contains(where: { $0 != reports[first] }) {
          refusal = Refusal(
            refusal.kind, file: refusal.file, field: refusal.field,
            found: "\(refusal.found) (\(name(of: first)))", expected: refusal.expected)
        }
        var verdict = WireWriter()
        verdict.refusal(refusal)
        packed = verdict.bytes
      }
      try broadcast(&packed)
      guard !packed.isEmpty else { return nil }
      var reader = WireReader(packed)
      return try reader.refusal()
    }
  }
}
