/// The published names of a decoder's modules, with the sites that they stand for.
enum ModulePaths {
  /// The site at a path such as `transformer.h[3].mlp.output` or `model.layers.0.self_attn.input`.
  static func site(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    let plain = path.replacing("[", with: ".").replacing("]", with: "")
    let parts = plain.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let prefixes = [["transformer", "h"], ["h"], ["model", "layers"], ["layers"]]
    guard let prefix = prefixes.first(where: { parts.starts(with: $0) }),
      parts.count > prefix.count + 1, let layer = Int(parts[prefix.count]),
      (0..<layers).contains(layer)
    else { return nil }
    let module = parts[(prefix.count + 1)...].joined(separator: ".")
    let names = prefix.last == "h" ? gpt2 : llama
    return names[module].map { ($0, layer) }
  }

  /// A path that stands for a site, as the family publishes it; nil where no module ends there.
  static func path(of site: Site, layer: Int, family: String) -> String? {
    let (names, prefix) =
      family == GPT2.modelType ? (gpt2, "transformer.h") : (llama, "model.layers")
    let candidates = names.filter { $0.value == site.unsplit }.map(\.key)
    // The shortest is the module itself, not what lies inside it.
    let best = candidates.min { ($0.count, $0) < ($1.count, $1) }
    return best.map { "\(prefix)[\(layer)].\($0)" }
  }

  private static let gpt2: [String: Site] = [
    "input": .blockInput, "output": .blockOutput, "attn.input": .attentionInput,
    "attn.output": .attentionOutput, "attn.c_proj.input": .attentionValueOutput,
    "attn.c_proj.output": .attentionOutput, "attn.resid_dropout.output": .attentionOutput,
    "ln_1.output": .attentionInput, "ln_2.output": .mlpInput, "mlp.input": .mlpInput,
    "mlp.act.output": .mlpActivation, "mlp.c_proj.input": .mlpActivation,
    "mlp.output": .mlpOutput,
  ]

  private static let llama: [String: Site] = [
    "input": .blockInput, "output": .blockOutput, "self_attn.input": .attentionInput,
    "self_attn.output": .attentionOutput, "self_attn.q_proj.output": .queryOutput,
    "self_attn.k_proj.output": .keyOutput, "self_attn.v_proj.output": .valueOutput,
    "self_attn.o_proj.input": .attentionValueOutput,
    "self_attn.o_proj.output": .attentionOutput, "input_layernorm.output": .attentionInput,
    "post_attention_layernorm.output": .mlpInput, "mlp.input": .mlpInput,
    "mlp.act_fn.output": .mlpActivation, "mlp.output": .mlpOutput,
    "mlp.down_proj.output": .mlpOutput,
  ]
}
