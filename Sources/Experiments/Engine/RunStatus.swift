internal import Foundation
internal import Inputs
internal import ResultsStore

/// How far a run has come, from its folder's files alone, whatever its kind.
struct RunStatus<Layout: Table>: RunProgress {
  private let folder: RunFolder
  private let holder: RunHolder?
  private let starts: RunAttempts
  private let table: Layout
  private let results: Results<Layout.Result>
  private let paces: [UnitJournals<Layout>.Pace]
  /// Units that the run comes to, by what is known.
  private let planned: [Int]
  /// Units under way, with what is kept of them.
  private let underWay: [UnitUnderWay]
  private let details: RunDetails
  /// Core-hours that are left; nil before the first unit.
  private let coreHours: Double?
  private var notes: [String]

  init<K: Kind>(_ kind: K.Type, _ path: String) throws(Refusal) where K.Layout == Layout {
    let reader = try RunReader(kind, RunFolder.open(path))
    (folder, table) = (reader.folder, reader.table)
    holder = try RunHolder.of(folder)
    starts = RunAttempts(folder)
    let journals = try UnitJournals(surveying: folder, table)
    (results, paces) = (journals.results, journals.paces.filter { $0.seconds > 0 })
    planned = table.planned(results)
    notes = starts.faults.map(\.description)
    // A record that is being written looks torn.
    let isLive = holder?.life == .alive
    notes += journals.findings.filter { !isLive || $0.kind != .tornTail }.map(\.description)
    notes += journals.faults.map(\.description)
    let (results, path) = (results, folder.path)
    let kept = UnitUnderWay.all(in: path, but: { results.hasEnded($0) }, count: table.unitCount)
    underWay = kept.units
    notes += kept.faults.map(\.description)
    details = table.progress(results)
    let cost = paces.reduce(0) { $0 + $1.cost }
    let left = planned.reduce(0.0) { $0 + (results.hasEnded($1) ? 0 : table.cost(of: $1)) }
    coreHours =
      cost > 0 ? left / cost * paces.reduce(0) { $0 + $1.seconds } / 3600 : nil
  }

  private var done: Int { planned.count { results.isDone($0) } }
  private var failed: [Int] { planned.filter { results.hasFailed($0) } }
  private var left: Int { planned.count { !results.hasEnded($0) } }

  var exitCode: Int32 {
    if left > 0 { return 75 }
    return failed.isEmpty ? 0 : 1
  }

  private var state: String {
    guard left == 0 else {
      return "\(planned.isEmpty ? 0 : (planned.count - left) * 100 / planned.count)% done"
    }
    return failed.isEmpty ? "finished" : "finished, some units failed"
  }

  func lines(limit: Int) -> [String] {
    let failed = failed
    var lines = [
      "\(escaped(folder.path)): \(state)",
      "units   \(done) of \(planned.count) done, \(left) left, \(failed.count) failed",
    ]
    if let coreHours, left > 0 {
      lines.append("left    \(Self.short(coreHours)) core-hours at the pace so far")
    }
    lines += details.lines.prefix(limit)
    if details.lines.count > limit { lines.append("... and \(details.lines.count - limit) more") }
    for one in underWay.prefix(limit) {
      lines.append("\(table.name(of: one.unit)): \(one.text(table.stepName))")
    }
    let paces = lastPaces
    let slowest = paces.count > 1 ? paces.min { $0.cost / $0.seconds < $1.cost / $1.seconds } : nil
    for pace in paces {
      let host = starts.host(of: pace.rank, in: pace.run).map { " on \(escaped($0))" } ?? ""
      lines.append(
        "rank \(pace.rank)\(host): \(pace.units) units, "
          + "\(Self.short(Double(pace.units) / pace.seconds)) units a second of computing"
          + (pace.rank == slowest?.rank ? ", the slowest" : ""))
    }
    lines += (holder?.lines ?? []) + starts.lines
    for unit in failed.prefix(limit) {
      lines.append("failed \(table.name(of: unit)): \(escaped(results.failures[unit] ?? ""))")
    }
    if failed.count > limit {
      lines.append("... and \(failed.count - limit) more failed; --json has all")
    }
    return lines + notes.map { "note: \($0)" }
  }

  /// Of the last start.
  private var lastPaces: [UnitJournals<Layout>.Pace] {
    let last = starts.attempts.last?.run ?? holder?.run.description
    return paces.filter { $0.run.description == last }
  }

  var json: String {
    let failures = failed.map { unit -> Attribute in
      ["unit": .integer(unit), "reason": .text(results.failures[unit] ?? "")]
    }
    var members: [Attribute.Member] = [
      .init("run", .text(folder.path)), .init("kind", .text(Layout.Spec.kind)),
      .init("digest", .text(folder.spec.digest)), .init("finished", .flag(left == 0)),
      .init(
        "units",
        [
          "total": .integer(planned.count), "done": .integer(done), "left": .integer(left),
          "failed": .integer(failures.count),
        ]),
      .init("failures", .list(failures)),
      .init("under_way", .list(underWay.map { $0.attribute(table.stepName) })),
    ]
    if let coreHours { members.append(.init("core_hours_left", .number(coreHours))) }
    members.append(
      .init(
        "ranks",
        .list(
          lastPaces.map {
            [
              "rank": .integer($0.rank),
              "host": .text(starts.host(of: $0.rank, in: $0.run) ?? ""),
              "units": .integer($0.units), "seconds": .number($0.seconds),
            ]
          })))
    members += details.members
    if let holder { members.append(.init("holder", holder.attribute)) }
    members.append(.init("starts", starts.attribute))
    members.append(.init("notes", .list(notes.map { .text($0) })))
    return Attribute.table(members).json
  }

  private static func short(_ value: Double) -> String { String(format: "%.3g", value) }
}

/// A unit of which a state is kept: how far it had come.
struct UnitUnderWay: Sendable {
  let unit: Int
  let step: Int

  func text(_ stepName: String) -> String { "\(stepName) \(step) is kept" }

  func attribute(_ stepName: String) -> Attribute {
    ["unit": .integer(unit), .init(stringLiteral: stepName): .integer(step)]
  }

  /// All of a run's, and what is wrong with others.
  static func all(
    in folder: String, but ended: (Int) -> Bool, count: Int
  ) -> (units: [UnitUnderWay], faults: [Refusal]) {
    let kept = TrainingFiles.underWay(in: folder)
    return (
      kept.kept.filter { $0.unit < count && !ended($0.unit) }
        .map { UnitUnderWay(unit: $0.unit, step: $0.step) }, kept.faults
    )
  }
}
