import Foundation
import Inputs
import Testing

@testable import Experiments

/// Specifications of one run as TOML.
struct SpecDocumentTests {
  private func read(_ text: String, ending: String) throws -> String {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("spec-\(UUID().uuidString).\(ending)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return "\(try SpecDocument.read(path).value)"
  }

  @Test
  func `what JSON leaves out with null TOML leaves out with the text none`() throws {
    let toml = try read(
      """
      model = "none"
      sources = ["none", { prompts = ["none"] }]
      subspaces = ["none", [[1]]]
      source_representations = ["v", "none"]
      [unit_locations]
      "sources->base" = [["none", [[1]]], [[[2]], "none"]]
      [[train.batches]]
      sources = "none"
      """, ending: "toml")
    let json = try read(
      """
      {"model": "none", "sources": [null, {"prompts": ["none"]}], "subspaces": [null, [[1]]],
       "source_representations": ["v", null],
       "unit_locations": {"sources->base": [[null, [[1]]], [[[2]], null]]},
       "train": {"batches": [{"sources": null}]}}
      """, ending: "json")
    #expect(toml == json)
  }

  @Test
  func `in JSON the text none is a text`() throws {
    let found = try read(#"{"sources": ["none"]}"#, ending: "json")
    #expect(found.contains("none"))
  }
}
