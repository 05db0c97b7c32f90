internal import Inputs
internal import ResultsStore

/// What the journals of a trace say of each unit in a word: done, or given up, or neither; and how
/// fast ranks were. Made for a look at a run of a million units; `TraceJournals` has the rest.
struct TraceTally: Sendable {
  /// Of each unit by its number.
  private(set) var isDone: [Bool]
  /// By fact.
  private(set) var baselines: [Int: TraceBaseline] = [:]
  /// Why units without a result were given up.
  private(set) var failures: [Int: String] = [:]
  /// By start and rank, in the order of the files' names.
  private(set) var paces: [TraceJournals.Pace] = []
  private(set) var findings: [JournalFinding] = []
  /// What makes a journal untrustworthy.
  private(set) var faults: [Refusal] = []

  init(_ folder: RunFolder, _ grid: TraceGrid, _ plan: TracePlan) throws(Refusal) {
    isDone = Array(repeating: false, count: plan.factCount + plan.units.count)
    for file in try JournalReader.files(in: folder.journal) {
      var pace = Sum()
      do throws(Refusal) {
        let survey = try JournalSurvey(file, job: folder.spec.digest) { kind, unit, payload in
          take(kind, unit, payload, file, grid, plan, &pace)
        }
        findings += survey.findings
        if let header = survey.header {
          paces.append(
            TraceJournals.Pace(
              run: header.run, rank: header.rank, units: pace.units, seconds: pace.seconds,
              rows: pace.rows))
        }
      } catch { faults.append(error) }
    }
    for unit in Array(failures.keys) where isDone[unit] { failures[unit] = nil }
  }

  private struct Sum {
    var (units, seconds, rows) = (0, 0.0, 0)
  }

  private mutating func take(
    _ kind: JournalRecord.Kind, _ number: UInt64, _ payload: UnsafeRawBufferPointer,
    _ file: String, _ grid: TraceGrid, _ plan: TracePlan, _ sum: inout Sum
  ) {
    guard let unit = Int(exactly: number), unit < isDone.count else {
      if faults.count < 100 {
        faults.append(
          Refusal(
            .store, file: file, field: "unit \(number)", found: "a unit past the plan",
            expected: "units below \(isDone.count)"))
      }
      return
    }
    switch kind {
    case .result:
      sum.units += 1
      isDone[unit] = true
      guard unit < plan.factCount, baselines[unit] == nil else { return }
      do throws(Refusal) {
        baselines[unit] = try TraceBaseline(Array(payload), samples: grid.samples, unit: unit)
      } catch { faults.append(error.inFile(file)) }
    case .failed: failures[unit] = String(decoding: payload, as: UTF8.self)
    case .timing:
      guard let time = UnitTime.seconds(payload) else { return }
      sum.seconds += time
      sum.rows += plan.unit(unit)?.blockRows ?? grid.baselineRows(of: unit)
    case .header, .died: return
    }
  }
}
