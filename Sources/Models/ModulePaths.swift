/// The published names of models' modules, with the sites that they stand for.
enum ModulePaths {
  /// Names within a layer, in the order in which a run of the published implementation comes by
  /// those that hold the same value.
  typealias Modules = KeyValuePairs<String, Site>

  /// What a family calls the modules of a decoder.
  private struct Names {
    /// Where the blocks stand, from the whole model and from the bare one.
    let blocks: [[String]]
    /// Modules of a block, each with its side.
    let inBlock: Modules
    /// Modules outside of blocks; where they hold a block's value, which block's.
    let outside: KeyValuePairs<String, (site: Site, isLast: Bool)>

    func site(of parts: [String], layers: Int) -> (site: Site, layer: Int)? {
      if let found = ModulePaths.site(of: parts, under: blocks, inBlock, layers: layers) {
        return found
      }
      let whole = parts.joined(separator: ".")
      let bare = parts.dropFirst().joined(separator: ".")
      let isBare = parts.first == blocks[0].first
      let known = outside.first { $0.key == whole || (isBare && $0.key == bare) }
      guard let found = known?.value else { return nil }
      return (found.site, found.isLast ? layers - 1 : 0)
    }
  }

  private static func names(_ architecture: any Architecture.Type) -> Names {
    architecture.modelType == GPT2.modelType
      ? Names(blocks: [["transformer", "h"], ["h"]], inBlock: gpt2, outside: gpt2Outside)
      : Names(blocks: [["model", "layers"], ["layers"]], inBlock: llama, outside: llamaOutside)
  }

  /// A decoder's site at a path such as `transformer.h[3].mlp.output` or
  /// `model.layers.0.self_attn.input`.
  static func site(
    of path: String, _ architecture: any Architecture.Type, layers: Int
  ) -> (site: Site, layer: Int)? {
    names(architecture).site(of: parts(of: path), layers: layers)
  }

  /// A recurrent model's site at a path such as `gru.cells[0].x2h.output`.
  static func gruSite(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    site(of: parts(of: path), under: [["gru", "cells"], ["cells"]], gru, layers: layers)
  }

  /// A perceptron's site at a path such as `mlp.h[2].act.output`.
  static func mlpSite(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    switch path {
    case "score.input": (.blockOutput, layers - 1)
    case "score.output": (.logits, 0)
    default: site(of: parts(of: path), under: [["mlp", "h"], ["h"]], mlp, layers: layers)
    }
  }

  /// A Backpack's site at a path such as `backpack.sense_network.output` or
  /// `backpack.gpt2_model.h[3].mlp.output`.
  static func backpackSite(of path: String, layers: Int) -> (site: Site, layer: Int)? {
    let parts = parts(of: path)
    let rest = Array(parts.first == "backpack" ? parts.dropFirst() : parts[...])
    switch rest.joined(separator: ".") {
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
    of parts: [String], under prefixes: [[String]], _ modules: Modules, layers: Int
  ) -> (site: Site, layer: Int)? {
    guard let prefix = prefixes.first(where: { parts.starts(with: $0) }),
      parts.count > prefix.count + 1, let layer = Int(parts[prefix.count]),
      (0..<layers).contains(layer)
    else { return nil }
    let name = parts[(prefix.count + 1)...].joined(separator: ".")
    return modules.first { $0.key == name }.map { ($0.value, layer) }
  }

  /// When a run comes by a component among all that hold the same value: smaller is earlier.
  ///
  /// - Parameter component: The name of a site, which stands for its module, or a module path.
  static func order(
    of component: String, _ architecture: any Architecture.Type
  ) -> Int {
    let names = names(architecture)
    let parts = parts(of: component)
    for rest in parts.indices.map({ parts[$0...].joined(separator: ".") }) {
      guard let place = names.outside.firstIndex(where: { $0.key == rest }) else { continue }
      // All that is outside of blocks lies before the first or after the last.
      let isBefore =
        !names.outside[place].value.isLast
        && ![.finalNormOutput, .logits].contains(names.outside[place].value.site)
      return isBefore ? place - names.outside.count : names.inBlock.count + place
    }
    return order(of: component, names.inBlock)
  }

  /// - Parameter outside: The number of paths that lead to no layer.
  private static func order(
    of component: String, _ modules: Modules, outside: Int = 0
  ) -> Int {
    if let site = Site(rawValue: component) {
      let names = modules.filter { $0.value == site.part?.whole }.map(\.key)
      let own = names.isEmpty ? modules.filter { $0.value == site.unsplit }.map(\.key) : names
      guard let name = shortest(own) else { return 0 }
      return modules.firstIndex { $0.key == name } ?? 0
    }
    let parts = parts(of: component)
    guard let layer = parts.firstIndex(where: { Int($0) != nil }) else { return outside }
    let name = parts[(layer + 1)...].joined(separator: ".")
    return modules.firstIndex { $0.key == name } ?? outside
  }

  static func gruOrder(of component: String) -> Int { order(of: component, gru) }
  static func mlpOrder(of component: String) -> Int {
    // The head reads what the last layer gave.
    order(of: component, mlp, outside: mlp.count)
  }
  static func backpackOrder(of component: String) -> Int { order(of: component, gpt2) }

  /// The shortest name, which is the module itself, not what lies inside it.
  private static func shortest(_ names: [String]) -> String? {
    names.min { ($0.count, $0) < ($1.count, $1) }
  }

  /// A path that stands for a site, as the family publishes it; nil where no module ends there.
  static func path(of site: Site, layer: Int, _ architecture: any Architecture.Type) -> String? {
    let names = names(architecture)
    let candidates = names.inBlock.filter { $0.value == site.unsplit }.map(\.key)
    return shortest(candidates).map { "\(names.blocks[0].joined(separator: "."))[\(layer)].\($0)" }
  }

  /// Every path of a decoder's layer and outside of layers, by bare models' names too, in a fixed
  /// order.
  static func paths(
    _ architecture: any Architecture.Type, ofLayer layer: Int, layers: Int
  ) -> [String] {
    let names = names(architecture)
    let prefixes = (0..<layers).contains(layer) ? names.blocks : []
    let inside = prefixes.flatMap { prefix in
      names.inBlock.map { "\(prefix.joined(separator: "."))[\(layer)].\($0.key)" }
    }
    return
      (inside + names.outside.map { "\(names.blocks[0][0]).\($0.key)" }
      + names.outside.map(\.key)).sorted()
  }

  private static let gpt2: Modules = [
    "input": .blockInput,
    "ln_1.input": .blockInput,
    "ln_1.output": .attentionInput,
    "attn.input": .attentionInput,
    "attn.c_attn.input": .attentionInput,
    "attn.c_attn.output": .qkvOutput,
    "attn.attn_dropout.input": .attentionWeight,
    "attn.attn_dropout.output": .attentionWeight,
    "attn.c_proj.input": .attentionValueOutput,
    "attn.c_proj.output": .attentionOutput,
    "attn.resid_dropout.input": .attentionOutput,
    "attn.resid_dropout.output": .attentionOutput,
    "attn.output": .attentionOutput,
    "ln_2.input": .residualMiddle,
    "ln_2.output": .mlpInput,
    "mlp.input": .mlpInput,
    "mlp.c_fc.input": .mlpInput,
    "mlp.c_fc.output": .mlpPreactivation,
    "mlp.act.input": .mlpPreactivation,
    "mlp.act.output": .mlpActivation,
    "mlp.c_proj.input": .mlpActivation,
    "mlp.c_proj.output": .mlpOutput,
    "mlp.dropout.input": .mlpOutput,
    "mlp.dropout.output": .mlpOutput,
    "mlp.output": .mlpOutput,
    "output": .blockOutput,
  ]

  private static let gpt2Outside: KeyValuePairs<String, (site: Site, isLast: Bool)> = [
    "wte.output": (.tokenEmbeddingOutput, false),
    "wpe.output": (.positionEmbeddingOutput, false),
    "drop.input": (.blockInput, false),
    "drop.output": (.blockInput, false),
    "ln_f.input": (.blockOutput, true),
    "ln_f.output": (.finalNormOutput, false),
    "lm_head.input": (.finalNormOutput, false),
    "lm_head.output": (.logits, false),
  ]

  private static let llama: Modules = [
    "input": .blockInput,
    "input_layernorm.input": .blockInput,
    "input_layernorm.output": .attentionInput,
    "self_attn.input": .attentionInput,
    "self_attn.q_proj.input": .attentionInput,
    "self_attn.q_proj.output": .queryOutput,
    "self_attn.k_proj.input": .keyInput,
    "self_attn.k_proj.output": .keyOutput,
    "self_attn.v_proj.input": .valueInput,
    "self_attn.v_proj.output": .valueOutput,
    "self_attn.o_proj.input": .attentionValueOutput,
    "self_attn.o_proj.output": .attentionOutput,
    "self_attn.output": .attentionOutput,
    "post_attention_layernorm.input": .residualMiddle,
    "post_attention_layernorm.output": .mlpInput,
    "mlp.input": .mlpInput,
    "mlp.gate_proj.input": .mlpInput,
    "mlp.gate_proj.output": .mlpPreactivation,
    "mlp.act_fn.input": .mlpPreactivation,
    "mlp.act_fn.output": .mlpActivation,
    "mlp.up_proj.input": .mlpUpInput,
    "mlp.up_proj.output": .mlpUpOutput,
    "mlp.down_proj.input": .mlpProduct,
    "mlp.down_proj.output": .mlpOutput,
    "mlp.output": .mlpOutput,
    "output": .blockOutput,
  ]

  private static let llamaOutside: KeyValuePairs<String, (site: Site, isLast: Bool)> = [
    "embed_tokens.output": (.tokenEmbeddingOutput, false),
    "norm.input": (.blockOutput, true),
    "norm.output": (.finalNormOutput, false),
    "lm_head.input": (.finalNormOutput, false),
    "lm_head.output": (.logits, false),
  ]

  private static let gru: Modules = [
    "input": .cellInput,
    "x2h.input": .cellInput,
    "x2h.output": .x2hOutput,
    "h2h.input": .stateInput,
    "h2h.output": .h2hOutput,
    "reset_act.input": .resetGateInput,
    "reset_act.output": .resetGateOutput,
    "update_act.input": .updateGateInput,
    "update_act.output": .updateGateOutput,
    "new_act.input": .newGateInput,
    "new_act.output": .newGateOutput,
    "output": .cellOutput,
  ]

  private static let mlp: Modules = [
    "input": .blockInput,
    "ff1.input": .blockInput,
    "ff1.output": .mlpPreactivation,
    "act.input": .mlpPreactivation,
    "act.output": .mlpActivation,
    "dropout.input": .mlpActivation,
    "dropout.output": .blockOutput,
    "output": .blockOutput,
  ]
}
