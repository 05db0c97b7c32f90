import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// What a stranger hands over is refused by name, quickly, in little memory and without being run.
  @Suite(.serialized, .timeLimit(.minutes(15)))
  struct HostileInputs {
    #if DEBUG
      /// Unoptimised code is slower by so much.
      static let secondsLimit = 20.0
    #else
      static let secondsLimit = 2.0
    #endif
    /// Of the whole process, not beside an empty one.
    static let kibibytesLimit = 64 << 10

    @Test
    func `each file that is wrong is refused by name, and those that are right are described`()
      async throws
    {
      let folder = try ScratchFolder()
      for input in HostileInput.all {
        let path = try input.make(in: folder.url)
        let seen = try await Inspected(path)
        seen.expect(
          input.terms, input.terms == nil ? "accept" : "reject", code: input.code, input.name)
      }
    }

    @Test(.enabled(if: SharedMaterial.isPresent))
    func `so is each file of the shared corpus`() async throws {
      let folder = try ScratchFolder()
      let cases = try BadInputCorpus(in: folder.url.path).cases.filter { $0.kind != "yaml" }
      #expect(cases.count == 230)
      for entry in cases {
        let seen = try await Inspected(folder.url.appendingPathComponent(entry.file).path)
        let code: Int32 = entry.kind == "zstd" ? 5 : 4
        // A model's folder is opened without a tokenizer, as `train` leaves it.
        let isOpened = entry.file.hasSuffix("tokenizer/010_missing")
        seen.expect(
          isOpened ? nil : entry.terms, isOpened ? "accept" : entry.expectation, code: code,
          entry.file)
      }
    }
  }
}

/// A folder that is gone when its last user is.
final class ScratchFolder: Sendable {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// What `causeway inspect` made of a path, and what that took.
private struct Inspected {
  let path: String
  let ended: ToolRun
  let kibibytes: Int
  let seconds: Double

  init(_ path: String) async throws {
    let report = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: report) }
    self.path = path
    ended = try await RunningTool(
      ["inspect", path], ranks: nil, under: [RunningTool.product("_PeakProbe"), report.path]
    ).end(within: .seconds(60))
    let words = try String(contentsOf: report, encoding: .utf8).split(separator: " ")
    kibibytes = try #require(words.dropFirst().first.flatMap { Int($0) })
    seconds = try #require(words.last.flatMap { Double($0.dropLast()) })
  }

  func expect(_ terms: String?, _ verdict: String, code: Int32, _ name: String) {
    #expect(seconds < EndToEnd.HostileInputs.secondsLimit, "\(name)")
    #expect(kibibytes < EndToEnd.HostileInputs.kibibytesLimit, "\(name)")
    if ended.code == 0, verdict != "reject" {
      #expect(!ended.output.isEmpty, "\(name)")
      return
    }
    let lines = ended.errors.split(separator: "\n")
    #expect(verdict != "accept", "\(name): \(ended.errors)")
    #expect(ended.code == code, "\(name): \(ended.errors)\(ended.output)")
    #expect(lines.count == 1 && ended.output.isEmpty, "\(name): \(ended.errors)")
    #expect(ended.errors.contains(path), "\(name) is not named: \(ended.errors)")
    let said = ended.errors.replacing(path, with: "")
    #expect(holds(terms ?? "", in: said), "\(name): \(terms ?? "") in \(said)")
  }
}
