internal import Autodiff
package import Tensors

/// Reads activations of some sites and layers in forward passes that go no further than these.
package struct ActivationPass: Sendable {
  package let model: DecoderModel<Float>
  package let sites: [Site]
  /// In rising order.
  package let layers: [Int]

  package init(model: DecoderModel<Float>, sites: [Site], layers: [Int]) {
    (self.model, self.sites, self.layers) = (model, sites, layers)
  }

  /// Blocks that are run for those sites of those layers.
  package static func depth(_ sites: [Site], _ layers: [Int]) -> Int {
    (layers.last ?? 0) + (sites.allSatisfy { $0 == .blockInput } ? 0 : 1)
  }

  /// - Parameter sequences: Token ids, each from its first position on.
  /// - Returns: By site and layer `[rows, width of the site]`, the sequences below each other.
  package func callAsFunction(_ sequences: [[Int]]) -> [[Tensor<Float>]] {
    let wanted = Set(sites.map(\.unsplit))
    var found: [Site: [Int: Tensor<Float>]] = [:]
    let run = Run<Float>(model.batch(of: .tokens(sequences))) { [layers] site, layer, x in
      if wanted.contains(site), layers.contains(layer) {
        found[site, default: [:]][layer] = x.value
      }
      return x
    }
    let depth = Self.depth(sites, layers)
    let embeddings = model.embeddings(of: .tokens(sequences), on: run.tape)
    let last = model.blocks(0..<depth, model.stream(of: embeddings, in: run), in: run)
    if depth == layers.last { found[.blockInput, default: [:]][depth] = last.value }
    return sites.map { site in
      layers.map { layer in
        guard let value = found[site.unsplit]?[layer] else {
          preconditionFailure("no \(site.rawValue) in layer \(layer)")
        }
        return value
      }
    }
  }

  /// Bytes of a pass over so many rows, whose longest sequence is so long, at most.
  package static func byteCount(_ shape: DecoderShape, rows: Int, longest: Int) -> Int {
    let block = 8 * shape.width + 3 * shape.queryWidth + 4 * shape.keyWidth + 6 * shape.mlpWidth
    return 4 * rows * (block + 3 * shape.heads * longest)
  }
}
