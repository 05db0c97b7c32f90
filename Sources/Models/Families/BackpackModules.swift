/// The published module paths.
extension BackpackModel {
  /// The site at a published module path.
  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    let parts = ModulePaths.parts(of: path)
    let rest = Array(parts.first == "backpack" ? parts.dropFirst() : parts[...])
    return switch rest.joined(separator: ".") {
    case "sense_network.output": (.senseNetworkOutput, 0)
    case "sense_weight_net.output": (.contextualization, 0)
    case "gpt2_model.wte.output": (.tokenEmbeddingOutput, 0)
    case "gpt2_model.wpe.output": (.positionEmbeddingOutput, 0)
    default:
      ModulePaths.site(
        of: rest, under: [["gpt2_model", "h"]], modules, layers: shape.decoder.layers)
    }
  }

  public func modulePaths(ofLayer layer: Int) -> [String] {
    modules.map { "backpack.gpt2_model.h[\(layer)].\($0.key)" }
      + ["sense_network", "sense_weight_net", "gpt2_model.wte", "gpt2_model.wpe"].map {
        "backpack.\($0).output"
      }
  }

  /// When a run comes by a component among those that hold the same value.
  public func order(ofComponent component: String) -> Int {
    ModulePaths.order(of: component, modules)
  }

  /// Of a block of the stack inside.
  private var modules: ModulePaths.Modules {
    decoder.names.modules.paths(shape.decoder).inBlock
  }
}
