internal import Foundation
internal import Inputs
internal import ResultsStore

/// How far a basis job has come, from its folder's files alone.
struct BasisProgress: RunProgress {
  /// One layer.
  private struct Layer {
    let number: Int
    let isDone: Bool
    /// Of its directions so far.
    let energies: [Double]
  }

  private let folder: RunFolder
  private let holder: RunHolder?
  private let attempts: RunAttempts
  /// False where the run has only begun.
  private var isPlanned = false
  private var layers: [Layer] = []
  private var unitsDone = 0
  /// At most: a low energy ends a layer before.
  private var unitCount = 0
  private var secondsEach: Double?
  /// Units under way, with the evaluations of their last checkpoint.
  private var underWay: [(unit: Int, step: Int)] = []
  private var notes: [String]

  init(_ path: String) throws(Refusal) {
    folder = try RunFolder.open(path)
    holder = try RunHolder.of(folder)
    attempts = RunAttempts(folder)
    notes = attempts.faults.map(\.description)
    guard let reader = try BasisReader(folder) else { return }
    isPlanned = true
    let journals = try reader.journals()
    let isLive = holder?.life == .alive
    notes += journals.findings.filter { !isLive || $0.kind != .tornTail }.map(\.description)
    notes += journals.faults.map(\.description)
    for number in reader.numbering.layers {
      let whole = reader.layer(number, journals)
      layers.append(
        Layer(
          number: number, isDone: whole != nil,
          energies: whole?.basis.energies ?? reader.energies(of: number, journals)))
      let units = reader.numbering.directions * reader.numbering.restarts + 1
      let done = (whole?.searches ?? []).count { $0 != nil } + 1
      unitCount += whole == nil ? units : done
    }
    unitsDone = journals.results.count
    let checkpoints = TrainingFiles.underWay(
      .search, units: (0..<reader.numbering.count).filter { journals.results[$0] == nil },
      in: folder.path)
    underWay = checkpoints.kept
    notes += checkpoints.faults.map(\.description)
    let times = journals.seconds.values
    if !times.isEmpty { secondsEach = times.reduce(0, +) / Double(times.count) }
  }

  private var layersLeft: Int { layers.count { !$0.isDone } }
  private var isFinished: Bool { isPlanned && layersLeft == 0 }

  var exitCode: Int32 { isFinished ? 0 : 75 }

  private func text(_ value: Double) -> String { String(format: "%.4g", value) }

  func lines(limit: Int) -> [String] {
    guard isPlanned else { return ["\(escaped(folder.path)): begun, nothing planned yet"] }
    var lines = [
      "\(escaped(folder.path)): \(isFinished ? "finished" : "not finished")",
      "layers  \(layers.count - layersLeft) of \(layers.count) done, \(layersLeft) left",
      "units   \(unitsDone) of \(unitCount) done"
        + (isFinished ? "" : " (fewer are needed where energies are low)"),
    ]
    if let secondsEach, !isFinished {
      let seconds = secondsEach * Double(max(0, unitCount - unitsDone))
      lines.append("left    \(text(seconds / 3600)) hours at the pace so far, at most")
    }
    for layer in layers.filter({ !$0.energies.isEmpty }).prefix(limit) {
      let energies = layer.energies.prefix(8).map(text).joined(separator: " ")
      lines.append(
        "layer \(layer.number): \(layer.energies.count) directions\(layer.isDone ? "" : " so far"), "
          + "energies \(energies)\(layer.energies.count > 8 ? " …" : "")")
    }
    for (unit, count) in underWay.prefix(limit) {
      lines.append("unit \(unit): \(count) evaluations are kept")
    }
    return lines + (holder?.lines ?? []) + attempts.lines + notes.map { "note: \($0)" }
  }

  var json: String {
    var members: [Attribute.Member] = [
      .init("run", .text(folder.path)), .init("digest", .text(folder.spec.digest)),
      .init("planned", .flag(isPlanned)), .init("finished", .flag(isFinished)),
      .init(
        "units", ["total": .integer(unitCount), "done": .integer(unitsDone)]),
      .init(
        "layers",
        .list(
          layers.map {
            [
              "layer": .integer($0.number), "done": .flag($0.isDone),
              "energies": .list($0.energies.map { .number($0) }),
            ]
          })),
      .init(
        "kept",
        .list(
          underWay.map { ["unit": .integer($0.unit), "evaluations": .integer($0.step)] })),
      .init("starts", attempts.attribute),
      .init("notes", .list(notes.map { .text($0) })),
    ]
    if let holder { members.append(.init("holder", holder.attribute)) }
    return Attribute.table(members).json
  }
}
