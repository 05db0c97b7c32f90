import Checkpoints
import Foundation
import Inputs
import Lenses
import Testing

@Suite struct TunedLensTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("lens-\(UUID().uuidString)")

  private func lens(hasBias: Bool) -> TunedLens {
    TunedLens(
      width: 3, model: "tiny \"model\"",
      translators: (0..<2).map { layer in
        TunedLens.Translator(
          weight: (0..<9).map { Float($0 * (layer + 1)) / 8 }, bias: hasBias ? [1, -2, 0.5] : nil)
      })
  }

  @Test(arguments: [true, false])
  func `a lens is read back as it was written`(hasBias: Bool) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let lens = lens(hasBias: hasBias)
    try TunedLensFolder.write(lens, to: folder.path)
    let read = try TunedLensFolder(reading: folder.path)
    #expect(read.lens == lens)
    try TunedLensFolder.write(lens, to: folder.path + "/again")
    #expect(try TunedLensFolder(reading: folder.path + "/again").digest == read.digest)
  }

  @Test(arguments: [
    ("\"d_model\": 3", "\"d_model\": 4", ["params.pt", "0.bias", "[3]", "[4]"]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", ["params.pt", "2.bias", "no such"]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", ["params.pt", "1.bias", "no use"]),
    (
      "\"num_hidden_layers\": 2", "\"num_hidden_layers\": -2", ["config.json", "num_hidden_layers"]
    ),
    ("\"bias\": true", "\"bias\": 7", ["config.json", "bias"]),
    ("linear_tuned_lens", "cubic", ["config.json", "lens_type", "cubic", "linear_tuned_lens"]),
  ])
  func `a folder whose parts disagree is refused by file and field`(
    part: String, other: String, terms: [String]
  ) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try TunedLensFolder.write(lens(hasBias: true), to: folder.path)
    let file = folder.appendingPathComponent("config.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains(part))
    try Data(text.replacing(part, with: other).utf8).write(to: file)
    let refusal = try #require(throws: Refusal.self) { try TunedLensFolder(reading: folder.path) }
    #expect(refusal.kind == .model)
    for term in terms { #expect(refusal.description.contains(term), "\(refusal)") }
  }

  @Test func `weights that are not finite are refused`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let bad = TunedLens(
      width: 1, model: "", translators: [TunedLens.Translator(weight: [.nan], bias: [0])])
    try TunedLensFolder.write(bad, to: folder.path)
    let refusal = try #require(throws: Refusal.self) { try TunedLensFolder(reading: folder.path) }
    #expect(refusal.description.contains("not finite"))
  }
}
