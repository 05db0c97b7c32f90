import Checkpoints
import Foundation
import Inputs
@testable import Interventions
import Testing

/// What a specification's run reads is never replaced by what it writes.
struct SpecFilesTests {
  private static let spec = SpecFolder.forward(
    representation: #""layer": [0, 1], "component": "block_output", "#
      + #""source_representation": "row-{layer}.npy""#,
    sources: "null", locations: #"{"base": 2}"#,
    more: #", "source_representations": [null, "more.safetensors:given"]"#
  ).replacing("[[1, 2, 3, 9]]", with: #""ids.npy""#)

  private func folder() throws -> SpecFolder {
    let folder = try SpecFolder()
    for layer in 0..<2 { try folder.write("row-\(layer).npy", shape: [12], Array(0..<12)) }
    try folder.write("ids.npy", shape: [1, 4], [1, 2, 3, 9])
    var writer = SafetensorsWriter()
    writer.add("given", shape: [12], [Float](repeating: 0.5, count: 12))
    try writer.write(to: folder.root.appendingPathComponent("more.safetensors").path)
    return folder
  }

  private func refusal(
    _ folder: SpecFolder, _ names: [String], force: Bool, saveTo: String? = nil
  ) -> String? {
    do {
      _ = try folder.run(
        Self.spec, saveTo: saveTo.map { folder.root.appendingPathComponent($0).path },
        outputs: (names.map { folder.root.appendingPathComponent($0).path }, force))
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    "job.json", "job.safetensors", "row-0.npy", "row-1.npy", "ids.npy", "more.safetensors",
    "models/tiny/config.json", "models/tiny/model.safetensors", "link.png",
  ])
  func `an input is replaced by none of the results, however it is named`(input: String) throws {
    let folder = try folder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.root.appendingPathComponent("link.png").path,
      withDestinationPath: folder.root.appendingPathComponent("row-1.npy").path)
    for names in [[input], ["out.safetensors", input], ["out.safetensors", "a.png", input]] {
      let refused = refusal(folder, names, force: true)
      #expect(refused?.contains("never replaced") == true, "\(names): \(refused ?? "accepted")")
    }
  }

  @Test
  func `other files are replaced by force alone, and no two results share one`() throws {
    let folder = try folder()
    try folder.write("old.png", shape: [1], [0])
    #expect(refusal(folder, ["new.png"], force: false) == nil)
    #expect(refusal(folder, ["new.png", "old.png"], force: false)?.contains("--force") == true)
    #expect(refusal(folder, ["new.png", "old.png"], force: true) == nil)
    let twice = refusal(folder, ["new.png", "models/../new.png"], force: true)
    #expect(twice?.contains("two results") == true)
  }

  @Test
  func `interventions are saved over no input`() throws {
    let folder = try folder()
    #expect(refusal(folder, [], force: true, saveTo: "saved") == nil)
    #expect(refusal(folder, [], force: true, saveTo: "models/tiny")?.contains("never") == true)
  }

  @Test
  func `a folder of something else is no place for interventions, force or not`() throws {
    let folder = try folder()
    let other = folder.root.appendingPathComponent("models/other")
    try FileManager.default.copyItem(
      at: folder.root.appendingPathComponent("models/tiny"), to: other)
    let before = try Data(contentsOf: other.appendingPathComponent("config.json"))
    let refused = refusal(folder, [], force: true, saveTo: "models/other")
    #expect(refused?.contains("a folder of something else, with config.json") == true)
    #expect(try Data(contentsOf: other.appendingPathComponent("config.json")) == before)
  }

  @Test
  func `folders of results are made, and those that cannot be are refused first`() throws {
    let folder = try folder()
    #expect(refusal(folder, ["a/b/out.safetensors"], force: false, saveTo: "c/d/saved") == nil)
    let within = refusal(folder, ["ids.npy/out.safetensors"], force: false)
    #expect(within?.contains("where nothing can be written") == true)
    let path = folder.root.appendingPathComponent("e/f/out.safetensors").path
    try SpecOutputs().write(to: path)
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test(arguments: ["intkey_x.safetensors", "interventions.safetensors"])
  func `a folder's own file that is a source is not replaced by saving there`(
    state: String
  ) throws {
    let folder = try folder()
    try FileManager.default.createDirectory(
      at: folder.root.appendingPathComponent("saved"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      at: folder.root.appendingPathComponent("more.safetensors"),
      to: folder.root.appendingPathComponent("saved/\(state)"))
    #expect {
      try folder.run(
        Self.spec.replacing("more.safetensors", with: "saved/\(state)"),
        saveTo: folder.root.appendingPathComponent("saved").path, outputs: ([], true))
    } throws: {
      "\($0)".contains("never replaced")
    }
  }

  @Test
  func `the files of dumps that are read are not replaced`() throws {
    let folder = try SpecFolder()
    let dump = folder.root.appendingPathComponent("dump")
    try FileManager.default.createDirectory(at: dump, withIntermediateDirectories: true)
    let file = dump.appendingPathComponent("spec.json").path
    try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
    let text = SpecFolder.forward(
      representation: #""layer": 1, "source_representation": "#
        + #"{"dump": "dump", "statistic": "mean"}"#, sources: "null", locations: #"{"base": 2}"#)
    #expect {
      try folder.run(text, outputs: ([file], true))
    } throws: {
      "\($0)".contains("never replaced")
    }
  }

  @Test
  func `files of every layer are among those that a specification names`() throws {
    let folder = try folder()
    let path = folder.root.appendingPathComponent("job.json").path
    try Data(Self.spec.utf8).write(to: URL(fileURLWithPath: path))
    let found = SpecRun.tensorFiles(in: try JSONField.load(path, kind: .job), layers: 2)
    #expect(
      found.map { URL(fileURLWithPath: $0).lastPathComponent }
        == ["ids.npy", "more.safetensors", "row-0.npy", "row-1.npy"])
  }

  @Test
  func `a file of tensors is opened once, whatever names it`() throws {
    let folder = try folder()
    let text = Self.spec.replacing("row-{layer}.npy", with: "more.safetensors:given")
    let run = try folder.run(text)
    let expected = try run().floats("intervened.logits")?.elements
    let again = try folder.run(text)
    try FileManager.default.removeItem(at: folder.root.appendingPathComponent("more.safetensors"))
    #expect(try again().floats("intervened.logits")?.elements == expected)
  }
}
