import Checkpoints
import Foundation
import Inputs
import Interventions
import Models
import Testing
import _TestSupport

/// `check --logits`: a model beside logits that somebody else computed.
struct LogitsCheckTests {
  struct Golden: Sendable, CustomTestStringConvertible {
    let folder: URL
    var testDescription: String { folder.lastPathComponent }
    var values: URL { folder.appendingPathComponent("goldens.safetensors") }
  }

  /// Every recorded folder of the shared material.
  static let goldens: [Golden] = {
    guard let root = SharedMaterial.root?.appendingPathComponent("goldens/models") else {
      return []
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().map { Golden(folder: root.appendingPathComponent($0)) }
      .filter { FileManager.default.fileExists(atPath: $0.values.path) }
  }()

  @Test(arguments: goldens)
  func `a recorded model agrees with the logits beside it`(golden: Golden) throws {
    let outcome = try LogitsCheck(OpenedModel(golden.folder.path), golden.values.path)()
    #expect(outcome.agrees, "\(outcome.lines)")
    #expect(outcome.lines.last?.hasPrefix("ok: ") == true)
  }

  @Test(.enabled(if: !goldens.isEmpty, "CAUSEWAY_SHARED names no shared material"))
  func `all thirty-two recorded folders are there`() { #expect(Self.goldens.count == 32) }

  /// The inputs and logits of a golden, some of them changed.
  private func file(
    _ golden: Golden, positions: [Int]?, other: String? = nil
  ) throws -> URL {
    let recorded = try SafetensorsFile(golden.values.path)
    let ids = try recorded.tensor("input.input_ids").shape
    var writer = SafetensorsWriter()
    writer.add("input.input_ids", shape: ids, try recorded.integers("input.input_ids"))
    if let positions {
      writer.add("input.position_ids", shape: [1, positions.count], positions)
    }
    if let other { writer.add("input.\(other)", shape: [1], [1] as [Int]) }
    writer.add(
      "logits", shape: try recorded.tensor("logits").shape, try recorded.floats("logits"))
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("logits-\(UUID().uuidString).safetensors")
    try writer.write(to: url.path)
    return url
  }

  private func check(
    _ name: String, positions: [Int]?, other: String? = nil
  ) throws -> LogitsCheck.Outcome? {
    guard let golden = Self.goldens.first(where: { $0.testDescription == name }) else { return nil }
    let url = try file(golden, positions: positions, other: other)
    defer { try? FileManager.default.removeItem(at: url) }
    return try LogitsCheck(OpenedModel(golden.folder.path), url.path)()
  }

  @Test(.enabled(if: !goldens.isEmpty, "CAUSEWAY_SHARED names no shared material"))
  func `position ids are used where a model leaves them to its caller, and checked everywhere`()
    throws
  {
    let usual = Array(0..<7)
    #expect(try check("gru_lm", positions: usual)?.agrees == true)
    #expect(try check("gru_lm", positions: nil)?.agrees == false)
    var shifted = usual
    shifted[3] = 4
    for positions in [shifted, [0, 1]] {
      let refusal = #expect(throws: Refusal.self) {
        try check("gru_lm", positions: positions)
      }
      #expect(refusal?.field.hasPrefix("input.position_ids") == true)
    }
    let refusal = #expect(throws: Refusal.self) {
      try check("gru_lm", positions: usual, other: "past")
    }
    #expect(refusal?.field == "input.past")
  }
}
