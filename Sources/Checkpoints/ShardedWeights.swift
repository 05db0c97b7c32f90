internal import Inputs

/// A weights file that may be one of several, listed in an index beside them.
protocol WeightsFile: TensorContainer {
  /// The name of the only weights file of a Hugging Face folder.
  static var singleName: String { get }
  /// How the names of shards end.
  static var suffix: String { get }
  var bytes: BoundedFile { get }
  init(_ path: String, kind: Refusal.Kind) throws(Refusal)
}

extension SafetensorsFile: WeightsFile {
  static var singleName: String { "model.safetensors" }
  static var suffix: String { ".safetensors" }
}

extension PyTorchFile: WeightsFile {
  static var singleName: String { "pytorch_model.bin" }
  static var suffix: String { ".bin" }
}

typealias ShardedSafetensors = ShardedWeights<SafetensorsFile>

/// Weights files in one folder that hold a model together, found through their index.
///
/// The index, such as `model.safetensors.index.json`, maps each tensor to the file that holds it.
/// Each tensor stands in exactly one shard, and those of the index in the shard that it says; a
/// shard's tensor that the index does not list is kept, as transformers keeps it. Buffers may stand
/// in the index alone: older versions saved them, and converters leave them out.
struct ShardedWeights<Shard: WeightsFile>: TensorContainer {
  /// The name under which Hugging Face folders have the index.
  static var indexName: String { "\(Shard.singleName).index.json" }

  /// The folder.
  let path: String
  /// Every tensor of every shard, by its name.
  let tensors: [String: TensorDescription]
  /// The shards, in the byte order of their names.
  let shards: [Shard]
  let index: BoundedFile
  private let shardsByPath: [String: Shard]

  /// Opens the index and every shard, and checks them against each other; reads no tensor.
  init(folder: String) throws(Refusal) {
    path = folder
    index = try BoundedFile("\(folder)/\(Self.indexName)", kind: .model)
    let json = try JSON.parse(
      try index.jsonBytes(limit: 256 << 20), file: index.path, kind: .model)
    let map = try JSONField(json, file: index.path, kind: .model)["weight_map"]

    var placed: [(tensor: String, shard: String, field: JSONField)] = []
    var shards: [String: Shard] = [:]
    var names: Set<ByteKey> = []
    for (tensor, field) in try map.members() {
      let name = try Self.shardName(field)
      names.insert(ByteKey(name))
      placed.append((tensor, name, field))
    }
    let ordered = names.map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for name in ordered {
      shards[name] = try Shard("\(folder)/\(name)", kind: .model)
    }

    let opened = ordered.compactMap { shards[$0] }
    var found: [String: TensorDescription] = [:]
    for tensor in opened.flatMap({ $0.tensors.values.sorted { $0.offset < $1.offset } }) {
      if let former = found.updateValue(tensor, forKey: tensor.name) {
        let files = [former.file, tensor.file].sorted()
        throw Refusal(
          .model, file: files[1], field: tensor.name, found: "a tensor that is in \(files[0]) too",
          expected: "each tensor in one shard")
      }
    }
    for (tensor, shard, field) in placed where shards[shard]?.tensors[tensor] == nil {
      if found[tensor] == nil, Self.isBuffer(tensor) { continue }
      let place = found[tensor].map { ", but in \($0.file)" } ?? ", nor in another"
      throw field.refusal(
        "\(quoted(shard)), which has no such tensor", expected: "the shard that has it\(place)")
    }
    self.shards = opened
    tensors = found
    shardsByPath = Dictionary(uniqueKeysWithValues: opened.map { ($0.path, $0) })
  }

  /// A model, for every refusal.
  var kind: Refusal.Kind { .model }

  /// The opened shard that holds a tensor.
  func file(of tensor: TensorDescription) -> BoundedFile { shard(of: tensor).bytes }

  func verify(_ tensor: TensorDescription) throws(Refusal) { try shard(of: tensor).verify(tensor) }

  private func shard(of tensor: TensorDescription) -> Shard {
    guard let shard = shardsByPath[tensor.file] else {
      preconditionFailure("\(tensor.name) of \(tensor.file) is not in \(path)")
    }
    return shard
  }

  /// Whether a name is that of a buffer: a mask, positions or frequencies that a model makes itself.
  /// Where a model has a weight of such a name, what reads the model refuses its absence.
  private static func isBuffer(_ name: String) -> Bool {
    let last = name.split(separator: ".").suffix(2).joined(separator: ".")
    return [
      "rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached", "attn.bias",
      "attn.masked_bias", "attention.bias", "attention.masked_bias", "embeddings.position_ids",
    ].contains(last)
  }

  /// A shard's file name: a plain name in ASCII, so that an index cannot reach out of its folder.
  ///
  /// The file itself may be a link that does: the Hugging Face cache is made of such links.
  private static func shardName(_ field: JSONField) throws(Refusal) -> String {
    let name = try field.string()
    let isPlain = name.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "/") }
    guard isPlain, name.hasSuffix(Shard.suffix), name.utf8.count <= 255 else {
      throw field.refusal(
        "the shard \(quoted(name))",
        expected: "the name of a \(Shard.suffix) file in the index's folder, not a path outside it")
    }
    return name
  }
}
