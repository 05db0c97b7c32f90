internal import Checkpoints
public import Inputs
public import Tensors

/// Reads a model's configuration, from a `config.json` or a GGUF file, by the names that transformers
/// gives its fields.
///
/// Each key is asked for once; what nobody asked for is looked at in the end.
public struct ConfigReader {
  private enum Source {
    case json(JSONField)
    /// - Parameter keys: What GGUF calls a field, after the architecture's name and a point.
    case gguf(Checkpoint, GGUFMetadata, architecture: String, keys: [String: String])
  }

  private let source: Source
  private var asked: Set<String> = []

  public init(_ config: JSONField) { source = .json(config) }

  /// - Parameter keys: Names of fields beyond the usual ones.
  init(
    _ checkpoint: Checkpoint, _ metadata: GGUFMetadata, architecture: String,
    keys: [String: String]
  ) {
    source = .gguf(
      checkpoint, metadata, architecture: architecture,
      keys: Self.ggufKeys.merging(keys) { $1 })
  }

  /// What GGUF calls fields of most families.
  private static let ggufKeys = [
    "hidden_size": "embedding_length", "intermediate_size": "feed_forward_length",
    "num_hidden_layers": "block_count", "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv", "head_dim": "attention.key_length",
    "max_position_embeddings": "context_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "layer_norm_eps": "attention.layer_norm_epsilon",
    "sliding_window": "attention.sliding_window", "rope_theta": "rope.freq_base",
    "num_local_experts": "expert_count", "num_experts_per_tok": "expert_used_count",
    "moe_intermediate_size": "expert_feed_forward_length",
    "attn_logit_softcapping": "attn_logit_softcapping",
    "final_logit_softcapping": "final_logit_softcapping",
  ]

  /// The GGUF file, if it is one.
  var gguf: (checkpoint: Checkpoint, metadata: GGUFMetadata, architecture: String)? {
    guard case .gguf(let checkpoint, let metadata, let architecture, _) = source else { return nil }
    return (checkpoint, metadata, architecture)
  }

  /// The `config.json`, if it is one.
  var json: JSONField? {
    if case .json(let config) = source { config } else { nil }
  }

  /// A field; nil where it is absent or null.
  public mutating func optional(_ key: String) throws(Refusal) -> ConfigField? {
    asked.insert(key)
    switch source {
    case .json(let config): return try config.optional(key).map { .json($0) }
    case .gguf(_, let metadata, let architecture, let keys):
      return keys[key].flatMap { metadata.optional("\(architecture).\($0)") }.map { .gguf($0) }
    }
  }

  /// A field that must be there.
  public mutating func required(_ key: String) throws(Refusal) -> ConfigField {
    if let field = try optional(key) { return field }
    switch source {
    case .json(let config): return .json(try config[key])
    case .gguf(_, let metadata, let architecture, let keys):
      return .gguf(try metadata["\(architecture).\(keys[key] ?? key)"])
    }
  }

  /// Whether a field is there and null, which some classes take for another thing than an absent one.
  public func isNull(_ key: String) throws(Refusal) -> Bool {
    guard case .json(let config) = source else { return false }
    if case .null = try config.object()[key] { return true }
    return false
  }

  /// How many keys a query sees; nil where there is no such field. GGUF files say 0 for all.
  public mutating func window(_ key: String = "sliding_window") throws(Refusal) -> Int? {
    let least = gguf == nil ? 1 : 0
    let size = try optional(key)?.int(in: least...1 << 30)
    return size == 0 ? nil : size
  }

  /// A size.
  ///
  /// - Parameter usual: What holds where the field is absent: the default of transformers'
  ///   configuration class. GGUF files have no defaults.
  public mutating func int(
    _ key: String, default usual: Int? = nil, in range: ClosedRange<Int> = 1...1 << 24
  ) throws(Refusal) -> Int {
    if let field = try optional(key) { return try field.int(in: range) }
    guard let usual else { return try required(key).int(in: range) }
    return usual
  }

  public mutating func bool(_ key: String, default usual: Bool) throws(Refusal) -> Bool {
    try optional(key)?.bool() ?? usual
  }

  public mutating func float(_ key: String, default usual: Float) throws(Refusal) -> Float {
    try optional(key)?.positive() ?? usual
  }

  /// What is added to a norm's variance or mean square.
  public mutating func epsilon(_ key: String, default usual: Float? = nil) throws(Refusal) -> Float
  {
    guard let field = try usual == nil ? required(key) : optional(key) else { return usual ?? 0 }
    let value = try field.double()
    guard Float(value) > 0, value < 1 else {
      throw field.refusal("\(value)", expected: "a number above 0 and below 1")
    }
    return Float(value)
  }

  public mutating func activation(
    _ key: String, default usual: Activation
  ) throws(Refusal) -> Activation {
    try optional(key)?.activation() ?? usual
  }

  /// A list of sizes.
  public mutating func ints(
    _ key: String, default usual: [Int], in range: ClosedRange<Int>
  ) throws(Refusal) -> [Int] {
    guard case .json(let field) = try optional(key) else { return usual }
    return try field.items().map { item throws(Refusal) in try item.int(in: range) }
  }

  /// One of the cases that a type has.
  public mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, default usual: Choice
  ) throws(Refusal) -> Choice where Choice.RawValue == String {
    guard let field = try optional(key) else { return usual }
    let name = try field.string()
    guard let choice = Choice(rawValue: name) else {
      throw field.refusal(
        quoted(name), expected: Choice.allCases.map(\.rawValue).joined(separator: " or "))
    }
    return choice
  }

  /// A list of strings, one for each layer.
  public mutating func names(
    _ key: String, count: Int, among known: [String]
  ) throws(Refusal) -> [String]? {
    guard case .json(let field) = try optional(key) else { return nil }
    let items = try field.items()
    guard items.count == count else {
      throw field.refusal("\(items.count) layers", expected: "\(count)")
    }
    return try items.map { item throws(Refusal) in
      let name = try item.string()
      guard known.contains(name) else {
        throw item.refusal(quoted(name), expected: known.joined(separator: " or "))
      }
      return name
    }
  }

  /// Refuses a flag that changes the forward pass in a way that is not supported.
  public mutating func require(
    _ key: String, _ wanted: Bool, because reason: String
  ) throws(Refusal) {
    guard let field = try optional(key), try field.bool() != wanted else { return }
    throw field.refusal("\(!wanted)", expected: "\(wanted): \(reason)")
  }

  /// The first of some keys that was asked for.
  func asked(among keys: [String]) -> String { keys.first { asked.contains($0) } ?? "" }

  /// Says that fields leave the forward pass as it is.
  public mutating func ignore(_ keys: String...) { asked.formUnion(keys) }

  /// Refuses fields that nobody knows and that could mean something.
  ///
  /// - Returns: Marks that tools left, which mean nothing.
  func finish() throws(Refusal) -> [String] {
    guard case .json(let config) = source else { return [] }
    for name in try config.optional("architectures")?.items() ?? [] { _ = try name.string() }
    if let quantised = try config.optional("quantization_config") {
      throw quantised.refusal(
        "a quantised model", expected: "none: weights in floating point, or a GGUF file")
    }
    var marks: [String] = []
    for (key, field) in try config.members() where !asked.contains(key) && !Self.inert.contains(key)
    {
      switch field.value {
      case .null: continue
      case _ where key.hasPrefix("_") || Self.tools.contains(where: { key.hasPrefix($0) }):
        marks.append(key)
      default:
        let known = asked.union(Self.inert)
        let near = nearest(to: key, among: known).map { "\($0) (did you mean that?)" }
        throw field.refusal(
          "an unknown field \(quoted(key))",
          expected: near ?? "fields of the family: \(asked.sorted().joined(separator: ", "))")
      }
    }
    return marks
  }

  /// What the names of fields begin with that tools put into configurations.
  private static let tools = ["unsloth", "mergekit", "axolotl", "trl_"]

  /// Fields that every family may carry and that leave the forward pass as it is.
  static let inert = inertKeys.union([
    "output_past", "_num_labels", "output_router_logits", "router_aux_loss_coef",
    "router_jitter_noise", "attention_dropout", "activation_dropout", "hidden_dropout",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob", "resid_pdrop", "embd_pdrop", "attn_pdrop", "resid_dropout",
    "embed_dropout", "dropout", "classifier_dropout", "gradient_checkpointing", "pretraining_tp",
    "init_std", "initializer_factor", "attn_implementation", "_attn_implementation", "use_mems",
    "gradient_clipping", "layerdrop", "summary_activation", "summary_first_dropout",
    "summary_proj_to_labels", "summary_type", "summary_use_proj", "model_max_length",
    "tokenizer_model_max_length", "use_flash_attn", "hidden_dropout_rate", "quantization",
    "text_config_dict", "mask_token_id", "sep_token", "full_attn_mod",
  ])
}
