import Autodiff
import Foundation
import Inputs
import Interventions
import Tensors
import Testing
import _TestSupport

@testable import Experiments

/// What is kept of a unit under way: one file for trainings and searches.
struct CheckpointFileTests {
  private struct Work: Resumable {
    static let content = CheckpointFile.Content.search
    var history = TrainingHistory()
    var numbers: Tensor<Double>
  }

  private let folder = NSTemporaryDirectory() + "checkpoint-\(UUID().uuidString)"

  private func work() -> Work {
    var work = Work(numbers: Tensor([3], [1, .infinity, -0.0]))
    work.history.step = 3
    work.history.losses = [0.5, .nan, 0.25]
    work.history.evaluations = [.init(step: 2, loss: 0.3, correct: 3, count: 4)]
    return work
  }

  private func write(_ bytes: [UInt8]) throws -> String {
    let path = TrainingFiles.checkpoint(of: 4, in: folder)
    try FileManager.default.createDirectory(
      atPath: TrainingFiles.checkpoints(in: folder), withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func `what was kept is read again, bit by bit`() throws {
    let bytes = try CheckpointFile.bytes(work(), job: "j", unit: 4)
    let read: Work = try CheckpointFile.state(bytes, file: "f", job: "j", unit: 4)
    #expect(read.numbers.elements.map(\.bitPattern) == work().numbers.elements.map(\.bitPattern))
    #expect(
      read.history.losses.map(\.bitPattern) == work().history.losses.map(\.bitPattern))
    for (job, unit) in [("i", 4), ("j", 5)] {
      #expect(throws: Refusal.self) {
        let _: Work = try CheckpointFile.state(bytes, file: "f", job: job, unit: unit)
      }
    }
  }

  @Test func `the way is told without the state, though that is cut off`() throws {
    let bytes = try CheckpointFile.bytes(work(), job: "j", unit: 4)
    _ = try write(Array(bytes.dropLast(20)))
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let kept = TrainingFiles.underWay(in: folder).kept
    let history = try #require(kept.first { $0.unit == 4 }?.history)
    #expect(history.step == 3 && history.losses[2] == 0.25)
    #expect(history.evaluations[0].accuracy == 0.75)
    #expect(kept.count == 1)
  }

  @Test func `every byte that is flipped and every cut is a fault`() throws {
    let bytes = try CheckpointFile.bytes(work(), job: "j", unit: 4)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try CheckpointFile.verify(write(bytes))
    var passed: [Int] = []
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 4
      if (try? CheckpointFile.verify(write(damaged))) != nil { passed.append(place) }
      let cut = Array(bytes[..<place])
      if (try? CheckpointFile.verify(write(cut))) != nil { passed.append(-place) }
    }
    #expect(passed.isEmpty)
  }
}
