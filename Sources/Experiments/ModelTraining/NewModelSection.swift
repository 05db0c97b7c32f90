package import Inputs
package import Models

/// `[model]` of a job that trains a model's own weights: an architecture and its sizes, to begin from
/// random weights, or the path of a folder, to go on from trained ones.
package struct NewModelSection: Sendable {
  package enum Architecture: String, CaseIterable, Sendable {
    case mlp, gru, gpt2, llama

    /// What the job calls its sizes; those that may be left out last.
    fileprivate var sizes: (needed: [String], optional: [String]) {
      switch self {
      case .mlp: (["layers", "width", "classes"], ["activation", "bias"])
      case .gru: (["layers", "width"], ["classes", "vocabulary", "positions", "bias"])
      case .gpt2:
        (["layers", "width", "heads", "vocabulary", "positions"], ["mlp_width", "activation"])
      case .llama:
        (
          ["layers", "width", "heads", "vocabulary", "positions", "mlp_width"],
          ["key_value_heads", "activation"]
        )
      }
    }
  }

  package enum Start: Sendable {
    case new(NewModel)
    case folder(ModelSection)
  }

  package let start: Start
  package let canonical: JobValue
  /// The folder as it is written, or the architecture.
  package let name: String

  package init(_ field: JobField, folder: String) throws(Refusal) {
    let whole = try field.anyTable()
    try whole.refuse("path", besides: "architecture")
    guard let name = whole.optional("architecture") else {
      guard whole.optional("path") != nil else {
        throw whole.place(of: "architecture").refusal(
          "no architecture and no path",
          expected: "one of \(Architecture.allCases.map(\.rawValue).joined(separator: ", ")), or a "
            + "model's folder to go on from")
      }
      let section = try ModelSection(field, folder: folder)
      (start, canonical) = (.folder(section), section.canonical)
      self.name = section.path.written
      return
    }
    let architecture: Architecture = try name.choice()
    self.name = architecture.rawValue
    let (needed, optional) = architecture.sizes
    let section = try field.table(known: ["architecture"] + needed + optional)
    for key in needed { _ = try section.required(key, expected: "a size of the model") }
    var config: JSONObject
    switch architecture {
    case .mlp: config = try Self.mlp(section)
    case .gru: config = try Self.gru(section)
    case .gpt2: config = try Self.gpt2(section)
    case .llama: config = try Self.llama(section)
    }
    _ = config.insert(.string("float32"), forKey: "dtype")
    let json = JSONField(
      .object(config), file: field.place.file, path: field.place.path, kind: .job)
    start = .new(try NewModel(json))
    canonical = JobValue(.table(section.table))
  }

  // MARK: Configurations, in the words of transformers and pyvene

  private static func size(
    _ key: String, _ section: JobSection, from least: Int = 1, most: Int = 1 << 20
  ) throws(Refusal) -> Int? {
    try section.optional(key)?.int(in: least...most)
  }

  private static func object(_ members: [(String, JSON?)]) -> JSONObject {
    var object = JSONObject()
    for case (let key, let value?) in members { _ = object.insert(value, forKey: key) }
    return object
  }

  private static func number(_ value: Int?) -> JSON? {
    value.map { .number(JSONNumber(text: "\($0)")) }
  }

  private static func text(
    _ key: String, _ section: JobSection, or usual: String
  ) throws(Refusal) -> JSON {
    .string(try section.optional(key)?.string() ?? usual)
  }

  private static func flag(
    _ key: String, _ section: JobSection, or usual: Bool
  ) throws(Refusal) -> JSON {
    .bool(try section.optional(key)?.bool() ?? usual)
  }

  private static let layerLimit = 1000

  private static func mlp(_ section: JobSection) throws(Refusal) -> JSONObject {
    object([
      ("architectures", .array([.string("MLPForClassification")])), ("model_type", .string("mlp")),
      ("include_emb", .bool(false)), ("vocab_size", number(50257)),
      ("max_position_embeddings", number(512)),
      ("n_layer", number(try size("layers", section, most: layerLimit))),
      ("h_dim", number(try size("width", section))),
      ("activation_function", try text("activation", section, or: "relu")), ("pdrop", number(0)),
      ("num_classes", number(try size("classes", section))),
      ("include_bias", try flag("bias", section, or: true)), ("squeeze_output", .bool(true)),
    ])
  }

  private static func gru(_ section: JobSection) throws(Refusal) -> JSONObject {
    let vocabulary = try size("vocabulary", section, most: 1 << 24)
    let classes = try size("classes", section)
    guard vocabulary != nil || classes != nil else {
      throw section.place(of: "classes").refusal(
        "no classes and no vocabulary",
        expected: "classes for a classifier, or a vocabulary for a language model")
    }
    return object([
      (
        "architectures",
        .array([.string(classes == nil ? "GRULMHeadModel" : "GRUForClassification")])
      ),
      ("model_type", .string("gru")), ("include_emb", .bool(vocabulary != nil)),
      ("vocab_size", number(vocabulary ?? 50257)),
      ("max_position_embeddings", number(try size("positions", section) ?? 512)),
      ("n_layer", number(try size("layers", section, most: layerLimit))),
      ("h_dim", number(try size("width", section))), ("n_labels", number(classes ?? 2)),
      ("include_bias", try flag("bias", section, or: true)), ("pdrop", number(0)),
      ("tie_word_embeddings", classes == nil ? .bool(false) : nil),
      ("initializer_range", .number(JSONNumber(text: "0.02"))),
    ])
  }

  private static func gpt2(_ section: JobSection) throws(Refusal) -> JSONObject {
    object([
      ("architectures", .array([.string("GPT2LMHeadModel")])), ("model_type", .string("gpt2")),
      ("n_layer", number(try size("layers", section, most: layerLimit))),
      ("n_embd", number(try size("width", section))),
      ("n_head", number(try size("heads", section))),
      ("n_inner", number(try size("mlp_width", section)) ?? .null),
      ("vocab_size", number(try size("vocabulary", section, most: 1 << 24))),
      ("n_positions", number(try size("positions", section))),
      ("activation_function", try text("activation", section, or: "gelu_new")),
      ("layer_norm_epsilon", .number(JSONNumber(text: "1e-05"))),
      ("tie_word_embeddings", .bool(true)), ("attn_pdrop", number(0)), ("embd_pdrop", number(0)),
      ("resid_pdrop", number(0)), ("bos_token_id", .null), ("eos_token_id", .null),
    ])
  }

  private static func llama(_ section: JobSection) throws(Refusal) -> JSONObject {
    let heads = try size("heads", section)
    return object([
      ("architectures", .array([.string("LlamaForCausalLM")])), ("model_type", .string("llama")),
      ("num_hidden_layers", number(try size("layers", section, most: layerLimit))),
      ("hidden_size", number(try size("width", section))), ("num_attention_heads", number(heads)),
      ("num_key_value_heads", number(try size("key_value_heads", section) ?? heads)),
      ("intermediate_size", number(try size("mlp_width", section))),
      ("vocab_size", number(try size("vocabulary", section, most: 1 << 24))),
      ("max_position_embeddings", number(try size("positions", section))),
      ("hidden_act", try text("activation", section, or: "silu")),
      ("rms_norm_eps", .number(JSONNumber(text: "1e-06"))),
      (
        "rope_parameters",
        .object(
          object([
            ("rope_theta", .number(JSONNumber(text: "10000.0"))), ("rope_type", .string("default")),
          ]))
      ),
      ("tie_word_embeddings", .bool(false)), ("attention_bias", .bool(false)),
      ("mlp_bias", .bool(false)), ("bos_token_id", .null), ("eos_token_id", .null),
    ])
  }
}
