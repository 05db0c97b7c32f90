internal import Checkpoints
public import Inputs

/// A family of transformers of one stack: how its configuration is read, and what its weights and
/// modules are called.
///
/// A new family is a new file with such a value, and its name in `Family.all`.
public struct Family: Sendable {
  /// How a family stands in GGUF files.
  public struct InGGUF: Sendable {
    /// The `general.architecture`.
    let architecture: String
    /// What GGUF calls fields that other families do not have.
    let keys: [String: String]
    /// What differs from the usual names.
    let names: [BlockModule: ModuleNames.Name]
    /// What differs further in blocks with a norm for each of two parallel parts.
    let parallel: [BlockModule: ModuleNames.Name]?
    /// Whether queries and keys are stored for rotary pairs of neighbours.
    let isInterleaved: Bool

    init(
      _ architecture: String, keys: [String: String] = [:],
      names: [BlockModule: ModuleNames.Name] = [:],
      parallel: [BlockModule: ModuleNames.Name]? = nil, isInterleaved: Bool = false
    ) {
      (self.architecture, self.keys) = (architecture, keys)
      (self.names, self.parallel, self.isInterleaved) = (names, parallel, isInterleaved)
    }
  }

  /// The `model_type` of its `config.json`.
  public let modelType: String
  let names: ModuleNames
  let gguf: InGGUF?
  private let read: @Sendable (inout ConfigReader) throws(Refusal) -> DecoderShape

  init(
    _ modelType: String, names: ModuleNames, gguf: InGGUF? = nil,
    shape: @escaping @Sendable (inout ConfigReader) throws(Refusal) -> DecoderShape
  ) {
    (self.modelType, self.names, self.gguf, read) = (modelType, names, gguf, shape)
  }

  /// The shape that a configuration describes.
  ///
  /// - Returns: The shape, and fields that are marks of tools.
  /// - Throws: A refusal of a wrong or unknown field.
  func shape(_ reader: ConfigReader) throws(Refusal) -> (shape: DecoderShape, marks: [String]) {
    var reader = reader
    let shape = try read(&reader)
    return (shape, try reader.finish())
  }

  /// The shape that a `config.json` describes.
  public func shape(_ config: JSONField) throws(Refusal) -> DecoderShape {
    try shape(ConfigReader(config)).shape
  }

  /// Where a weight stands in a GGUF file.
  func placeInGGUF(
    of weight: DecoderWeight, _ shape: DecoderShape, in checkpoint: Checkpoint
  ) -> PublishedWeight {
    var names = ModuleNames.gguf.with(gguf?.names ?? [:])
    if gguf?.names[.gate]?.isStacked ?? false {
      names.dense = ModuleNames.gguf.block.filter { [.gate, .up, .down].contains($0.key) }
    }
    names.parallel = gguf?.parallel
    var place = names.place(of: weight, prefix: "", shape)
    if checkpoint.tensors[place.name] == nil {
      // Converters of other times keep apart what most files have as one.
      for names in [ModuleNames.gguf, .gguf.with(ModuleNames.ggufSingleExperts)] {
        let other = names.place(of: weight, prefix: "", shape)
        if checkpoint.tensors[other.name] != nil { place = other }
      }
    }
    if gguf?.isInterleaved ?? false, case .block(let module, let layer, _) = weight.module {
      let attention = shape.blocks[layer].attention
      switch module {
      case .query: place.interleavedHeads = attention.heads
      case .key: place.interleavedHeads = attention.keyHeads
      default: break
      }
    }
    return place
  }

  /// Tensors of GGUF files that divide rotary frequencies.
  static let rotaryFactors = [
    "rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight",
  ]

  /// Whether a tensor may stand in the file though the model does not read it.
  func isBuffer(_ name: String) -> Bool {
    (names.buffers + ["rotary_emb.inv_freq", ".attn.bias", ".masked_bias"])
      .contains { name.hasSuffix($0) } || Self.rotaryFactors.contains(name)
  }
}

extension ModuleNames {
  /// What GGUF calls the weights of every family.
  static let gguf = ModuleNames(
    prefix: "", blocks: "blk",
    stack: [
      .tokenEmbedding: "token_embd", .positionEmbedding: "position_embd",
      .segmentEmbedding: "token_types", .embeddingNorm: "token_embd_norm",
      .finalNorm: "output_norm", .head: "output",
    ],
    block: [
      .attentionNorm: "attn_norm", .query: "attn_q", .key: "attn_k", .value: "attn_v",
      .queryNorm: "attn_q_norm", .keyNorm: "attn_k_norm", .sinks: "attn_sinks",
      .attentionOutput: "attn_output", .attentionOutputNorm: "post_attention_norm",
      .mlpNorm: "ffn_norm", .mlpOutputNorm: "post_ffw_norm", .router: "ffn_gate_inp",
      .gate: "ffn_gate", .up: "ffn_up", .down: "ffn_down",
    ],
    modules: ModuleTree(attention: []))

  /// What GGUF calls experts, each kind of matrix one tensor.
  static let ggufExperts: [BlockModule: Name] = [
    .gate: Name("ffn_gate_exps", isStacked: true), .up: Name("ffn_up_exps", isStacked: true),
    .down: Name("ffn_down_exps", isStacked: true),
  ]

  /// What older files call experts, each with tensors of its own.
  static let ggufSingleExperts: [BlockModule: Name] = [
    .gate: "ffn_gate.{expert}", .up: "ffn_up.{expert}", .down: "ffn_down.{expert}",
  ]

  /// What GGUF calls a projection of queries, keys and values in one.
  static let ggufFused = projections(Name("attn_qkv", fused: [.query, .key, .value]))
}
