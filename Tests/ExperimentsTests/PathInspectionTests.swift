import Foundation
import Inputs
import Interventions
import Lenses
import Testing
import _TestSupport

@testable import Experiments

/// What `inspect` says of what the tool itself writes.
struct PathInspectionTests {
  @Test func `a model without a tokenizer is opened, and said to have none`() throws {
    try withTemporaryFolder { folder in
      try TinyModel(.gpt2).write(to: folder)
      let lines = try PathInspection(folder.path).lines
      #expect(lines.contains { $0.hasPrefix("model: gpt2, 4 layers") })
      #expect(lines.last == "tokenizer: none; prompts must come as token ids")
    }
  }

  @Test func `marks of tools in a configuration come out as one note`() throws {
    try withTemporaryFolder { folder in
      try TinyModel(.gpt2).write(to: folder)
      let config = folder.appendingPathComponent("config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      let start = try #require(text.firstIndex(of: "{"))
      let marked =
        "{\"unsloth_fixed\": true, \"_mark\": 1," + text[text.index(after: start)...]
      try Data(marked.utf8).write(to: config)
      let notes = try PathInspection(folder.path).lines.filter { $0.hasPrefix("note: ") }
      #expect(
        notes == ["note: \"unsloth_fixed\", \"_mark\" of config.json: marks of tools"])
    }
  }

  @Test func `a tuned lens and saved interventions are known by what their config.json holds`()
    throws
  {
    try withTemporaryFolder { folder in
      let (lens, saved) = (folder.path + "/lens", folder.path + "/unit_0")
      let translator = TunedLens.Translator(
        weight: [Float](repeating: 0, count: 9), bias: [0, 0, 0])
      try TunedLensFolder.write(
        TunedLens(width: 3, model: "tiny", translators: [translator, translator]), to: lens)
      let about = try PathInspection(lens).lines
      #expect(about.count == 1)
      #expect(about[0].contains("tuned lens of \"tiny\", 2 translators of width 3 with biases"))
      try PyveneFolder([
        SavedRepresentation(
          layer: 2, component: "block_output", interventionType: .vanilla),
        SavedRepresentation(layer: 1, component: "mlp_output", interventionType: .zero),
        SavedRepresentation(
          layer: 1, component: "block_output", maxUnits: 2, interventionType: .sigmoidMask,
          state: [
            "mask": SavedTensor(shape: [4], [1.5, 2, 3, 4]),
            "temperature": SavedTensor(shape: [], [0.01]),
          ]),
      ]).write(to: saved)
      let interventions = try PathInspection(saved).lines
      #expect(interventions[0].contains("3 saved interventions, parallel"))
      #expect(interventions.contains { $0.contains("layer 2  block_output  pos") })
      let trained = interventions.filter { $0.contains(", trained") }
      #expect(trained == ["  2  layer 1  block_output  pos x 2  SigmoidMaskIntervention, trained"])
      #expect(interventions.suffix(2) == ["       mask  [4]", "       temperature  []"])
      #expect(try PathInspection(saved + "/config.json").lines == interventions)
      // Damage is a refusal of the file that has it.
      try Data("{".utf8).write(to: URL(fileURLWithPath: lens + "/params.pt"))
      expectRefusal(naming: "params.pt", kind: .model) { () throws(Refusal) in
        try PathInspection(lens)
      }
    }
  }

  @Test func `lines of JSON are counted, and a broken one is named`() throws {
    try withTemporaryFolder { folder in
      let file = folder.path + "/a.jsonl"
      try Data("{\"base\": [1], \"label\": 2}\n\n{\"base\": [3]}\n".utf8)
        .write(to: URL(fileURLWithPath: file))
      #expect(
        try PathInspection(file).lines == [
          "\(file): JSON lines, 2", "  base  in 2", "  label  in 1",
        ])
      try Data("{\"base\": 1}\n{\"base\"\n".utf8).write(to: URL(fileURLWithPath: file))
      expectRefusal(naming: "line 2") { () throws(Refusal) in try PathInspection(file) }
    }
  }

  @Test func `tensors are known by their first bytes under any name`() throws {
    try withTemporaryFolder { folder in
      let file = folder.path + "/out.st"
      let header = Array(#"{"out.base":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.utf8)
      var bytes: [UInt8] = [UInt8(header.count)] + [UInt8](repeating: 0, count: 7) + header
      bytes += [UInt8](repeating: 0, count: 8)
      try Data(bytes).write(to: URL(fileURLWithPath: file))
      let lines = try PathInspection(file).lines
      #expect(lines.first == "\(file): safetensors")
      #expect(lines.contains { $0.contains("out.base") && $0.contains("[2]") })
      // Damage is named, and what is neither is no model.
      try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: file))
      expectRefusal(naming: file, kind: .model) { () throws(Refusal) in
        try PathInspection(file)
      }
      try Data("abc".utf8).write(to: URL(fileURLWithPath: file))
      expectRefusal(naming: file, "GGUF", kind: .model) { () throws(Refusal) in
        try PathInspection(file)
      }
    }
  }
}
