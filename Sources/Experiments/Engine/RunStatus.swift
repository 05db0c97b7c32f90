internal import Foundation
internal import Inputs
internal import Interventions
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
  /// The run that this one begins with, where it has begun.
  private var first: (what: String, progress: any RunProgress)?

  init<K: Kind>(_ kind: K.Type, _ path: String) throws(Refusal) where K.Layout == Layout {
    let reader = try RunReader(kind, RunFolder.open(path))
    (folder, table) = (reader.folder, reader.table)
    holder = try RunHolder.of(folder)
    starts = RunAttempts(folder)
    let journals = try UnitJournals(surveying: folder, table)
    (results, paces) = (journals.results, journals.paces.filter { $0.seconds > 0 })
    planned = table.planned(journals.results)
    notes = starts.faults.map(\.description)
    // A record that is being written looks torn.
    let isLive = holder?.life == .alive
    notes += journals.findings.filter { !isLive || $0.kind != .tornTail }.map(\.description)
    notes += journals.faults.map(\.description)
    let kept = TrainingFiles.underWay(in: folder.path)
    let ended = results
    underWay = kept.kept.filter { $0.unit < ended.count && !ended.hasEnded($0.unit) }
      .map { UnitUnderWay(unit: $0.unit, history: $0.history) }
    notes += kept.faults.map(\.description)
    details = table.progress(results)
    let timed = journals.paces.filter { $0.seconds > 0 }
    let cost = timed.reduce(0) { $0 + $1.cost }
    let own = journals.results
    let left = planned.filter { !own.hasEnded($0) }.reduce(0.0) { [table] in $0 + table.cost(of: $1)
    }
    coreHours =
      cost > 0 ? left / cost * timed.reduce(0) { $0 + $1.seconds } / 3600 : nil
    if let first = table.first(in: folder.path), TrainingFiles.exists(first.path + "/spec.json") {
      self.first = (first.what, try first.kind.experiment.progress(first.path))
    }
  }

  private var done: Int { planned.count { results.isDone($0) } }
  private var failed: [Int] { planned.filter { results.hasFailed($0) } }
  private var left: Int { planned.count { !results.hasEnded($0) } }

  var exitCode: Int32 {
    // Nothing more comes of a run whose beginning failed.
    if let first, first.progress.exitCode == 1 { return 1 }
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
    if let first {
      lines += first.progress.lines(limit: limit).map { "first, \(first.what): \($0)" }
    }
    lines += (holder?.lines ?? []) + starts.lines
    for unit in failed.prefix(limit) {
      lines.append("failed \(table.name(of: unit)): \(results.reason(unit))")
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

  var json: String { attribute.json }

  var attribute: Attribute {
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
    if let first { members.append(.init("first", first.progress.attribute)) }
    return .table(members)
  }

  private static func short(_ value: Double) -> String { String(format: "%.3g", value) }
}

/// A unit of which a state is kept: how far it had come, and how well.
struct UnitUnderWay: Sendable {
  let unit: Int
  let history: TrainingHistory

  func text(_ stepName: String) -> String {
    var text =
      stepName == "step" ? "step \(history.step) is kept" : "\(history.step) \(stepName) are kept"
    if let loss = history.losses.last { text += ", loss \(loss)" }
    if let last = history.evaluations.last {
      text +=
        last.count > 0
        ? String(format: ", development accuracy %.3g after step %d", last.accuracy, last.step)
        : ", loss \(last.loss) at step \(last.step)"
    }
    return text
  }

  func attribute(_ stepName: String) -> Attribute {
    var members: [Attribute.Member] = [
      .init("unit", .integer(unit)), .init(stepName, .integer(history.step)),
    ]
    if let loss = history.losses.last { members.append(.init("loss", .number(Double(loss)))) }
    if let last = history.evaluations.last {
      members.append(
        .init(
          "development",
          [
            "step": .integer(last.step), "loss": .number(Double(last.loss)),
            "accuracy": .number(last.accuracy),
          ]))
    }
    return .table(members)
  }
}
