/// A weight that a model's published files must hold.
package struct WeightSpec: Sendable, Equatable {
  package enum Use: Sendable, Equatable {
    /// A matrix that rows are multiplied with.
    case matrix(PublishedWeight.Order)
    /// Rows that are looked up.
    case table
    case vector
  }

  package let name: String
  /// As it is stored.
  package let size: [Int]
  package let use: Use
  /// Names of the same tensor where a model refers to it by several, of which a file keeps one.
  package var aliases: [String] = []

  /// The two weights of an affine map, or the one of a linear map.
  static func linear(
    _ name: String, inputs: Int, outputs: Int, bias: Bool,
    order: PublishedWeight.Order = .outputsByInputs
  ) -> [WeightSpec] {
    let size = order == .outputsByInputs ? [outputs, inputs] : [inputs, outputs]
    let weight = WeightSpec(name: "\(name).weight", size: size, use: .matrix(order))
    return bias
      ? [weight, WeightSpec(name: "\(name).bias", size: [outputs], use: .vector)] : [weight]
  }

  /// The gain and bias of a layer norm.
  static func layerNorm(_ name: String, width: Int) -> [WeightSpec] {
    ["weight", "bias"].map { WeightSpec(name: "\(name).\($0)", size: [width], use: .vector) }
  }

  static func table(_ name: String, rows: Int, width: Int, aliases: [String] = []) -> WeightSpec {
    WeightSpec(name: name, size: [rows, width], use: .table, aliases: aliases)
  }
}

extension DecoderShape {
  /// The tensors that hold a decoder's weights, in the order of use.
  func specs(named names: PublishedNames) -> [WeightSpec] {
    var known: Set<String> = []
    return weights.compactMap { weight in
      let place = names.place(of: weight)
      guard let size = size(of: weight), known.insert(place.name).inserted else { return nil }
      let isTable = weight == .tokenEmbedding || weight == .positionEmbedding
      return WeightSpec(
        name: place.name, size: place.storedSize(of: size),
        use: size.count == 1 ? .vector : isTable ? .table : .matrix(place.order))
    }
  }
}
