import Foundation
import Testing
import _TestSupport

extension Workbench {
  /// Kills a process of each start of the job until the run comes to its end, and again in new folders
  /// until so many were killed; each run must end up the same.
  ///
  /// - Parameters:
  ///   - whole: A run that nothing was killed of.
  ///   - choices: Options of which each start takes one list.
  /// - Returns: How many kills left a checkpoint to go on from.
  func killAgainAndAgain(
    _ count: Int, seed: UInt64, like whole: (run: ToolRun, stored: StoredRun),
    checkpoints folder: String = "", choices: [[String]] = [[]]
  ) async throws -> Int {
    var random = SeededRandom(seed: seed)
    var (kills, resumed, round) = (0, 0, 0)
    while kills < count {
      round += 1
      let run = "run-\(round)"
      let kept = path(run) + folder
      while true {
        let ranks = [nil, 1, 2, 3].randomElement(using: &random) ?? nil
        let options = choices.randomElement(using: &random) ?? []
        let tool = try RunningTool(
          ["run", path("job.toml"), "-o", path(run)] + options, ranks: ranks)
        // What is under way has its checkpoint; half of the kills wait for a new one.
        let before = Self.checkpoints(kept)
        let delay = Double.random(in: 0...1, using: &random) * whole.run.seconds
        let waits = Bool.random(using: &random)
        let isThere = try await tool.wait(until: {
          waits ? Self.checkpoints(kept) != before : tool.seconds >= delay
        })
        let victims = tool.processes()
        if isThere {
          let victim = victims.randomElement(using: &random) ?? tool.launcher
          if kill(victim, SIGKILL) == 0 { kills += 1 }
          if !Self.checkpoints(kept).isEmpty { resumed += 1 }
        }
        let ended = try await tool.end(mayBeStuck: isThere)
        try await tool.waitForRanks()
        if ended.code == 0 { break }
      }
      let stored = try stored(run)
      #expect(stored.duplicates == 0)
      stored.expectSame(as: whole.stored, "after \(kills) kills")
    }
    return resumed
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
