internal import Foundation
internal import Inputs
internal import ResultsStore

extension TraceProgress {
  /// What `status` prints; of facts that were skipped or failed, the first `limit`.
  package func lines(limit: Int = 20) -> [String] {
    guard isPlanned else {
      return ["\(escaped(folder.path)): begun, nothing planned yet"] + (holder?.lines ?? [])
    }
    let state =
      unitsLeft == 0
      ? (unitsFailed > 0 ? "finished, some units failed" : "finished") : "\(percent)% done"
    var lines = [
      "\(escaped(folder.path)): \(state)",
      "facts   \(factsDone) of \(factCount) done, \(factsLeft) left, \(skipped.count) skipped, "
        + "\(failed.count) failed",
      "units   \(unitsDone) of \(unitCount) done, \(unitsLeft) left, \(unitsFailed) failed",
    ]
    if let coreHours, unitsLeft > 0 {
      lines.append("left    \(Self.short(coreHours)) core-hours at the pace so far")
    }
    for pace in paces {
      let slow = pace.rank == slowest?.rank ? ", the slowest" : ""
      lines.append(
        "rank \(pace.rank)\(pace.host.map { " on \(escaped($0))" } ?? ""): \(pace.units) units, "
          + "\(Self.short(Double(pace.units) / pace.seconds)) units and "
          + "\(Int(pace.rowsPerSecond.rounded())) rows a second of computing\(slow)")
    }
    lines += (holder?.lines ?? []) + attempts.lines
    lines += list("skipped", skipped, limit) + list("failed", failed, limit)
    return lines + notes.map { "note: \($0)" }
  }

  /// The same as JSON, with every fact.
  package var json: String {
    func list(_ left: [Left]) -> Attribute {
      .list(left.map { ["fact": .text($0.id), "reason": .text($0.reason)] })
    }
    var members: [Attribute.Member] = [
      .init("run", .text(folder.path)), .init("digest", .text(folder.spec.digest)),
      .init("planned", .flag(isPlanned)), .init("finished", .flag(isPlanned && unitsLeft == 0)),
      .init(
        "facts",
        [
          "total": .integer(factCount), "done": .integer(factsDone), "left": .integer(factsLeft),
          "skipped": list(skipped), "failed": list(failed),
        ]),
      .init(
        "units",
        [
          "total": .integer(unitCount), "done": .integer(unitsDone), "left": .integer(unitsLeft),
          "failed": .integer(unitsFailed),
        ]),
    ]
    if let coreHours { members.append(.init("core_hours_left", .number(coreHours))) }
    members.append(
      .init(
        "ranks",
        .list(
          paces.map {
            [
              "rank": .integer($0.rank), "host": .text($0.host ?? ""), "units": .integer($0.units),
              "seconds": .number($0.seconds), "rows_per_second": .number($0.rowsPerSecond),
            ]
          })))
    if let slowest { members.append(.init("slowest_rank", .integer(slowest.rank))) }
    if let holder { members.append(.init("holder", holder.attribute)) }
    members.append(.init("starts", attempts.attribute))
    members.append(.init("notes", .list(notes.map { .text($0) })))
    return Attribute.table(members).json
  }

  private var percent: Int { unitCount > 0 ? unitsDone * 100 / unitCount : 0 }

  private func list(_ what: String, _ left: [Left], _ limit: Int) -> [String] {
    left.prefix(limit).map { "\(what) fact \(escaped($0.id)): \($0.reason)" }
      + (left.count > limit ? ["... and \(left.count - limit) more \(what); --json has all"] : [])
  }

  private static func short(_ value: Double) -> String { String(format: "%.3g", value) }
}
