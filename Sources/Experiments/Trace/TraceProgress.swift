internal import Foundation
package import Inputs
internal import ResultsStore

/// How far a trace has come, from its folder's files alone.
package struct TraceProgress: RunProgress, Sendable {
  /// A fact that is not traced, and why.
  struct Left: Sendable {
    let id: String
    let reason: String
  }

  /// What a rank has done in one start.
  struct RankPace: Sendable {
    let rank: Int
    let host: String?
    let units: Int
    let seconds: Double
    /// Rows that went through a block, for each second of a compute thread.
    let rowsPerSecond: Double
  }

  let folder: RunFolder
  let holder: RunHolder?
  let attempts: RunAttempts
  /// False where the run has only begun, and its plan is not known.
  private(set) var isPlanned = false
  private(set) var factCount = 0
  private(set) var factsDone = 0
  private(set) var factsLeft = 0
  private(set) var skipped: [Left] = []
  private(set) var failed: [Left] = []
  /// Units of the facts that are traced, or may be.
  private(set) var unitCount = 0
  private(set) var unitsDone = 0
  private(set) var unitsFailed = 0
  /// Of the last start.
  private(set) var paces: [RankPace] = []
  /// Core-hours that are left; nil before the first unit. Too many while facts may yet be skipped.
  private(set) var coreHours: Double?
  /// What is odd about the files, a line each.
  private(set) var notes: [String] = []

  package init(_ path: String) throws(Refusal) {
    folder = try RunFolder.open(path)
    holder = try RunHolder.of(folder)
    attempts = RunAttempts(folder)
    notes += attempts.faults.map(\.description)
    guard let reader = try TraceReader(folder) else { return }
    isPlanned = true
    let journals = try TraceTally(folder, reader.grid, reader.plan)
    // A record that is being written looks torn.
    let isLive = holder?.life == .alive
    notes += journals.findings.filter { !isLive || $0.kind != .tornTail }.map(\.description)
    notes += journals.faults.map(\.description)
    count(reader, journals)
    measure(reader, journals)
  }

  /// 0 where all is done, 1 where some of it failed, 75 where some is left.
  package var exitCode: Int32 {
    guard isPlanned, unitsLeft == 0 else { return 75 }
    return unitsFailed > 0 ? 1 : 0
  }

  var unitsLeft: Int { unitCount - unitsDone - unitsFailed }

  var slowest: RankPace? {
    paces.count > 1 ? paces.min { $0.rowsPerSecond < $1.rowsPerSecond } : nil
  }

  private mutating func count(_ reader: TraceReader, _ journals: TraceTally) {
    let plan = reader.plan
    factCount = reader.facts.count
    for (fact, labels) in reader.facts.enumerated() {
      unitCount += 1
      let patching = plan.unitsOf[fact].flatMap { plan.units[$0].map(\.number) }
      guard let baseline = journals.baselines[fact] else {
        if let reason = journals.failures[fact] {
          unitsFailed += 1
          failed.append(Left(id: labels.id, reason: "baseline: \(escaped(reason))"))
        } else {
          unitCount += patching.count
          factsLeft += 1
        }
        continue
      }
      unitsDone += 1
      let status = reader.spec.status(answer: labels.answerID, baseline)
      guard status == .traced else {
        skipped.append(Left(id: labels.id, reason: status.reason(baseline, labels)))
        continue
      }
      unitCount += patching.count
      let done = patching.count { journals.isDone[$0] }
      let lost = patching.filter { journals.failures[$0] != nil }
      unitsDone += done
      unitsFailed += lost.count
      if let first = lost.first {
        failed.append(
          Left(
            id: labels.id,
            reason: "\(lost.count) of \(patching.count) units, first unit \(first): "
              + escaped(journals.failures[first] ?? "")))
      } else if done == patching.count {
        factsDone += 1
      } else {
        factsLeft += 1
      }
    }
  }

  private mutating func measure(_ reader: TraceReader, _ journals: TraceTally) {
    let timed = journals.paces.filter { $0.seconds > 0 }
    let last = attempts.attempts.last?.run ?? holder?.run.description
    paces = timed.filter { $0.run.description == last }.map {
      RankPace(
        rank: $0.rank, host: attempts.host(of: $0.rank, in: $0.run), units: $0.units,
        seconds: $0.seconds, rowsPerSecond: Double($0.rows) / $0.seconds)
    }
    let rows = timed.reduce(0) { $0 + $1.rows }
    let seconds = timed.reduce(0) { $0 + $1.seconds }
    guard rows > 0 else { return }
    var left = 0
    for fact in reader.facts.indices {
      if let baseline = journals.baselines[fact] {
        guard reader.spec.status(answer: reader.facts[fact].answerID, baseline) == .traced
        else { continue }
      } else {
        guard journals.failures[fact] == nil else { continue }
        left += reader.grid.baselineRows(of: fact)
      }
      for unit in reader.plan.unitsOf[fact].joined().map({ reader.plan.units[$0] })
      where !journals.isDone[unit.number] && journals.failures[unit.number] == nil {
        left += unit.blockRows
      }
    }
    coreHours = Double(left) / Double(rows) * seconds / 3600
  }
}

extension FactStatus {
  /// Why a fact is not traced, in words.
  func reason(_ baseline: TraceBaseline, _ labels: FactLabels) -> String {
    let p = String(format: "%.3g", Double(baseline.clean.probability))
    return switch self {
    case .answerNotTop:
      "the most probable token is \(baseline.top), not the answer \(quoted(labels.answer)) "
        + "(\(labels.answerID), p = \(p))"
    case .improbable: "the answer \(quoted(labels.answer)) has p = \(p), below the minimum"
    case .pending, .traced, .failed: name
    }
  }
}
