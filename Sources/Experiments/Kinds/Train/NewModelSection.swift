package import Inputs
package import JobFiles
package import Models

/// `[model]` of a job that trains a model's own weights: an architecture and its sizes, to begin from
/// random weights, or the path of a folder, to go on from trained ones.
package struct NewModelSection: Sendable {
  package enum Architecture: String, CaseIterable, Sendable {
    case mlp, gru, gpt2, llama
  }

  package enum Start: Sendable {
    case new(NewModel)
    case folder(ModelSection)
  }

  package let start: Start
  /// The folder as it is written, or the architecture.
  package let name: String

  /// The folder, where training goes on from one.
  var folder: ModelSection? { if case .folder(let section) = start { section } else { nil } }

  /// The sizes of a new model, each nil where it is left out.
  private struct Sizes {
    var layers, width, heads, keyValueHeads, mlpWidth, vocabulary, positions, classes: Int?
    var activation: String?
    var bias: Bool?
  }

  package init(_ f: inout Fields) throws(Refusal) {
    let folder = try ModelSection.ofFolder(&f, unless: "architecture")
    let architecture: Architecture? = try f.optional(
      "architecture", .choice(),
      "The kind of a model that begins from random weights.")
    let sizes = try Self.sizes(&f, architecture)
    if let folder {
      (start, name) = (.folder(folder), folder.path.written)
      return
    }
    guard let architecture else {
      throw f.place.member("architecture").refusal(
        "no architecture and no path", expected: "one of the two")
    }
    var config: JSONObject
    switch architecture {
    case .mlp: config = Self.mlp(sizes)
    case .gru:
      guard sizes.vocabulary != nil || sizes.classes != nil else {
        throw f.place(of: "classes").refusal(
          "no classes and no vocabulary",
          expected: "classes for a classifier, or a vocabulary for a language model")
      }
      config = Self.gru(sizes)
    case .gpt2: config = Self.gpt2(sizes)
    case .llama: config = Self.llama(sizes)
    }
    _ = config.insert(.string("float32"), forKey: "dtype")
    let json = JSONField(.object(config), file: f.place.file, path: f.place.path, kind: .job)
    (start, name) = (.new(try NewModel(json)), architecture.rawValue)
  }

  private static func sizes(
    _ f: inout Fields, _ architecture: Architecture?
  ) throws(Refusal) -> Sizes {
    func among(_ list: [Architecture]) -> Fields.When {
      let names = list.map { quoted($0.rawValue) }.joined(separator: " or ")
      return Fields.When(
        architecture.map(list.contains) ?? false,
        list.count == Architecture.allCases.count ? "an architecture" : "architecture = \(names)",
        of: architecture.map { quoted($0.rawValue) } ?? "a model that is gone on with")
    }
    func size<Value>(
      _ key: String, _ type: FieldType<Value>, _ needed: [Architecture],
      or others: [Architecture] = [],
      usually: String? = nil, _ says: String
    ) throws(Refusal) -> Value? {
      let need = among(needed)
      let value = try f.optional(
        key, type,
        needed: needed.isEmpty ? nil : Fields.When(need.holds, "with \(need.text)"),
        usually: usually, only: among(needed + others), says)
      return f.has(key) ? value : nil
    }
    let number = FieldType.int(1...1 << 20)
    let all = Architecture.allCases
    return Sizes(
      layers: try size("layers", .int(1...1000), all, "Layers."),
      width: try size(
        "width", number, all, "Width of the states between layers; of an mlp, of its input."),
      heads: try size("heads", number, [.gpt2, .llama], "Heads of attention in a layer."),
      keyValueHeads: try size(
        "key_value_heads", number, [], or: [.llama], usually: "heads",
        "Heads of keys and values, which queries share."),
      mlpWidth: try size(
        "mlp_width", number, [.llama], or: [.gpt2], usually: "of gpt2 four times the width",
        "Hidden units of each MLP."),
      vocabulary: try size(
        "vocabulary", .int(1...1 << 24), [.gpt2, .llama], or: [.gru], "Tokens."),
      positions: try size(
        "positions", number, [.gpt2, .llama], or: [.gru], usually: "512", "Tokens of a context."),
      classes: try size("classes", number, [.mlp], or: [.gru], "Answers of a classifier."),
      activation: try size(
        "activation", .text, [], or: [.mlp, .gpt2, .llama],
        usually: "relu of mlp, gelu_new of gpt2, silu of llama",
        "The nonlinearity, as transformers calls it."),
      bias: try size(
        "bias", .flag, [], or: [.mlp, .gru], usually: "true", "Whether layers have one."))
  }

  // MARK: Configurations, in the words of transformers and pyvene

  private static func object(_ members: [(String, JSON?)]) -> JSONObject {
    var object = JSONObject()
    for case (let key, let value?) in members { _ = object.insert(value, forKey: key) }
    return object
  }

  private static func number(_ value: Int?) -> JSON? {
    value.map { .number(JSONNumber(text: "\($0)")) }
  }

  private static func mlp(_ sizes: Sizes) -> JSONObject {
    object([
      ("architectures", .array([.string("MLPForClassification")])), ("model_type", .string("mlp")),
      ("include_emb", .bool(false)), ("vocab_size", number(50257)),
      ("max_position_embeddings", number(512)),
      ("n_layer", number(sizes.layers)),
      ("h_dim", number(sizes.width)),
      ("activation_function", .string(sizes.activation ?? "relu")), ("pdrop", number(0)),
      ("num_classes", number(sizes.classes)),
      ("include_bias", .bool(sizes.bias ?? true)), ("squeeze_output", .bool(true)),
    ])
  }

  private static func gru(_ sizes: Sizes) -> JSONObject {
    object([
      (
        "architectures",
        .array([.string(sizes.classes == nil ? "GRULMHeadModel" : "GRUForClassification")])
      ),
      ("model_type", .string("gru")), ("include_emb", .bool(sizes.vocabulary != nil)),
      ("vocab_size", number(sizes.vocabulary ?? 50257)),
      ("max_position_embeddings", number(sizes.positions ?? 512)),
      ("n_layer", number(sizes.layers)),
      ("h_dim", number(sizes.width)), ("n_labels", number(sizes.classes ?? 2)),
      ("include_bias", .bool(sizes.bias ?? true)), ("pdrop", number(0)),
      ("tie_word_embeddings", sizes.classes == nil ? .bool(false) : nil),
      ("initializer_range", .number(JSONNumber(text: "0.02"))),
    ])
  }

  private static func gpt2(_ sizes: Sizes) -> JSONObject {
    object([
      ("architectures", .array([.string("GPT2LMHeadModel")])), ("model_type", .string("gpt2")),
      ("n_layer", number(sizes.layers)),
      ("n_embd", number(sizes.width)),
      ("n_head", number(sizes.heads)),
      ("n_inner", number(sizes.mlpWidth) ?? .null),
      ("vocab_size", number(sizes.vocabulary)),
      ("n_positions", number(sizes.positions)),
      ("activation_function", .string(sizes.activation ?? "gelu_new")),
      ("layer_norm_epsilon", .number(JSONNumber(text: "1e-05"))),
      ("tie_word_embeddings", .bool(true)), ("attn_pdrop", number(0)), ("embd_pdrop", number(0)),
      ("resid_pdrop", number(0)), ("bos_token_id", .null), ("eos_token_id", .null),
    ])
  }

  private static func llama(_ sizes: Sizes) -> JSONObject {
    object([
      ("architectures", .array([.string("LlamaForCausalLM")])), ("model_type", .string("llama")),
      ("num_hidden_layers", number(sizes.layers)),
      ("hidden_size", number(sizes.width)), ("num_attention_heads", number(sizes.heads)),
      ("num_key_value_heads", number(sizes.keyValueHeads ?? sizes.heads)),
      ("intermediate_size", number(sizes.mlpWidth)),
      ("vocab_size", number(sizes.vocabulary)),
      ("max_position_embeddings", number(sizes.positions)),
      ("hidden_act", .string(sizes.activation ?? "silu")),
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
