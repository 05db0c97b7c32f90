import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

@Test func `the inspection of a safetensors file lists metadata, tensors and totals`() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/x.safetensors"
  var writer = SafetensorsWriter(metadata: ["format": "pt"])
  writer.add("embedding.weight", shape: [300, 2], [Float](repeating: 0, count: 600))
  writer.add("ids\u{1b}[31m", shape: [3], [1, 2, 3])
  try writer.write(to: path)
  #expect(
    try Inspection(path).description == """
      \(path): safetensors
      metadata
        format  pt
      tensors
        ids\\u{1b}[31m     [3]       I64  24 bytes
        embedding.weight  [300, 2]  F32  2.4 kB
      totals
        F32  1 tensors  600 elements  2.4 kB
        I64  1 tensors  3 elements    24 bytes
        all  2 tensors  603 elements  2.4 kB
      """)
}

@Test func `the inspection of a GGUF file lists typed metadata and row-major shapes`() throws {
  var builder = GGUFBuilder.named
  builder.add(
    "tokenizer.ggml.tokens", type: 9,
    GGUFBuilder.array(8, count: 2, GGUFBuilder.string("a") + GGUFBuilder.string("b")))
  builder.add("llama.rope.freq_base", type: 6, littleEndian(Float(10000)))
  builder.addTensor("w", dimensions: [32, 2], type: 8, [UInt8](repeating: 0, count: 68))
  let folder = try TemporaryFolder()
  let path = try folder.write("m.gguf", builder.file)
  #expect(
    try Inspection(path).lines == [
      "\(path): GGUF", "files", "  \(path)  \(builder.file.count) bytes", "configuration",
      "  general.architecture   llama", "  tokenizer.ggml.tokens  an array of 2 strings",
      "  llama.rope.freq_base   10000.0", "tensors", "  w  [2, 32]  Q8_0  68 bytes", "totals",
      "  Q8_0  1 tensors  64 elements  68 bytes", "  all   1 tensors  64 elements  68 bytes",
    ])
}

@Test func `the inspection of a model folder lists its files and configuration`() throws {
  let folder = try TemporaryFolder()
  try folder.write(
    "config.json",
    #"{"model_type":"gpt2","layers":[1,2],"ids":[1,2,3,4,5,6,7,8,9],"a":{"b":1},"c":null}"#.utf8)
  var writer = SafetensorsWriter()
  writer.add("w", shape: [1], [Float(1)])
  try writer.write(to: folder.path + "/model.safetensors")
  let lines = try Inspection(folder.path).lines
  #expect(lines.first == "\(folder.path): Hugging Face folder")
  for line in [
    "  \(folder.path)/config.json        83 bytes", "  model_type  gpt2", "  layers      [1, 2]",
    "  ids         9 items", "  a           1 members", "  c           null",
    "  w  [1]  F32  4 bytes",
  ] {
    #expect(lines.contains(line), "\(line) is missing from \(lines)")
  }
}

@Test func `an inspection of a damaged file is refused`() throws {
  let folder = try TemporaryFolder()
  let path = try folder.write("x.safetensors", [1, 2])
  expectRefusal("x.safetensors;truncated") { try Inspection(path) }
}
