import Autodiff
import Checkpoints
import Foundation
import Inputs
import Testing

@testable import Interventions

/// Labels, and the gradients of their loss.
struct SpecLabelTests {
  private static func gradient(_ labels: String, soft: Bool = false) -> String {
    """
    {"model": "tiny", "kind": "gradient", "wrt": "interventions",
     "representations": [{"layer": 0, "low_rank_dimension": 2,
       "intervention_type": "LowRankRotatedSpaceIntervention"}],
     "unit_locations": {"sources->base": 1}, "base": {"input_ids": [[1, 2, 3], [4, 5, 6]]},
     "sources": [{"input_ids": [[7, 8, 9], [1, 1, 1]]}], "labels": \(labels)
     \(soft ? #", "generate": {"max_new_tokens": 3, "soft": {"temperature": 1}}"# : "")}
    """
  }

  private func folder() throws -> SpecFolder {
    let folder = try SpecFolder()
    try folder.write("flat.npy", shape: [2], [5, 6])
    try folder.write("steps.npy", shape: [2, 3], [1, 2, 3, 4, 5, 6])
    try folder.write("turned.npy", shape: [3, 2], [1, 2, 3, 4, 5, 6])
    try folder.write("six.npy", shape: [6], [1, 2, 3, 4, 5, 6])
    try folder.write("square.npy", shape: [1, 2], [5, 6])
    try folder.write("rows.npy", shape: [2, 2], [5, 6, 7, 8])
    return folder
  }

  private func loss(_ folder: SpecFolder, _ labels: String, soft: Bool) throws -> [Float]? {
    try folder.run(Self.gradient(labels, soft: soft))().floats("loss")?.elements
  }

  @Test
  func `labels of a tensor are those in the list, and a row of a file is a list`() throws {
    let folder = try folder()
    #expect(
      try loss(folder, #""flat.npy""#, soft: false) == loss(folder, "[5, 6]", soft: false))
    #expect(
      try loss(folder, #""rows.npy:1""#, soft: false) == loss(folder, "[7, 8]", soft: false))
    #expect(
      try loss(folder, #""rows.npy:-2""#, soft: false) == loss(folder, "[5, 6]", soft: false))
    #expect(
      try loss(folder, #""steps.npy""#, soft: true)
        == loss(folder, "[[1, 2, 3], [4, 5, 6]]", soft: true))
    #expect(try loss(folder, #""flat.npy""#, soft: true) == loss(folder, "[5, 6]", soft: true))
  }

  @Test(arguments: [
    (#""square.npy""#, false, "1 labels, expected 2"), ("[1, 2, 3]", false, "3 labels"),
    (#""turned.npy""#, true, "3 labels, expected 2"), (#""six.npy""#, true, "6 labels, expected 2"),
    ("[[1, 2], [3, 4], [5, 6]]", true, "3 labels"),
    ("[[1, 2], [3, 4, 5]]", true, "2 labels of example 0, expected 1, for the last step, or 3"),
  ])
  func `labels of another shape are refused, though they are as many`(
    labels: String, soft: Bool, words: String
  ) throws {
    let folder = try folder()
    #expect {
      try folder.run(Self.gradient(labels, soft: soft)).resolved()
    } throws: {
      "\($0)".contains(words)
    }
  }

  @Test
  func `of a batch that is cut the whole is run, and not recorded`() throws {
    let folder = try folder()
    let (whole, cut) = (Tape<Float>(), Tape<Float>())
    let text = Self.gradient("[5, 6]")
    let expected = try folder.run(text).gradient(on: whole)
    let found = try folder.run(text, microbatches: 1).gradient(on: cut)
    #expect(whole.count > 0 && cut.count == 0)
    #expect(found.names == expected.names)
    #expect(
      found.floats("intervened.logits")?.elements == expected.floats("intervened.logits")?.elements)
  }

  @Test
  func `microbatches of gradients at the model are refused before anything runs`() throws {
    let folder = try folder()
    let text = Self.gradient("[5, 6]").replacing(
      "\"wrt\": \"interventions\"", with: "\"wrt\": \"model\"")
    #expect {
      try folder.run(text, microbatches: 1).resolved()
    } throws: {
      "\($0)".contains("whole batches")
    }
  }
}
