import Autodiff
import Checkpoints
import Foundation
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// What a specification can give as a tensor.
struct SourceTensorTests {
  /// The second of the vectors in the fixtures.
  private static let values = (0..<12).map { Float($0) * 0.25 + 1 }
  private static let inline = "[" + values.map { "\($0)" }.joined(separator: ", ") + "]"

  /// A folder with the vector in files of every kind.
  private func folder() throws -> SpecFolder {
    let folder = try SpecFolder()
    let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    for name in ["activations.bin", "activation.pt"] {
      try FileManager.default.copyItem(
        at: fixtures.appendingPathComponent(name), to: folder.root.appendingPathComponent(name))
    }
    var writer = SafetensorsWriter()
    writer.add("truth", shape: [12], Self.values)
    writer.add("lie", shape: [12], Self.values.map { -$0 })
    writer.add("wide", shape: [13], [Float](repeating: 0, count: 13))
    try writer.write(to: folder.root.appendingPathComponent("directions.safetensors").path)
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 12), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    var bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]
    bytes += Array(header.utf8)
    for value in Self.values.map({ $0 - 1 }) + Self.values {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += Array($0) }
    }
    try Data(bytes).write(to: folder.root.appendingPathComponent("rows.npy"))
    return folder
  }

  private func logits(
    _ folder: SpecFolder, _ source: String, type: String = "VanillaIntervention"
  ) throws -> [Float] {
    let text = SpecFolder.forward(
      representation: #""layer": 1, "component": "block_output", "#
        + #""source_representation": \#(source)"#,
      type: type, sources: "null", locations: #"{"base": 2}"#)
    return try #require(try folder.run(text)().floats("intervened.logits")?.elements)
  }

  @Test
  func `numbers in a specification and in files of every kind are one source`() throws {
    let folder = try folder()
    let tape = Tape<Float>()
    let expected = folder.model.run(.tokens([[1, 2, 3, 9]]), on: tape) { value in
      guard value.site == .blockOutput, value.layer == 1 else { return value.value }
      return tape.replaceRows(value.value, [2], with: Variable(Tensor([1, 12], Self.values)))
    }.value.elements
    let found = try logits(folder, Self.inline)
    #expect(Tolerance(absolute: 1e-5, relative: 1e-5).disagreement(found, expected) == nil)
    for source in [
      #""activations.bin:1""#, #""activations.bin:-1""#, #""activations.bin:{layer}""#,
      #""activation.pt""#, #""activation.pt:tensor""#, #""rows.npy:1""#, #""rows.npy:-1""#,
      #""directions.safetensors:truth""#, "[\(Self.inline)]", "[[\(Self.inline)]]",
      "\"\(folder.root.path)/activation.pt\"",
    ] {
      #expect(try logits(folder, source) == found, "\(source)")
    }
    #expect(try logits(folder, #""directions.safetensors:lie""#) != found)
  }

  @Test
  func `zeros are the zeros of the place`() throws {
    let folder = try folder()
    let text = SpecFolder.forward(
      type: "ZeroIntervention", sources: "null", locations: #"{"base": 2}"#)
    let zeroed = try folder.run(text)().floats("intervened.logits")?.elements
    #expect(try logits(folder, #""zeros""#) == zeroed)
    let plain = try folder.run(text)().floats("original.logits")?.elements
    #expect(try logits(folder, #""zeros""#, type: "AdditionIntervention") == plain)
  }

  @Test
  func `values that a call gives are said in the same ways`() throws {
    let folder = try folder()
    let expected = try logits(folder, Self.inline)
    for given in [Self.inline, "[\(Self.inline)]", #""activation.pt""#, #"["activation.pt"]"#] {
      let text = SpecFolder.forward(
        sources: "null", locations: #"{"base": 2}"#, more: #", "source_representations": \#(given)"#
      )
      #expect(
        try folder.run(text)().floats("intervened.logits")?.elements == expected, "\(given)")
    }
  }

  @Test
  func `masks and formulas take numbers where they are wanted`() throws {
    let folder = try folder()
    func logits(_ representation: String, _ type: String) throws -> [Float]? {
      try folder.run(
        SpecFolder.forward(
          representation: #""layer": 1, \#(representation)"#, type: type,
          sources: #"[{"input_ids": [[4, 5, 6, 7]]}]"#))().floats("intervened.logits")?.elements
    }
    let ones = "[" + (0..<12).map { $0 < 4 ? "1" : "0" }.joined(separator: ", ") + "]"
    let masked = try logits(
      #""args": {"formula": "base + m * (source - base)", "constants": {"m": \#(ones)}}"#,
      "expression")
    let taken = try folder.run(
      SpecFolder.forward(
        representation: #""layer": 1, "component": "block_output""#,
        more: #", "subspaces": [[[0, 1, 2, 3]]]"#)
    )()
    .floats("intervened.logits")?.elements
    let tolerance = Tolerance(absolute: 1e-5, relative: 1e-5)
    #expect(try tolerance.disagreement(#require(masked), #require(taken)) == nil)
    // A sigmoid mask of +-1000 at its usual temperature is the same mask of ones and zeros.
    let mask = "[" + (0..<12).map { $0 < 4 ? "1000" : "-1000" }.joined(separator: ", ") + "]"
    let sigmoid = try logits(#""params": {"mask": \#(mask)}"#, "SigmoidMaskIntervention")
    #expect(try tolerance.disagreement(#require(sigmoid), #require(taken)) == nil)
  }

  @Test(arguments: [
    ("[1, 2]", "shape [2]"), ("[[1, 2], [3]]", "shape [1], expected [2]"), ("[]", "no numbers"),
    ("[1, \"a\"]", "a finite number"), ("[1e60]", "32 bits"),
    (#""activations.bin""#, "which holds 2 tensors"), (#""activations.bin:2""#, "number 2"),
    (#""activations.bin:x""#, "the tensor \"x\""), (#""rows.npy:5""#, "a row of its one tensor"),
    (#""directions.safetensors:trth""#, "truth"), (#""missing.npy""#, "missing.npy"),
    (#""directions.safetensors:wide""#, "[13]"), (#""rows.npz""#, "numpy.save"),
    (#""nothing""#, "job.safetensors"), (#""rows.npy""#, "shape [2, 12]"),
    (#"{"dump": "x"}"#, "an object"),
  ])
  func `what is no such tensor is refused with its field`(source: String, words: String) throws {
    let folder = try folder()
    #expect {
      try logits(folder, source)
    } throws: {
      ($0 as? Refusal).map { "\($0)".contains(words) } ?? false
    }
  }
}
