internal import Autodiff
internal import Inputs
internal import Randomness
internal import Tensors

extension InterventionBuilding {
  /// The width of vectors, which the type needs to be made.
  private func knownWidth() throws(Refusal) -> Int {
    guard let width else {
      throw spec.field.refusal(
        "\(spec.type.rawValue) on \(spec.component)",
        expected: "a site whose width does not change with the context")
    }
    return width
  }

  /// What a double holds, and a parameter's number more.
  static var largestSeed: Int { (1 << 53) + (1 << 20) }

  private func seed() -> UInt64 {
    UInt64(spec.arguments?.seed ?? 0)
  }

  /// The rotation that parameters stand for, or a random one.
  func rotation() throws(Refusal) -> OrthogonalWeight<Float> {
    typealias Names = OrthogonalWeight<Float>
    let width = try knownWidth()
    let original = try parameter(Names.originalName, shape: nil)
    let base = try parameter(Names.baseName, shape: [width, width])
    let weight = try parameter(Names.weightName, shape: nil)
    let isSquare = spec.type != .lowRankRotatedSpace
    let said = spec.rank ?? original?.shape.last ?? weight?.shape.last
    guard let rank = isSquare ? width : said else {
      throw spec.field.refusal("no low_rank_dimension", expected: "the rank")
    }
    guard rank <= width, rank > 0 else {
      throw try (spec.field.optional("low_rank_dimension") ?? spec.field).refusal(
        "a rank of \(rank)", expected: "1 to \(width), the elements of a vector there")
    }
    for (name, value) in [(Names.originalName, original), (Names.weightName, weight)] {
      if let value, value.shape != [width, rank] {
        throw refusal(name, "shape \(value.shape)", expected: "\([width, rank])")
      }
    }
    if let base, let original {
      let rotation = OrthogonalWeight(base: base, original: original)
      if let weight { try check(weight, against: rotation) }
      return rotation
    }
    guard base == nil, original == nil else {
      let missing = base == nil ? Names.baseName : Names.originalName
      throw refusal(missing, "no such parameter", expected: "both or neither of base and original")
    }
    var random = SplitMix64(seed: seed())
    if let weight { return OrthogonalWeight(weight: weight, using: &random) }
    return OrthogonalWeight(rows: width, columns: rank, using: &random)
  }

  /// Refuses a stored matrix that is not what base and angles stand for.
  private func check(_ weight: Tensor<Float>, against rotation: OrthogonalWeight<Float>)
    throws(Refusal)
  {
    let made = rotation.weight
    let worst = zip(made.elements, weight.elements).map { abs($0 - $1) }.max() ?? 0
    guard worst <= OrthogonalWeight<Float>.storedTolerance else {
      throw refusal(
        OrthogonalWeight<Float>.weightName,
        "a matrix \(worst) away from what base and original stand for",
        expected: "the same matrix to \(OrthogonalWeight<Float>.storedTolerance), or no matrix")
    }
  }

  private func temperature() throws(Refusal) -> Tensor<Float>? {
    guard let value = try parameter("temperature", shape: nil) else { return nil }
    guard value.count == 1, value.scalar > 0 else {
      throw refusal("temperature", "shape \(value.shape)", expected: "one number above 0")
    }
    return value.reshaped([])
  }

  func boundless() throws(Refusal) -> BoundlessRotatedSpace<Float> {
    BoundlessRotatedSpace(
      try rotation(),
      boundary: try parameter("intervention_boundaries", shape: [1]) ?? Tensor([1], [0.5]),
      temperature: try temperature() ?? Tensor(scalar: 50), joinsUnits: joins)
  }

  func sigmoidRotated() throws(Refusal) -> SigmoidMaskRotatedSpace<Float> {
    SigmoidMaskRotatedSpace(
      try rotation(), masks: try parameter("masks", shape: [try knownWidth()]),
      temperature: try temperature() ?? Tensor(scalar: 50), joinsUnits: joins)
  }

  func sigmoidMask() throws(Refusal) -> SigmoidMask<Float> {
    let width = try knownWidth()
    return SigmoidMask(
      mask: try parameter("mask", shape: [width]) ?? Tensor(zeros: [width]),
      temperature: try temperature() ?? Tensor(scalar: 0.01))
  }

  func pca() throws(Refusal) -> PCARotatedSpace<Float> {
    let width = try knownWidth()
    func value(
      _ name: String, _ path: KeyPath<InterventionArguments, JSONField?>, _ parameter: String
    ) throws(Refusal) -> Tensor<Float> {
      if let value = try self.parameter(parameter, shape: nil) { return value }
      return try argument(name, path)
    }
    let components = try value("components", \.components, "pca_components")
    let mean = try value("mean", \.mean, "pca_mean")
    let deviation = try value("std", \.deviation, "pca_std")
    guard components.shape.count == 2, components.width == width, mean.shape == [width],
      deviation.shape == [width]
    else {
      throw refusal(
        "pca_components",
        "components \(components.shape), mean \(mean.shape), std "
          + "\(deviation.shape)", expected: "[components, \(width)], [\(width)] and [\(width)]")
    }
    return PCARotatedSpace(
      components: components, mean: mean, deviation: deviation, joinsUnits: joins)
  }

  func autoencoder() throws(Refusal) -> Autoencoder<Float> {
    let width = try knownWidth()
    guard let latents = spec.latents else {
      throw spec.field.refusal("no latent_dim", expected: "the number of latents")
    }
    var random = SplitMix64(seed: seed())
    // The reference's start: uniform within one over the square root of the inputs.
    func value(_ name: String, _ shape: [Int], inputs: Int) throws(Refusal) -> Tensor<Float> {
      if let value = try parameter(name, shape: shape) { return value }
      let limit = 1 / Float(inputs).squareRoot()
      return .uniform(shape, from: -limit, to: limit, using: &random)
    }
    typealias Names = Autoencoder<Float>
    let encoder = try (
      value(Names.encoderWeight, [latents, width], inputs: width),
      value(Names.encoderBias, [latents], inputs: width)
    )
    let decoder = try (
      value(Names.decoderWeight, [width, latents], inputs: latents),
      value(Names.decoderBias, [width], inputs: latents)
    )
    return Autoencoder(encoder: encoder, decoder: decoder, joinsUnits: joins)
  }

  func jumpReLU() throws(Refusal) -> JumpReLUAutoencoder<Float> {
    let width = try knownWidth()
    guard let latents = spec.rank else {
      throw spec.field.refusal("no low_rank_dimension", expected: "the number of latents")
    }
    typealias Names = JumpReLUAutoencoder<Float>
    func value(_ name: String, _ shape: [Int]) throws(Refusal) -> Tensor<Float> {
      try parameter(name, shape: shape) ?? Tensor(zeros: shape)
    }
    return JumpReLUAutoencoder(
      encoder: (
        try value(Names.encoderWeight, [width, latents]), try value(Names.encoderBias, [latents])
      ),
      decoder: (
        try value(Names.decoderWeight, [latents, width]), try value(Names.decoderBias, [width])
      ), threshold: try value(Names.thresholdName, [latents]),
      keepsError: spec.arguments?.keepsError ?? false)
  }
}
