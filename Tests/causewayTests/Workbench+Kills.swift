import Foundation
import Testing
import _TestSupport

extension Workbench {
  /// Kills a process of each start of the job until the run comes to its end, and again in new folders
  /// until so many were killed, and some of them amid a unit; each run must end up the same.
  ///
  /// - Parameters:
  ///   - resumed: How many of the kills must leave a checkpoint to go on from.
  ///   - whole: A run that nothing was killed of.
  ///   - choices: Options of which each start takes one list.
  func killAgainAndAgain(
    _ count: Int, leaving resumed: Int, seed: UInt64, like whole: (run: ToolRun, stored: StoredRun),
    checkpoints folder: String = "", choices: [[String]] = [[]]
  ) async throws {
    var random = SeededRandom(seed: seed)
    var (kills, kept, round) = (0, 0, 0)
    while kills < count || kept < resumed {
      round += 1
      let run = "run-\(round)"
      let place = path(run) + folder
      // A unit that was in flight at three deaths is set aside: a run gets two of them.
      var struck = 0
      while true {
        let ranks = [nil, 1, 2, 3].randomElement(using: &random) ?? nil
        let options = choices.randomElement(using: &random) ?? []
        let tool = try RunningTool(
          ["run", path("job.toml"), "-o", path(run)] + options, ranks: ranks)
        // What is under way has its checkpoint; half of the kills wait for a new one.
        let before = Self.checkpoints(place)
        let delay = Double.random(in: 0...1, using: &random) * whole.run.seconds
        let waits = Bool.random(using: &random)
        let isThere =
          struck < 2
          ? try await tool.wait(until: {
            waits ? Self.checkpoints(place) != before : tool.seconds >= delay
          }) : false
        let victims = tool.processes()
        if isThere {
          let victim = victims.randomElement(using: &random) ?? tool.launcher
          if kill(victim, SIGKILL) == 0 { (kills, struck) = (kills + 1, struck + 1) }
          if !Self.checkpoints(place).isEmpty { kept += 1 }
        }
        let ended = try await tool.end(mayBeStuck: isThere)
        try await tool.waitForRanks()
        if ended.code == 0 { break }
        #expect(isThere, "\(ended.code): \(ended.errors)")
        guard isThere else { return }
      }
      let stored = try stored(run)
      #expect(stored.duplicates == 0)
      stored.expectSame(as: whole.stored, "after \(kills) kills")
    }
  }

  /// Starts the job and stops it once it has written a checkpoint; again, where the unit was done
  /// before the stop came and none is left.
  func stopAmidUnit(
    _ run: String, ranks: Int?, _ options: [String] = []
  ) async throws -> ToolRun {
    while true {
      let before = Self.checkpoints(path(run))
      let tool = try RunningTool(
        ["run", path("job.toml"), "-o", path(run)] + options, ranks: ranks)
      let isThere = try await tool.wait {
        let now = Self.checkpoints(path(run))
        return now != before && !now.isEmpty
      }
      if isThere { kill(tool.launcher, SIGUSR1) }
      let ended = try await tool.end()
      if ended.code != 75 || !Self.checkpoints(path(run)).isEmpty { return ended }
    }
  }

  /// The checkpoints in a run's folder, with when they were written.
  static func checkpoints(_ run: String) -> [String] {
    let folder = "\(run)/interventions/checkpoints"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("unit-") }.sorted().map { name in
      let date = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[
        .modificationDate]
      return "\(name) \((date as? Date)?.timeIntervalSince1970 ?? 0)"
    }
  }
}
