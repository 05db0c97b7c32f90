internal import Foundation
internal import Inputs
internal import ResultsStore

/// How far a training job has come, from its folder's files alone.
struct DasProgress: RunProgress {
  private let folder: RunFolder
  private let holder: RunHolder?
  private let attempts: RunAttempts
  private var grid: DasGrid?
  private var steps = 0
  private var done: [Int] = []
  private var failed: [(unit: Int, reason: String)] = []
  /// Trainings under way, with the steps of their last checkpoint.
  private var underWay: [(unit: Int, step: Int)] = []
  private var coreHours: Double?
  private var notes: [String] = []
  /// The training of the job's model, where that comes first; one or none.
  private var pretraining: [DasProgress] = []

  init(_ path: String) throws(Refusal) {
    folder = try RunFolder.open(path)
    holder = try RunHolder.of(folder)
    attempts = RunAttempts(folder)
    notes += attempts.faults.map(\.description)
    guard let reader = try DasReader(folder) else { return }
    if reader.pretrains, TrainingFiles.exists(folder.pretraining + "/spec.json") {
      pretraining = [try DasProgress(folder.pretraining)]
    }
    let journals = try DasJournals(reader)
    let isLive = holder?.life == .alive
    notes += journals.findings.filter { !isLive || $0.kind != .tornTail }.map(\.description)
    notes += journals.faults.map(\.description)
    grid = reader.grid
    steps = reader.layout.steps
    done = journals.results.keys.sorted()
    failed = journals.failures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let checkpoints = TrainingFiles.underWay(
      .training, units: (0..<reader.grid.count).filter { journals.results[$0] == nil },
      in: folder.path)
    underWay = checkpoints.kept
    notes += checkpoints.faults.map(\.description)
    if !journals.times.isEmpty, steps > 0 {
      let each = journals.times.values.reduce(0, +) / Double(journals.times.count)
      let taken = underWay.reduce(0.0) { $0 + Double($1.step) / Double(steps) }
      coreHours = max(0, Double(left) - taken) * each / 3600
    }
  }

  private var total: Int { grid?.count ?? 0 }
  private var left: Int { total - done.count - failed.count }

  var exitCode: Int32 {
    // Nothing more comes of a model whose training failed.
    if pretraining.first?.exitCode == 1 { return 1 }
    guard grid != nil, left == 0 else { return 75 }
    return failed.isEmpty ? 0 : 1
  }

  func lines(limit: Int) -> [String] {
    let holding = holder?.lines ?? []
    guard let grid else {
      return ["\(escaped(folder.path)): begun, nothing planned yet"] + holding
    }
    let state =
      left > 0
      ? "\(total > 0 ? done.count * 100 / total : 0)% done"
      : failed.isEmpty ? "finished" : "finished, some units failed"
    var lines = [
      "\(escaped(folder.path)): \(state)",
      "units   \(done.count) of \(total) done, \(left) left, \(failed.count) failed",
    ]
    if let coreHours, left > 0 {
      lines.append("left    \(String(format: "%.3g", coreHours)) core-hours at the pace so far")
    }
    for (unit, step) in underWay.prefix(limit) {
      lines.append("unit \(unit) (\(grid.point(unit).text)): step \(step) of \(steps) is kept")
    }
    for first in pretraining {
      lines += first.lines(limit: limit).map { "first, the model: \($0)" }
    }
    lines += holding + attempts.lines
    for (unit, reason) in failed.prefix(limit) {
      lines.append("failed unit \(unit) (\(grid.point(unit).text)): \(escaped(reason))")
    }
    if failed.count > limit {
      lines.append("... and \(failed.count - limit) more failed; --json has all")
    }
    return lines + notes.map { "note: \($0)" }
  }

  var json: String { attribute.json }

  private var attribute: Attribute {
    var members: [Attribute.Member] = [
      .init("run", .text(folder.path)), .init("digest", .text(folder.spec.digest)),
      .init("planned", .flag(grid != nil)),
      .init("finished", .flag(grid != nil && left == 0)),
      .init(
        "units",
        [
          "total": .integer(total), "done": .integer(done.count), "left": .integer(left),
          "failed": .list(failed.map { ["unit": .integer($0.unit), "reason": .text($0.reason)] }),
        ]),
      .init(
        "kept",
        .list(underWay.map { ["unit": .integer($0.unit), "step": .integer($0.step)] })),
      .init("steps", .integer(steps)),
    ]
    if let coreHours { members.append(.init("core_hours_left", .number(coreHours))) }
    if let holder { members.append(.init("holder", holder.attribute)) }
    members.append(.init("starts", attempts.attribute))
    members.append(.init("notes", .list(notes.map { .text($0) })))
    if let first = pretraining.first { members.append(.init("pretrain", first.attribute)) }
    return Attribute.table(members)
  }
}
