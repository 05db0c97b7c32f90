internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Tensors

/// Makes an intervention from its description and the tensors that this names.
struct InterventionBuilding {
  /// What a description stands for.
  struct Built {
    var intervention: any Intervention<Float>
    /// What takes the source's place in every run.
    var given: InterventionCall<Float>.Given?
    /// Noise that is drawn when it is known for how many units.
    var drawsNoise: (seed: UInt32, width: Int)?
  }

  let spec: RepresentationSpec
  /// The elements of one vector as far as the description says; nil of attention weights.
  let width: Int?
  /// Where the intervention acts.
  let place: SiteResolution
  let tensors: SpecTensors
  /// Parameters that were saved, in place of `params`.
  var saved: [String: Tensor<Float>]?

  var joins: Bool { spec.type.joinsUnits && !spec.keepsLastDimension }

  func callAsFunction() throws(Refusal) -> Built {
    var built = try made()
    if let field = spec.constantSource {
      built.given = InterventionCall.Given(try tensor(field, shape: width.map { [$0] }))
    }
    try refuseUnusedParameters(built.intervention)
    return built
  }

  private func made() throws(Refusal) -> Built {
    switch spec.type {
    case .zero: return Built(intervention: Zero())
    case .vanilla: return Built(intervention: Vanilla())
    case .addition: return Built(intervention: Addition())
    case .subtraction: return Built(intervention: Subtraction())
    case .collect: return Built(intervention: Collect())
    case .skip: return Built(intervention: Skip())
    case .scale: return Built(intervention: Scale(factor: Float(try needed("factor", \.factor))))
    case .interpolate:
      return Built(intervention: Interpolate(alpha: Float(try needed("alpha", \.alpha))))
    case .multiply:
      return Built(
        intervention: Multiply(),
        given: .init(try argument("tensor", \.tensor, shape: width.map { [$0] })))
    case .fixedNoise:
      let noise = Noise(level: Float(try needed("level", \.level)), name: spec.type.rawValue)
      return Built(
        intervention: noise, given: .init(try argument("noise", \.noise), repeatsOverExamples: true)
      )
    case .noise: return try noise()
    case .sigmoidMask: return Built(intervention: try sigmoidMask())
    case .rotatedSpace:
      return Built(intervention: RotatedSpace(try rotation(), joinsUnits: joins))
    case .lowRankRotatedSpace:
      return Built(intervention: LowRankRotatedSpace(try rotation(), joinsUnits: joins))
    case .boundlessRotatedSpace: return Built(intervention: try boundless())
    case .sigmoidMaskRotatedSpace: return Built(intervention: try sigmoidRotated())
    case .pcaRotatedSpace: return Built(intervention: try pca())
    case .autoencoder: return Built(intervention: try autoencoder())
    case .jumpReLUAutoencoder: return Built(intervention: try jumpReLU())
    case .expression: return Built(intervention: try expression())
    }
  }

  private func noise() throws(Refusal) -> Built {
    let level = spec.arguments?.level ?? Noise<Float>.usualLevel
    let noise = Noise<Float>(level: Float(level))
    if let drawn = saved?["noise"] {
      return Built(intervention: noise, given: .init(drawn, repeatsOverExamples: true))
    }
    if let given = spec.arguments?.noise {
      return Built(
        intervention: noise, given: .init(try tensor(given), repeatsOverExamples: true))
    }
    let seed = spec.arguments?.seed ?? 1
    guard seed <= Int(UInt32.max) else {
      throw try arguments().place.member("seed").refusal(
        "\(seed)", expected: "at most \(UInt32.max), as NumPy's generator has it")
    }
    guard let width else {
      throw spec.field.refusal("noise on \(spec.component)", expected: "another site")
    }
    return Built(intervention: noise, drawsNoise: (UInt32(seed), width))
  }

  // MARK: Numbers and tensors

  private func arguments() throws(Refusal) -> InterventionArguments {
    guard let arguments = spec.arguments else {
      throw spec.field.refusal(
        "no args", expected: "args with \(spec.type.neededArguments.joined(separator: ", "))")
    }
    return arguments
  }

  func needed<Value>(
    _ name: String, _ path: KeyPath<InterventionArguments, Value?>
  ) throws(Refusal) -> Value {
    let arguments = try arguments()
    guard let value = arguments[keyPath: path] else {
      throw arguments.place.member(name).refusal("no such field", expected: "a value")
    }
    return value
  }

  func argument(
    _ name: String, _ path: KeyPath<InterventionArguments, JSONField?>, shape: [Int]? = nil
  ) throws(Refusal) -> Tensor<Float> { try tensor(needed(name, path), shape: shape) }

  /// - Parameter shape: The only one that can be meant, if there is one.
  func tensor(_ field: JSONField, shape: [Int]? = nil) throws(Refusal) -> Tensor<Float> {
    try tensors.floats(field, for: .init(site: place.site, layer: place.layer, shape: shape))
  }

  /// A parameter, if it is given, in a shape that must be one of those allowed.
  func parameter(_ name: String, shape: [Int]?) throws(Refusal) -> Tensor<Float>? {
    let found: Tensor<Float>
    if let saved {
      guard let value = saved[name] else { return nil }
      found = value
    } else {
      guard let tensor = spec.parameters.first(where: { $0.name == name })?.tensor else {
        return nil
      }
      found = try self.tensor(tensor, shape: shape)
    }
    if let shape, found.shape != shape {
      throw refusal(name, "shape \(found.shape)", expected: "\(shape)")
    }
    return found
  }

  /// A parameter that must be there.
  func required(_ name: String, shape: [Int]?) throws(Refusal) -> Tensor<Float> {
    guard let value = try parameter(name, shape: shape) else {
      throw refusal(name, "no such parameter", expected: "the name of a tensor")
    }
    return value
  }

  func refusal(_ name: String, _ found: String, expected: String) -> Refusal {
    Refusal(
      spec.field.kind, file: spec.field.file, field: "\(spec.field.path).params.\(name)",
      found: found, expected: expected)
  }

  private func refuseUnusedParameters(
    _ intervention: any Intervention<Float>
  ) throws(Refusal) {
    let weights =
      (intervention as? Expression<Float>)?.orthogonalNames ?? [OrthogonalWeight<Float>.weightName]
    let known = intervention.parameters.entries.map(\.name) + weights
    let isNone = intervention.parameters.entries.isEmpty
    for name in spec.parameters.map(\.name) where !known.contains(name) {
      let near = nearest(to: name, among: known).map { "\($0) (did you mean that?)" }
      throw refusal(
        name, "an unknown parameter",
        expected: near ?? (isNone ? "none" : known.joined(separator: ", ")))
    }
  }
}
