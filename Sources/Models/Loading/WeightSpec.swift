/// A weight that a model's published files must hold.
package struct WeightSpec: Sendable, Equatable {
  package enum Use: Sendable, Equatable {
    /// A matrix that rows are multiplied with.
    case matrix(PublishedWeight.Order)
    /// Rows that are looked up.
    case table
    case vector
    /// Of a convolution, `[outputs, inputs, size, size]`.
    case kernel
    /// A vector that training leaves alone.
    case buffer
  }

  package let name: String
  /// As it is stored.
  package let size: [Int]
  package let use: Use
  /// Names of the same tensor where a model refers to it by several, of which a file keeps one.
  package var aliases: [String] = []
  /// Whether it is a matrix whose products are added to the residual stream.
  package var isWriting = false
  /// What all elements of a new vector are.
  package var start: Float?

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

  /// The kernel of a convolution without a bias.
  static func convolution(
    _ name: String, inputs: Int, outputs: Int, size: Int
  ) -> WeightSpec {
    WeightSpec(name: "\(name).weight", size: [outputs, inputs, size, size], use: .kernel)
  }

  /// The gain, the bias and the running statistics of a batch norm.
  static func batchNorm(_ name: String, width: Int) -> [WeightSpec] {
    layerNorm(name, width: width)
      + ["running_mean", "running_var"].map {
        WeightSpec(name: "\(name).\($0)", size: [width], use: .buffer)
      }
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
      let place = names.place(of: weight, self)
      guard let size = size(of: weight), known.insert(place.name).inserted else { return nil }
      var spec = WeightSpec(
        name: place.name, size: place.storedShape(of: size),
        use: size.count == 1 ? .vector : weight.isTable ? .table : .matrix(place.order))
      if case .block(let module, let layer, _) = weight.module {
        spec.isWriting = [.attentionOutput, .crossOutput, .down].contains(module)
        spec.start = weight.isGain && !blocks[layer].norm.addsOne ? 1 : 0
      } else {
        spec.start = weight.isGain && !(finalNorm?.addsOne ?? false) ? 1 : 0
      }
      return spec
    }
  }
}

extension [WeightSpec] {
  /// The names of those that training leaves alone.
  var buffers: Set<String> { Set(filter { $0.use == .buffer }.map(\.name)) }
}
