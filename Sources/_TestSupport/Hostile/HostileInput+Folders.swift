internal import Foundation

/// A model folder of one block with its tokenizer.
private func write(_ family: TinyModel.Family, to folder: URL) throws {
  try TinyModel(family, layers: 1, width: 8, heads: 2, vocabulary: 256).write(to: folder)
  try TinyVocabulary(words: []).write(to: folder)
}

/// One with a piece of one of its texts replaced.
private func folder(
  _ name: String, _ terms: String?, _ family: TinyModel.Family, _ file: String,
  _ old: String, _ new: String
) -> HostileInput {
  HostileInput("folders/\(name)", terms) { url in
    try write(family, to: url)
    let path = url.appendingPathComponent(file)
    let text = try String(contentsOf: path, encoding: .utf8)
    let changed = text.replacingOccurrences(of: old, with: new)
    guard changed != text else { throw CocoaError(.fileReadUnknown) }
    try Data(changed.utf8).write(to: path)
  }
}

private func gpt2(_ name: String, _ terms: String?, _ old: String, _ new: String) -> HostileInput {
  folder(name, terms, .gpt2, "config.json", old, new)
}

private func llama(_ name: String, _ terms: String?, _ old: String, _ new: String) -> HostileInput {
  folder(name, terms, .llama, "config.json", old, new)
}

/// A model folder with one file put in place of another.
private func put(
  _ name: String, _ terms: String?, _ file: String, size: Int? = nil, _ bytes: [UInt8]
) -> HostileInput {
  HostileInput("folders/\(name)", terms) { url in
    try write(.gpt2, to: url)
    let path = url.appendingPathComponent(file)
    try Data(bytes).write(to: path)
    if let size {
      let handle = try FileHandle(forWritingTo: path)
      try handle.truncate(atOffset: UInt64(size))
      try handle.close()
    }
  }
}

/// A model folder whose weights are in the shards of an index.
private func indexed(
  _ name: String, _ terms: String?, _ index: String, size: Int? = nil,
  more: [String: [UInt8]] = [:]
) -> HostileInput {
  HostileInput("indexes/\(name)", terms) { url in
    try write(.gpt2, to: url)
    try FileManager.default.moveItem(
      at: url.appendingPathComponent("model.safetensors"),
      to: url.appendingPathComponent("model-1.safetensors"))
    for (file, bytes) in more { try Data(bytes).write(to: url.appendingPathComponent(file)) }
    let path = url.appendingPathComponent("model.safetensors.index.json")
    try Data(index.utf8).write(to: path)
    if let size {
      let handle = try FileHandle(forWritingTo: path)
      try handle.truncate(atOffset: UInt64(size))
      try handle.close()
    }
  }
}

extension HostileInput {
  static let ofConfigurations: [HostileInput] = [
    HostileInput("folders/gpt2", nil) { try write(.gpt2, to: $0) },
    HostileInput("folders/llama", nil) { try write(.llama, to: $0) },
    gpt2("layers-a-fraction", "n_layer;1.0", "\"n_layer\": 1", "\"n_layer\": 1.0"),
    gpt2("layers-with-exponent", "n_layer;1e0", "\"n_layer\": 1", "\"n_layer\": 1e0"),
    gpt2("layers-true", "n_layer;true", "\"n_layer\": 1", "\"n_layer\": true"),
    gpt2("layers-null", "n_layer", "\"n_layer\": 1", "\"n_layer\": null"),
    gpt2("layers-a-list", "n_layer;array", "\"n_layer\": 1", "\"n_layer\": [1]"),
    gpt2("layers-minus", "n_layer;-1", "\"n_layer\": 1", "\"n_layer\": -1"),
    gpt2(
      "layers-2-to-63", "n_layer;9223372036854775808", "\"n_layer\": 1",
      "\"n_layer\": 9223372036854775808"),
    gpt2("layers-a-billion", "n_layer;1000000000", "\"n_layer\": 1", "\"n_layer\": 1000000000"),
    gpt2(
      "layers-twice-nested", "n_layer;duplicate", "\"n_layer\": 1",
      "\"n_layer\": 1, \"n_layer\": 1"),
    gpt2("heads-a-thousand", "n_head;1000", "\"n_head\": 2", "\"n_head\": 1000"),
    gpt2("width-2-to-40", "n_embd;1099511627776", "\"n_embd\": 8", "\"n_embd\": 1099511627776"),
    gpt2("width-another", "wte.weight|n_embd;16", "\"n_embd\": 8", "\"n_embd\": 16"),
    gpt2("no-positions", "n_positions;0", "\"n_positions\": 64", "\"n_positions\": 0"),
    gpt2("more-positions", "wpe.weight;128", "\"n_positions\": 64", "\"n_positions\": 128"),
    gpt2("no-vocabulary", "vocab_size;0", "\"vocab_size\": 256", "\"vocab_size\": 0"),
    gpt2("epsilon-infinite", "layer_norm_epsilon;1e999", "1e-05", "1e999"),
    gpt2("epsilon-nan", "config.json;nan|line", "1e-05", "NaN"),
    gpt2("epsilon-0", "layer_norm_epsilon;0", "1e-05", "0"),
    gpt2("epsilon-a-text", "layer_norm_epsilon;string", "1e-05", "\"1e-05\""),
    gpt2("activation-a-number", "activation_function;3", "\"gelu_new\"", "3"),
    gpt2("type-a-number", "model_type;2", "\"gpt2\"", "2"),
    gpt2("type-empty", "model_type", "\"gpt2\"", "\"\""),
    gpt2("type-of-another-family", "hidden_size|n_embd", "\"gpt2\"", "\"llama\""),
    gpt2(
      "a-field-unheard-of", "n_lyer|did you mean", "\"n_layer\": 1", "\"n_layer\": 1, \"n_lyer\": 2"
    ),
    gpt2("a-comment", "config.json;line 1", "{\"model_type\"", "{// \n\"model_type\""),
    gpt2(
      "deep", "config.json;nest", "\"n_layer\": 1",
      "\"n_layer\": "
        + String(repeating: "[", count: 50_000) + String(repeating: "]", count: 50_000)),
    gpt2("a-tab-in-a-string", "config.json;control", "\"gpt2\"", "\"gp\tt2\""),
    gpt2("a-half-pair", "config.json;surrogate", "\"gpt2\"", "\"\\ud83d\""),
    gpt2("an-unknown-escape", "config.json;escape", "\"gpt2\"", "\"gpt\\2\""),
    llama(
      "key-heads-3", "num_key_value_heads;3", "\"num_key_value_heads\": 1",
      "\"num_key_value_heads\": 3"),
    llama("rotation-0", "rope_theta;0", "10000.0", "0"),
    llama("rotation-negative", "rope_theta;-1", "10000.0", "-1.5"),
    llama("rotation-infinite", "rope_theta;1e400", "10000.0", "1e400"),
    llama(
      "scaling-unheard-of", "rope_scaling;warp", "\"rope_theta\"",
      "\"rope_scaling\": {\"rope_type\": \"warp\", \"factor\": 2.0}, \"rope_theta\""),
    llama(
      "scaling-a-list", "rope_scaling;array", "\"rope_theta\"",
      "\"rope_scaling\": [2], \"rope_theta\""),
    llama("tied-a-text", "tie_word_embeddings;false", "false", "\"false\""),
    llama("head-width-0", "head_dim;0", "\"rope_theta\"", "\"head_dim\": 0, \"rope_theta\""),
    llama(
      "head-width-huge", "head_dim;4611686018427387904", "\"rope_theta\"",
      "\"head_dim\": 4611686018427387904, \"rope_theta\""),
    put("config-of-holes", "config.json;control", "config.json", size: 60 << 20, [0x7B]),
    put("config-past-the-limit", "config.json;limit", "config.json", size: 1 << 32, [0x7B]),
    put(
      "config-in-utf-16", "config.json;utf-8", "config.json",
      [0xFF, 0xFE, 0x7B, 0, 0x7D, 0]),
    put(
      "config-with-a-mark", "config.json;byte-order", "config.json",
      [0xEF, 0xBB, 0xBF, 0x7B, 0x7D]),
    put("config-a-number", "config.json;object", "config.json", Array("17".utf8)),
    put("config-cut", "config.json;end", "config.json", Array("{\"model_type\": \"gp".utf8)),
    put(
      "config-a-picture", "config.json", "config.json", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]),
    put("weights-empty", "model.safetensors;8 bytes|truncated", "model.safetensors", []),
    put("weights-also-in-python", nil, "pytorch_model.bin", []),
    put("index-also", "model.safetensors;both", "model.safetensors.index.json", Array("{}".utf8)),
  ]

  static let ofIndexes: [HostileInput] = [
    indexed("an-array", "index.json;object", "[]"),
    indexed("map-an-array", "weight_map;object", "{\"weight_map\": []}"),
    indexed("map-null", "weight_map", "{\"weight_map\": null}"),
    indexed("map-twice", "weight_map;duplicate", "{\"weight_map\": {}, \"weight_map\": {}}"),
    indexed("map-empty", "wte.weight|weight", "{\"weight_map\": {}}"),
    indexed("shard-null", "wte.weight;null", "{\"weight_map\": {\"wte.weight\": null}}"),
    indexed("shard-empty", "wte.weight;shard", "{\"weight_map\": {\"wte.weight\": \"\"}}"),
    indexed("shard-a-dot", "wte.weight;shard", "{\"weight_map\": {\"wte.weight\": \".\"}}"),
    indexed(
      "shard-above", "wte.weight;..;outside",
      "{\"weight_map\": {\"wte.weight\": \"../model-1.safetensors\"}}"),
    indexed(
      "shard-below", "wte.weight;a/b.safetensors;outside",
      "{\"weight_map\": {\"wte.weight\": \"a/b.safetensors\"}}"),
    indexed(
      "shard-absolute", "wte.weight;/dev/zero;outside",
      "{\"weight_map\": {\"wte.weight\": \"/dev/zero.safetensors\"}}"),
    indexed(
      "shard-with-nul", "wte.weight;\\u{0}",
      "{\"weight_map\": {\"wte.weight\": \"model-1.safetensors\\u0000.safetensors\"}}"),
    indexed(
      "shard-of-another-kind", "wte.weight;model.bin;.safetensors",
      "{\"weight_map\": {\"wte.weight\": \"model.bin\"}}"),
    indexed(
      "shard-of-300-letters", "wte.weight;shard",
      "{\"weight_map\": {\"wte.weight\": \"\(String(repeating: "a", count: 300)).safetensors\"}}"),
    indexed(
      "shard-missing", "model-2.safetensors",
      "{\"weight_map\": {\"wte.weight\": \"model-2.safetensors\"}}"),
    indexed(
      "tensor-missing", "ghost;model-1.safetensors",
      "{\"weight_map\": {\"ghost\": \"model-1.safetensors\"}}"),
    indexed(
      "shard-damaged", "model-2.safetensors;header",
      "{\"weight_map\": {\"x\": \"model-2.safetensors\"}}",
      more: ["model-2.safetensors": safetensors("[]")]),
    indexed("of-holes", "index.json;control", "{\"weight_map\": {", size: 200 << 20),
    indexed("past-the-limit", "index.json;limit", "{", size: 1 << 30),
  ]

  static let ofPaths: [HostileInput] = [
    HostileInput("paths/nothing.gguf", "no such file", made: { _ in }),
    HostileInput("paths/nothing.toml", "no such file", code: 3, made: { _ in }),
    HostileInput("paths/nothing.zst", "no such file", code: 5, made: { _ in }),
    HostileInput(
      "paths/empty-folder", "config.json|no such",
      made: { url in
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      }),
    folderNamed("paths/folder.safetensors", code: 4), folderNamed("paths/folder.npy", code: 4),
    folderNamed("paths/folder.bin", code: 4), folderNamed("paths/folder.zst", code: 5),
    folderNamed("paths/folder.toml", code: 3),
    pipe("paths/pipe.gguf", code: 4), pipe("paths/pipe.safetensors", code: 4),
    pipe("paths/pipe.bin", code: 4), pipe("paths/pipe.npy", code: 4),
    pipe("paths/tokenizer.json", code: 4), pipe("paths/pipe.zst", code: 5),
    pipe("paths/pipe.toml", code: 3),
    link("paths/zero.gguf", to: "/dev/zero", code: 4),
    link("paths/zero.safetensors", to: "/dev/zero", code: 4),
    link("paths/zero.zst", to: "/dev/zero", code: 5),
    link("paths/zero.toml", to: "/dev/zero", code: 3),
  ]

  private static func folderNamed(_ name: String, code: Int32) -> HostileInput {
    HostileInput(
      name, "directory;regular", code: code,
      made: { url in
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      })
  }

  private static func pipe(_ name: String, code: Int32) -> HostileInput {
    HostileInput(name, "pipe;regular", code: code, made: { _ = mkfifo($0.path, 0o600) })
  }

  private static func link(_ name: String, to target: String, code: Int32) -> HostileInput {
    HostileInput(
      name, "device;regular", code: code,
      made: { url in
        try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
      })
  }
}
