package import Foundation

/// A Llama of one block and eight tokens as a GGUF file, of which any part can be made wrong.
///
/// The names are those of llama.cpp's `gguf-py/gguf/constants.py`.
package struct TinyGGUF {
  /// Type number and bytes of each metadata value that is no list.
  package var values: [String: (type: UInt32, bytes: [UInt8])] = [
    "general.architecture": (8, GGUFBuilder.string("llama")),
    "llama.block_count": (4, littleEndian(UInt32(1))),
    "llama.context_length": (4, littleEndian(UInt32(16))),
    "llama.embedding_length": (4, littleEndian(UInt32(4))),
    "llama.feed_forward_length": (4, littleEndian(UInt32(8))),
    "llama.attention.head_count": (4, littleEndian(UInt32(2))),
    "llama.attention.head_count_kv": (4, littleEndian(UInt32(2))),
    "llama.attention.layer_norm_rms_epsilon": (6, littleEndian(Float(1e-5))),
    "llama.rope.dimension_count": (4, littleEndian(UInt32(2))),
    "tokenizer.ggml.model": (8, GGUFBuilder.string("gpt2")),
    "tokenizer.ggml.pre": (8, GGUFBuilder.string("gpt-2")),
    "tokenizer.ggml.eos_token_id": (4, littleEndian(UInt32(7))),
  ]
  package var tokens = ["a", "b", "c", "ab", "abc", "\u{120}", "\u{120}a", "<|end|>"]
  package var types: [Int32] = [1, 1, 1, 1, 1, 1, 1, 3]
  package var merges = ["a b", "ab c", "\u{120} a"]
  /// As the file has them, fastest first.
  package var shapes: [String: [UInt64]] = [
    "token_embd.weight": [4, 8], "blk.0.attn_norm.weight": [4], "blk.0.attn_q.weight": [4, 4],
    "blk.0.attn_k.weight": [4, 4], "blk.0.attn_v.weight": [4, 4],
    "blk.0.attn_output.weight": [4, 4], "blk.0.ffn_norm.weight": [4],
    "blk.0.ffn_gate.weight": [4, 8], "blk.0.ffn_up.weight": [4, 8],
    "blk.0.ffn_down.weight": [8, 4], "output_norm.weight": [4], "output.weight": [4, 8],
  ]

  /// Elements of tensors that are not to count up.
  package var elements: [String: [Float]] = [:]

  package init() {}

  package var file: [UInt8] {
    var builder = GGUFBuilder()
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      builder.add(key, type: value.type, value.bytes)
    }
    func strings(_ items: [String]) -> [UInt8] {
      GGUFBuilder.array(8, count: UInt64(items.count), items.flatMap(GGUFBuilder.string))
    }
    builder.add("tokenizer.ggml.tokens", type: 9, strings(tokens))
    builder.add("tokenizer.ggml.merges", type: 9, strings(merges))
    builder.add(
      "tokenizer.ggml.token_type", type: 9,
      GGUFBuilder.array(5, count: UInt64(types.count), types.flatMap { littleEndian($0) }))
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      let count = Int(shape.reduce(1, *))
      let values = elements[name] ?? (0..<count).map { Float($0) / 64 }
      builder.addTensor(name, dimensions: shape, type: 0, values.flatMap { littleEndian($0) })
    }
    return builder.file
  }

  /// Writes a model of so many tokens, all of them empty texts in a hole of the file, as are the
  /// rows of its embedding.
  package static func writeWithHoles(tokens: UInt64, to url: URL) throws {
    var model = TinyGGUF()
    model.values["tokenizer.ggml.eos_token_id"] = nil
    let keys = model.values.sorted { $0.key < $1.key }.map { key, value in
      GGUFBuilder.string(key) + littleEndian(value.type) + value.bytes
    }
    func list(_ key: String, _ type: UInt32, _ items: [UInt8] = [], count: UInt64) -> [UInt8] {
      GGUFBuilder.string(key) + littleEndian(UInt32(9))
        + GGUFBuilder.array(type, count: count, items)
    }
    let merges = list(
      "tokenizer.ggml.merges", 8, model.merges.flatMap(GGUFBuilder.string), count: 3)
    var infos: [UInt8] = []
    var offset: UInt64 = 0
    for (name, shape) in model.shapes.sorted(by: { $0.key < $1.key }) {
      let size = name == "token_embd.weight" || name == "output.weight" ? [4, tokens] : shape
      infos += GGUFBuilder.string(name) + littleEndian(UInt32(size.count))
      infos += size.flatMap { littleEndian($0) } + littleEndian(UInt32(0)) + littleEndian(offset)
      offset += (4 * size.reduce(1, *) + 31) / 32 * 32
    }
    let start =
      Array("GGUF".utf8) + [3, 0, 0, 0] + littleEndian(UInt64(model.shapes.count))
      + littleEndian(UInt64(keys.count + 3))
    try Data().write(to: url)
    let file = try FileHandle(forWritingTo: url)
    try file.write(contentsOf: start + keys.flatMap(\.self) + merges)
    try file.write(contentsOf: list("tokenizer.ggml.token_type", 5, count: tokens))
    try file.seek(toOffset: file.offset() + 4 * tokens)
    try file.write(contentsOf: list("tokenizer.ggml.tokens", 8, count: tokens))
    try file.seek(toOffset: file.offset() + 8 * tokens)
    try file.write(contentsOf: infos)
    try file.truncate(atOffset: (file.offset() + 31) / 32 * 32 + offset)
    try file.close()
  }
}
