import Foundation
import Inputs
import Testing

@testable import Checkpoints

/// A folder with two shards, `a` in the first and `b` in the second, and that weight map.
private func shards(_ weightMap: String, second: [String] = ["b"]) throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  for (number, names) in [(1, ["a"]), (2, second)] {
    var writer = SafetensorsWriter()
    for name in names { writer.add(name, shape: [1], [Float(number)]) }
    try writer.write(to: folder.path + "/m-\(number).safetensors")
  }
  try folder.write(ShardedSafetensors.indexName, #"{"weight_map":\#(weightMap)}"#.utf8)
  return folder
}

@Test func `each tensor is read from the shard that the index names`() throws {
  let folder = try shards(#"{"b":"m-2.safetensors","a":"m-1.safetensors"}"#)
  let model = try ShardedSafetensors(folder: folder.path)
  #expect(model.shards.map(\.path) == [1, 2].map { folder.path + "/m-\($0).safetensors" })
  #expect(try model.floats("a") == [1])
  #expect(try model.floats("b") == [2])
}

@Test func `a tensor that the index leaves out is kept`() throws {
  let folder = try shards(
    #"{"a":"m-1.safetensors","b":"m-2.safetensors"}"#, second: ["b", "buffer"])
  #expect(try ShardedSafetensors(folder: folder.path).floats("buffer") == [2])
}

@Test(arguments: [
  #"../m-1.safetensors"#, #"/dev/zero"#, #"sub/m-1.safetensors"#, #"m-1.bin"#, "",
  #"m-1.safetensors\u0000.safetensors"#, #"caf\u00e9.safetensors"#,
])
func `a shard name that is no plain file name is refused`(name: String) throws {
  let folder = try shards(#"{"a":"\#(name)"}"#)
  expectRefusal("index.json;weight_map.a;outside") {
    try ShardedSafetensors(folder: folder.path)
  }
}

@Test(arguments: [
  (#"{"a":"m-1.safetensors","b":"m-3.safetensors"}"#, "m-3.safetensors;no such file"),
  (#"{"a":"m-2.safetensors","b":"m-1.safetensors"}"#, "weight_map;m-2.safetensors;m-1.safetensors"),
  (#"{"a":"m-1.safetensors","ghost":"m-2.safetensors"}"#, "weight_map.ghost;no such tensor"),
  (#"{"a":1}"#, "weight_map.a;string"),
  (#"[]"#, "weight_map;object"),
])
func `an index that does not fit its shards is refused`(weightMap: String, terms: String) throws {
  let folder = try shards(weightMap)
  expectRefusal(terms) { try ShardedSafetensors(folder: folder.path) }
}

@Test func `a tensor in two shards is refused, since either could be meant`() throws {
  let folder = try shards(
    #"{"a":"m-1.safetensors","b":"m-2.safetensors"}"#, second: ["a", "b"])
  expectRefusal("m-2.safetensors;a;m-1.safetensors too") {
    try ShardedSafetensors(folder: folder.path)
  }
}

@Test(arguments: [
  "model.layers.0.self_attn.rotary_emb.inv_freq", "transformer.h.0.attn.bias",
  "h.11.attn.masked_bias", "gpt_neox.layers.2.attention.bias", "h.1.attn.attention.masked_bias",
])
func `a buffer that stands in the index alone is passed over`(name: String) throws {
  let folder = try shards(
    #"{"a":"m-1.safetensors","\#(name)":"m-1.safetensors","b":"m-2.safetensors"}"#)
  let model = try ShardedSafetensors(folder: folder.path)
  #expect(Set(model.tensors.keys) == ["a", "b"])
}

@Test(arguments: [
  ("h.0.attn.c_attn.bias", "m-1.safetensors", "h.0.attn.c_attn.bias;no such tensor"),
  ("h.0.attn.weight", "m-1.safetensors", "h.0.attn.weight;no such tensor"),
  ("h.0.attn.bias", "m-3.safetensors", "m-3.safetensors;no such file"),
])
func `a weight or a shard that is missing is refused beside buffers`(
  name: String, shard: String, terms: String
) throws {
  let folder = try shards(#"{"a":"m-1.safetensors","\#(name)":"\#(shard)"}"#)
  expectRefusal(terms) { try ShardedSafetensors(folder: folder.path) }
}

@Test func `a buffer in another shard than the index says is refused, as any tensor`() throws {
  let folder = try shards(
    #"{"a":"m-1.safetensors","h.0.attn.bias":"m-1.safetensors","b":"m-2.safetensors"}"#,
    second: ["b", "h.0.attn.bias"])
  expectRefusal("h.0.attn.bias;m-1.safetensors;m-2.safetensors") {
    try ShardedSafetensors(folder: folder.path)
  }
}
