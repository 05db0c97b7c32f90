/// The published names of models' modules, with the sites that they stand for.
enum ModulePaths {
  /// A decoder's site at a path such as `transformer.h[3].mlp.output` or
  /// `model.layers.0.self_attn.input`.
  static func site(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    site(of: path, under: [["transformer", "h"], ["h"]], gpt2, layers: layers)
      ?? site(of: path, under: [["model", "layers"], ["layers"]], llama, layers: layers)
  }

  /// A recurrent model's site at a path such as `gru.cells[0].x2h.output`.
  static func gruSite(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    site(of: path, under: [["gru", "cells"], ["cells"]], gru, layers: layers)
  }

  /// A perceptron's site at a path such as `mlp.h[2].act.output`.
  static func mlpSite(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    site(of: path, under: [["mlp", "h"], ["h"]], mlp, layers: layers)
  }

  /// A Backpack's site at a path such as `backpack.sense_network.output` or
  /// `backpack.gpt2_model.h[3].mlp.output`.
  static func backpackSite(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    let parts = parts(of: path)
    let rest = (parts.first == "backpack" ? parts.dropFirst() : parts[...]).joined(separator: ".")
    switch rest {
    case "sense_network.output": return (.senseNetworkOutput, 0)
    case "sense_weight_net.output": return (.contextualization, 0)
    default: return site(of: rest, under: [["gpt2_model", "h"]], gpt2, layers: layers)
    }
  }

  private static func parts(of path: String) -> [String] {
    path.replacing("[", with: ".").replacing("]", with: "")
      .split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  /// The site of a module of a layer, under one of the paths that layers stand at.
  private static func site(
    of path: String, under prefixes: [[String]], _ modules: [String: Site], layers: Int
  ) -> (site: Site, layer: Int)? {
    let parts = parts(of: path)
    guard let prefix = prefixes.first(where: { parts.starts(with: $0) }),
      parts.count > prefix.count + 1, let layer = Int(parts[prefix.count]),
      (0..<layers).contains(layer)
    else { return nil }
    return modules[parts[(prefix.count + 1)...].joined(separator: ".")].map { ($0, layer) }
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

  /// Every path of a decoder's layer, by bare models' names too, in a fixed order.
  static func paths(ofLayer layer: Int) -> [String] {
    [("transformer.h", gpt2), ("h", gpt2), ("model.layers", llama), ("layers", llama)]
      .flatMap { prefix, modules in modules.keys.map { "\(prefix)[\(layer)].\($0)" } }.sorted()
  }

  private static let gpt2: [String: Site] = [
    "input": .blockInput, "output": .blockOutput, "attn.input": .attentionInput,
    "attn.output": .attentionOutput, "attn.c_proj.input": .attentionValueOutput,
    "attn.c_proj.output": .attentionOutput, "attn.resid_dropout.output": .attentionOutput,
    "ln_1.output": .attentionInput, "ln_2.output": .mlpInput, "mlp.input": .mlpInput,
    "mlp.act.output": .mlpActivation, "mlp.c_proj.input": .mlpActivation,
    "mlp.c_proj.output": .mlpOutput, "mlp.output": .mlpOutput,
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

  private static let gru: [String: Site] = [
    "input": .cellInput, "output": .cellOutput, "x2h.input": .cellInput,
    "x2h.output": .x2hOutput, "h2h.output": .h2hOutput, "reset_act.input": .resetGateInput,
    "reset_act.output": .resetGateOutput, "update_act.input": .updateGateInput,
    "update_act.output": .updateGateOutput, "new_act.input": .newGateInput,
    "new_act.output": .newGateOutput,
  ]

  private static let mlp: [String: Site] = [
    "input": .blockInput, "output": .blockOutput, "ff1.input": .blockInput,
    "act.output": .mlpActivation, "dropout.input": .mlpActivation, "dropout.output": .blockOutput,
  ]
}
