public import Inputs
internal import Tensors

/// Backpack GPT-2: each token has several sense vectors, which a GPT-2 weights by context.
///
/// Hewitt et al., 2023, <https://arxiv.org/abs/2305.16765>.
public struct BackpackShape: Sendable, Equatable {
  /// The class that its files name; their `model_type` is that of the stack inside.
  fileprivate static let savedClass = "BackpackGPT2LMHeadModel"

  /// The GPT-2 that makes the weights; its token embedding is the output head as well.
  public var decoder: DecoderShape
  /// Sense vectors of a token.
  public var senses: Int
  /// The hidden width of the sense network's last MLP, in widths of the stream.
  public var scale: Int

  /// A shape of the given sizes.
  public init(decoder: DecoderShape, senses: Int, scale: Int) {
    (self.decoder, self.senses, self.scale) = (decoder, senses, scale)
  }

  /// The elements of one sense's query or key.
  public var queryWidth: Int { decoder.width / senses }

  /// The shape that a `config.json` describes.
  public init(_ config: JSONField) throws(Refusal) {
    _ = try config.savedClass(among: [Self.savedClass])
    var reader = ConfigReader(config)
    reader.ignore("num_senses", "sense_intermediate_scale")
    decoder = try reader.gpt2Shape(scalesByLayer: true)
    _ = try reader.finish()
    // The reference ties the head whatever the configuration says.
    decoder.head.isTied = true
    senses = try config["num_senses"].int(in: 1...decoder.width)
    scale = try config["sense_intermediate_scale"].int(in: 1...1024)
  }

  static let decoderNames = PublishedNames(.gpt2, prefix: "backpack.gpt2_model.")

  /// The weights of the GPT-2.
  var decoderWeights: [WeightSpec] {
    decoder.specs(named: Self.decoderNames).map { spec in
      var spec = spec
      switch spec.name {
      case "backpack.gpt2_model.wte.weight":
        spec.aliases = ["backpack.word_embeddings.weight", "lm_head.weight"]
      case "backpack.gpt2_model.wpe.weight":
        spec.aliases = ["backpack.position_embeddings.weight"]
      default: break
      }
      return spec
    }
  }

  /// The weights of the sense network and of the network that makes the senses' weights.
  var senseWeights: [WeightSpec] {
    let width = decoder.width
    func conv(_ name: String, _ inputs: Int, _ outputs: Int) -> [WeightSpec] {
      WeightSpec.linear(
        "backpack.sense_network.\(name)", inputs: inputs, outputs: outputs, bias: true,
        order: .inputsByOutputs)
    }
    func norm(_ name: String) -> [WeightSpec] {
      WeightSpec.layerNorm("backpack.sense_network.\(name)", width: width)
    }
    return norm("ln") + norm("block.ln_1") + conv("block.mlp.c_fc", width, 4 * width)
      + conv("block.mlp.c_proj", 4 * width, width) + norm("block.ln_2")
      + conv("final_mlp.c_fc", width, scale * width)
      + conv("final_mlp.c_proj", scale * width, senses * width)
      + WeightSpec.linear(
        "backpack.sense_weight_net.c_attn", inputs: width, outputs: 2 * senses * queryWidth,
        bias: true)
  }

  package var weights: [WeightSpec] { decoderWeights + senseWeights }
}

extension StandaloneFamily {
  static let backpack = StandaloneFamily(
    Family.gpt2.modelType, savedClass: BackpackShape.savedClass
  ) { config, _ throws(Refusal) in try BackpackShape(config) }
}

extension BackpackShape: StandaloneShape {
  package var description: (name: String, sizes: [(name: String, value: Int)]) {
    (
      "gpt2 (Backpack)",
      [
        ("layers", layers), ("width", decoder.width), ("heads", decoder.heads),
        ("senses", senses), ("vocabulary", decoder.vocabulary),
      ]
    )
  }
  package var kind: OpenedModel.Kind { .languageModel }
  package var layers: Int { decoder.layers }
  package var answerCount: Int { decoder.vocabulary }
  package var inputLimits: InputLimits { decoder.inputLimits }
  package var start: InitialWeights.Rule? { nil }
  package func isBuffer(_ tensor: String) -> Bool { Family.gpt2.isBuffer(tensor) }

  package func model(_ weights: NamedWeights<Float>) -> any TrainableModel<Float> {
    BackpackModel(self, weights)
  }
}
