private func file(_ change: @Sendable (inout GGUFBuilder) -> Void) -> [UInt8] {
  var builder = GGUFBuilder.named
  change(&builder)
  return builder.file
}

/// One metadata value of that type number, whatever its bytes are.
private func value(_ type: UInt32, _ bytes: [UInt8]) -> [UInt8] {
  file { $0.add("a.key", type: type, bytes) }
}

private func array(_ type: UInt32, _ count: UInt64, _ items: [UInt8] = []) -> [UInt8] {
  value(9, GGUFBuilder.array(type, count: count, items))
}

/// The same, cut where the items should begin: a hole follows.
private func claimed(_ type: UInt32, _ count: UInt64) -> [UInt8] {
  let start = littleEndian(UInt32(0x4655_4747)) + littleEndian(UInt32(3)) + littleEndian(UInt64(0))
  return start + littleEndian(UInt64(2)) + GGUFBuilder.string("a.key") + littleEndian(UInt32(9))
    + GGUFBuilder.array(type, count: count, [])
}

private func tensor(
  _ dimensions: [UInt64], type: UInt32 = 0, rank: UInt32? = nil, offset: UInt64? = nil,
  bytes: Int = 32
) -> [UInt8] {
  file {
    $0.addTensor(
      "t", dimensions: dimensions, type: type, rank: rank, offset: offset,
      [UInt8](repeating: 1, count: bytes))
  }
}

extension HostileInput {
  static let ofGGUF: [HostileInput] = [
    HostileInput("gguf/magic-alone.gguf", "truncated") { Array("GGUF".utf8) },
    HostileInput("gguf/lower-case.gguf", "magic;gguf") { Array("gguf".utf8) + [3, 0, 0, 0] },
    HostileInput("gguf/version-0.gguf", "version 0") { file { $0.version = 0 } },
    HostileInput("gguf/version-max.gguf", "version 4294967295") { file { $0.version = .max } },
    HostileInput("gguf/nothing-in-it.gguf", "general.architecture") { GGUFBuilder().file },
    HostileInput("gguf/keys-past-the-limit.gguf", "key;9223372036854775808") {
      file { $0.keyCount = 1 << 63 }
    },
    HostileInput("gguf/more-keys-than-bytes.gguf", "key;1000000;truncated") {
      file { $0.keyCount = 1_000_000 }
    },
    HostileInput("gguf/tensors-minus-one.gguf", "tensor;18446744073709551615") {
      file { $0.tensorCount = .max }
    },
    HostileInput("gguf/long-key.gguf", "key 1;65536") {
      file { $0.add(String(repeating: "k", count: 65_536), type: 0, [1]) }
    },
    HostileInput("gguf/key-not-utf8.gguf", "metadata key 0;utf-8") {
      Array("GGUF".utf8) + [3, 0, 0, 0] + littleEndian(UInt64(0)) + littleEndian(UInt64(1))
        + littleEndian(UInt64(2)) + [0xFF, 0xFE, 0, 0, 0, 0, 1, 0, 0, 0]
    },
    HostileInput("gguf/value-type-255.gguf", "a.key;255") { value(255, [0]) },
    HostileInput("gguf/bool-of-255.gguf", "a.key;255") { value(7, [255]) },
    HostileInput("gguf/integer-past-63-bits.gguf", "a.key;9223372036854775808") {
      value(10, littleEndian(UInt64(1) << 63))
    },
    HostileInput("gguf/string-of-holes.gguf", "a.key;zero byte", size: 120 << 20) {
      let start = Array("GGUF".utf8) + [3, 0, 0, 0] + littleEndian(UInt64(0))
      return start + littleEndian(UInt64(1)) + GGUFBuilder.string("a.key")
        + littleEndian(UInt32(8)) + littleEndian(UInt64(100 << 20))
    },
    HostileInput("gguf/string-past-the-end.gguf", "a.key;4096;truncated") {
      value(8, littleEndian(UInt64(4096)))
    },
    HostileInput("gguf/string-of-2-to-63.gguf", "a.key;9223372036854775808") {
      value(8, littleEndian(UInt64(1) << 63))
    },
    HostileInput("gguf/bytes-of-holes.gguf", "metadata key 1;empty key", size: 5 << 20) {
      claimed(0, 1 << 22)
    },
    HostileInput("gguf/doubles-of-holes.gguf", "metadata key 1;empty key", size: 40 << 20) {
      claimed(12, 1 << 22)
    },
    HostileInput("gguf/strings-of-holes.gguf", "metadata key 1;empty key", size: 40 << 20) {
      claimed(8, 1 << 22)
    },
    HostileInput("gguf/booleans-of-holes.gguf", "metadata key 1;empty key", size: 5 << 20) {
      claimed(7, 1 << 22)
    },
    HostileInput("gguf/array-past-the-limit.gguf", "a.key;4194305;limit", size: 5 << 20) {
      claimed(0, 1 << 22 + 1)
    },
    HostileInput("gguf/array-past-the-end.gguf", "a.key;1000;truncated") { array(4, 1000) },
    HostileInput("gguf/array-of-2-to-62.gguf", "a.key;4611686018427387904") { array(10, 1 << 62) },
    HostileInput("gguf/array-of-type-13.gguf", "a.key;type 13") { array(13, 1, [0]) },
    HostileInput("gguf/array-of-arrays.gguf", "a.key;array of arrays") {
      array(9, 1, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    },
    HostileInput("gguf/array-with-a-bad-boolean.gguf", "a.key[2];2") { array(7, 3, [1, 0, 2]) },
    HostileInput("gguf/array-past-63-bits.gguf", "a.key[1];18446744073709551615") {
      array(10, 2, littleEndian(UInt64(7)) + littleEndian(UInt64.max))
    },
    HostileInput("gguf/array-not-utf8.gguf", "a.key[1];utf-8") {
      array(8, 2, GGUFBuilder.string("a") + littleEndian(UInt64(1)) + [0xFF])
    },
    HostileInput("gguf/alignment-3.gguf", "general.alignment;3") {
      file { $0.add("general.alignment", type: 4, littleEndian(UInt32(3))) }
    },
    HostileInput("gguf/alignment-signed.gguf", "general.alignment;i32") {
      file { $0.add("general.alignment", type: 5, littleEndian(Int32(32))) }
    },
    HostileInput("gguf/architecture-a-number.gguf", "general.architecture;7") {
      var builder = GGUFBuilder()
      builder.add("general.architecture", type: 4, littleEndian(UInt32(7)))
      return builder.file
    },
    HostileInput("gguf/architecture-gptj.gguf", "general.architecture;gptj") {
      var builder = GGUFBuilder()
      builder.add("general.architecture", type: 8, GGUFBuilder.string("gptj"))
      return builder.file
    },
    HostileInput("gguf/one-of-two-files.gguf", "split.count;2") {
      file { $0.add("split.count", type: 2, littleEndian(UInt16(2))) }
    },
    HostileInput("gguf/dimension-of-2-to-64.gguf", "t;18446744073709551615") {
      tensor([.max])
    },
    HostileInput("gguf/product-past-63-bits.gguf", "t;overflow|too large") {
      tensor([1 << 31, 1 << 31, 2])
    },
    HostileInput("gguf/product-that-wraps-to-8.gguf", "t;overflow|too large") {
      tensor([1 << 32, 1 << 32, 8])
    },
    HostileInput("gguf/bytes-past-63-bits.gguf", "t;overflow|too large") { tensor([1 << 61, 2]) },
    HostileInput("gguf/rank-2-to-32.gguf", "t;4294967295") { tensor([8], rank: .max) },
    HostileInput("gguf/type-31.gguf", "t;31") { tensor([8], type: 31) },
    HostileInput("gguf/type-max.gguf", "t;4294967295") { tensor([8], type: .max) },
    HostileInput("gguf/q4-rows-of-48.gguf", "t;48;32") { tensor([48], type: 2, bytes: 27) },
    HostileInput("gguf/type-16.gguf", "t;16;IQ2_XXS;Q4_K") { tensor([256], type: 16) },
    HostileInput("gguf/q4-k-rows-of-128.gguf", "t;128;256 for Q4_K") {
      tensor([128, 2], type: 12, bytes: 144)
    },
    HostileInput("gguf/q6-k-cut.gguf", "t;truncated;210") {
      tensor([256], type: 14, bytes: 192)
    },
    HostileInput("gguf/offset-1.gguf", "t;offset of 1") { tensor([8], offset: 1) },
    HostileInput("gguf/offset-max.gguf", "t;18446744073709551615") { tensor([8], offset: .max) },
    HostileInput("gguf/data-missing.gguf", "t;truncated") { tensor([8192]) },
    HostileInput("gguf/data-cut-by-one.gguf", "t;truncated") { Array(tensor([8]).dropLast()) },
    HostileInput("gguf/names-equal-but-for-their-form.gguf", "caf;duplicate") {
      file {
        $0.addTensor("caf\u{e9}", dimensions: [8], type: 0, [UInt8](repeating: 1, count: 32))
        $0.addTensor("cafe\u{301}", dimensions: [8], type: 0, [UInt8](repeating: 1, count: 32))
      }
    },
  ]

  static let ofGGUFModels: [HostileInput] = [
    HostileInput("gguf/model.gguf", nil) { TinyGGUF().file },
    model("no-blocks", "llama.block_count;0", u32: ("llama.block_count", 0)),
    model("blocks-without-weights", "blk.1.", u32: ("llama.block_count", 2)),
    model("four-billion-blocks", "llama.block_count|blk.1.", u32: ("llama.block_count", .max)),
    model("no-context", "llama.context_length;0", u32: ("llama.context_length", 0)),
    model("width-0", "llama.embedding_length;0", u32: ("llama.embedding_length", 0)),
    model("width-max", "llama.embedding_length", u32: ("llama.embedding_length", .max)),
    model("no-heads", "llama.attention.head_count;0", u32: ("llama.attention.head_count", 0)),
    model("three-heads", "head_count;3", u32: ("llama.attention.head_count", 3)),
    model("three-key-heads", "head_count_kv;3", u32: ("llama.attention.head_count_kv", 3)),
    model("no-mlp", "llama.feed_forward_length;0", u32: ("llama.feed_forward_length", 0)),
    model("odd-rotation", "llama.rope.dimension_count;1", u32: ("llama.rope.dimension_count", 1)),
    model("epsilon-nan", "layer_norm_rms_epsilon;nan") {
      $0.values["llama.attention.layer_norm_rms_epsilon"] = (6, littleEndian(Float.nan))
    },
    model("epsilon-negative", "layer_norm_rms_epsilon;-1") {
      $0.values["llama.attention.layer_norm_rms_epsilon"] = (6, littleEndian(Float(-1)))
    },
    model("epsilon-infinite", "layer_norm_rms_epsilon;inf") {
      $0.values["llama.attention.layer_norm_rms_epsilon"] = (6, littleEndian(Float.infinity))
    },
    model("no-epsilon", "layer_norm_rms_epsilon;no such key") {
      $0.values["llama.attention.layer_norm_rms_epsilon"] = nil
    },
    model("heads-a-text", "llama.attention.head_count;string") {
      $0.values["llama.attention.head_count"] = (8, GGUFBuilder.string("2"))
    },
    model("end-past-the-vocabulary", "eos_token_id;8", u32: ("tokenizer.ggml.eos_token_id", 8)),
    model("no-tokens", "tokenizer.ggml.tokens") { $0.tokens = [] },
    model("a-token-twice", "tokenizer.ggml.tokens;twice") { $0.tokens[1] = "a" },
    model("a-token-too-many", "tokenizer.ggml.tokens;9;8") { $0.tokens.append("z") },
    model("types-for-seven", "token_type;7") { $0.types.removeLast() },
    model("type-9", "token_type;9") { $0.types[0] = 9 },
    model("a-merge-of-nothing", "merges;\"ab\"") { $0.merges[0] = "ab" },
    model("a-merge-of-three", "merges;a b c") { $0.merges[0] = "a b c" },
    model("a-merge-of-strangers", "merges;q z") { $0.merges[0] = "q z" },
    model("a-merge-into-a-stranger", "merges;b c|bc") { $0.merges[0] = "b c" },
    model("a-tokenizer-unheard-of", "tokenizer.ggml.model;telepathy") {
      $0.values["tokenizer.ggml.model"] = (8, GGUFBuilder.string("telepathy"))
    },
    model("cuts-unheard-of", "tokenizer.ggml.pre;astrology") {
      $0.values["tokenizer.ggml.pre"] = (8, GGUFBuilder.string("astrology"))
    },
    model("embedding-of-rank-1", "token_embd.weight;[32]|32") {
      $0.shapes["token_embd.weight"] = [32]
    },
    model("a-weight-transposed", "blk.0.ffn_down.weight;8;4") {
      $0.shapes["blk.0.ffn_down.weight"] = [4, 8]
    },
    model("a-weight-missing", "blk.0.attn_q.weight") { $0.shapes["blk.0.attn_q.weight"] = nil },
    HostileInput(
      "gguf/model-of-holes.gguf", "tokenizer.ggml.tokens;twice",
      made: {
        try TinyGGUF.writeWithHoles(tokens: 1 << 22, to: $0)
      }),
  ]

  private static func model(
    _ name: String, _ terms: String, u32: (key: String, value: UInt32)
  ) -> HostileInput {
    model(name, terms) { $0.values[u32.key] = (4, littleEndian(u32.value)) }
  }

  private static func model(
    _ name: String, _ terms: String, _ change: @Sendable @escaping (inout TinyGGUF) -> Void
  ) -> HostileInput {
    HostileInput("gguf/\(name).gguf", terms) {
      var model = TinyGGUF()
      change(&model)
      return model.file
    }
  }
}
