internal import Cluster
internal import Foundation
internal import Inputs
internal import Interventions
internal import ResultsStore

/// How often each unit was in flight on a rank that died, by the run's folder.
///
/// A unit of which this is said three times is given up, so that it cannot keep the rest from being
/// done. Until then it is run after all others and alone on its rank, so that no innocent unit
/// shares its fate. An end of all ranks at once, as when `mpirun` is killed, counts for none; and of
/// a unit that goes on from a checkpoint those deaths alone count that left it where the last one
/// found it: a training of days may lose its node more than three times.
struct UnitDeaths: Sendable {
  static let limit = 3

  /// By unit, those at the furthest checkpoint; units without a death are absent.
  private(set) var counts: [Int: Int] = [:]
  /// Deaths that no journal tells of yet.
  private(set) var news: [(unit: Int, place: String)] = []
  private var left: [UnitsInFlight.Left] = []

  /// - Parameters:
  ///   - notes: The journals' records that are no results.
  ///   - unitCount: One more than the highest number of a unit.
  init(_ folder: RunFolder, notes: [JournalRecord], unitCount: Int) throws(Refusal) {
    var known: Set<[UInt8]> = []
    var furthest: [Int: Int] = [:]
    func count(_ unit: UInt64, _ place: [UInt8]) -> Int? {
      guard let number = Int(exactly: unit), number < unitCount,
        known.insert(Array("\(unit) ".utf8) + place).inserted
      else { return nil }
      let steps = Self.steps(of: place)
      if steps > furthest[number] ?? -1 { (furthest[number], counts[number]) = (steps, 0) }
      if steps == furthest[number] { counts[number, default: 0] += 1 }
      return number
    }
    for record in notes where record.kind == .died { _ = count(record.unit, record.payload) }

    left = try UnitsInFlight.left(in: folder.log)
    guard !left.isEmpty else { return }
    let attempts = RunAttempts(folder)
    let kept = Dictionary(
      TrainingFiles.underWay(in: folder.path).kept.map { ($0.unit, $0.history.step) },
      uniquingKeysWith: max)
    for (run, files) in Dictionary(grouping: left, by: \.run) {
      guard let attempt = attempts.attempts.first(where: { $0.run == run.description }),
        attempt.ranks == 1 || files.count < attempt.ranks
      else { continue }
      for file in files.sorted(by: { $0.rank < $1.rank }) {
        let host = attempts.host(of: file.rank, in: run) ?? "an unknown host"
        let place = "rank \(file.rank) on host \(host), start \(run)"
        for unit in file.units {
          let steps = Int(exactly: unit).flatMap { kept[$0] } ?? 0
          let place = steps > 0 ? place + Self.mark + "\(steps)" : place
          if let number = count(unit, Array(place.utf8)) { news.append((number, place)) }
        }
      }
    }
    news.sort { ($0.unit, $0.place) < ($1.unit, $1.place) }
  }

  /// What stands between a death's place and the steps of the checkpoint that it left.
  private static let mark = ", checkpoint at step "

  /// The steps that a death's place says were kept; else 0.
  private static func steps(of place: [UInt8]) -> Int {
    let text = String(decoding: place, as: UTF8.self)
    guard let end = text.range(of: mark, options: .backwards)?.upperBound else { return 0 }
    return Int(text[end...]) ?? 0
  }

  /// Puts the new deaths into a journal, and forgets the files that told of them.
  func record(in journal: RankJournal) throws(Refusal) {
    if !news.isEmpty {
      try journal.append(
        news.map { JournalRecord(.died, unit: UInt64($0.unit), payload: Array($0.place.utf8)) })
    }
    UnitsInFlight.forget(left)
  }

  /// The new deaths, a line each.
  var lines: [String] {
    news.map { "unit \($0.unit) was in flight when \(escaped($0.place)) died" }
  }

  /// Units by what is to be done with them: run as usual, run last and alone, or give up.
  static func sort(
    _ units: [WorkUnit], by counts: [Int: Int]
  ) -> (usual: [WorkUnit], alone: [WorkUnit], givenUp: [WorkUnit]) {
    (
      units.filter { counts[$0.number] == nil },
      units.filter { (1..<limit).contains(counts[$0.number] ?? 0) },
      units.filter { (counts[$0.number] ?? 0) >= limit }
    )
  }
}

extension UnitsInFlight: UnitWatch {
  package func begins(_ unit: Int, on thread: Int) { note(unit, on: thread) }
  package func ends(on thread: Int) { note(nil, on: thread) }
  package func giveUp() { remove() }
}
