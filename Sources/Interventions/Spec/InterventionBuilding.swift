internal import Autodiff
internal import Inputs
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
  let tensors: SpecTensors?
  /// Parameters that were saved, in place of `params`.
  var saved: [String: Tensor<Float>]?

  var joins: Bool { spec.type.joinsUnits && !spec.keepsLastDimension }

  func callAsFunction() throws(Refusal) -> Built {
    var built = try made()
    if let name = spec.constantSource {
      let field = try spec.field["source_representation"]
      guard spec.type.takesConstantSource else {
        throw field.refusal(
          "a constant source for \(spec.type.rawValue)",
          expected: "null: \(Self.constantTypes) take one; others take source_representations")
      }
      built.given = InterventionCall.Given(try source().floats(named: name, for: field))
    }
    try refuseUnusedParameters(built.intervention)
    return built
  }

  private static let constantTypes = InterventionType.allCases.filter(\.takesConstantSource)
    .map(\.rawValue).joined(separator: ", ")

  private func made() throws(Refusal) -> Built {
    switch spec.type {
    case .zero: return Built(intervention: Zero())
    case .vanilla: return Built(intervention: Vanilla())
    case .addition: return Built(intervention: Addition())
    case .subtraction: return Built(intervention: Subtraction())
    case .collect: return Built(intervention: Collect())
    case .skip: return Built(intervention: Skip())
    case .scale: return Built(intervention: Scale(factor: try number("factor")))
    case .interpolate: return Built(intervention: Interpolate(alpha: try number("alpha")))
    case .multiply:
      return Built(intervention: Multiply(), given: .init(try argument("tensor")))
    case .fixedNoise:
      let noise = Noise(level: try number("level"), name: spec.type.rawValue)
      return Built(
        intervention: noise, given: .init(try argument("noise"), repeatsOverExamples: true))
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
    let level = try spec.arguments?.optional("level")?.double() ?? Noise<Float>.usualLevel
    let noise = Noise<Float>(level: Float(level))
    if let drawn = saved?["noise"] {
      return Built(intervention: noise, given: .init(drawn, repeatsOverExamples: true))
    }
    if try spec.arguments?.optional("noise") != nil {
      return Built(
        intervention: noise, given: .init(try argument("noise"), repeatsOverExamples: true))
    }
    let seed = try spec.arguments?.optional("seed")?.int(in: 0...Int(UInt32.max)) ?? 1
    guard let width else {
      throw spec.field.refusal("noise on \(spec.component)", expected: "another site")
    }
    return Built(intervention: noise, drawsNoise: (UInt32(seed), width))
  }

  // MARK: Numbers and tensors

  func source() throws(Refusal) -> SpecTensors {
    guard let tensors else {
      throw spec.field.refusal("the name of a tensor", expected: "a tensor file")
    }
    return tensors
  }

  private func arguments() throws(Refusal) -> JSONField {
    guard let arguments = spec.arguments else {
      throw spec.field.refusal(
        "no args", expected: "args with \(spec.type.arguments.joined(separator: ", "))")
    }
    return arguments
  }

  func number(_ name: String) throws(Refusal) -> Float {
    Float(try arguments()[name].double())
  }

  func argument(_ name: String) throws(Refusal) -> Tensor<Float> {
    try source().floats(arguments()[name])
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
      found = try source().floats(named: tensor, for: spec.field["params"])
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
    for (name, _) in spec.parameters where !known.contains(name) {
      let near = nearest(to: name, among: known).map { "\($0) (did you mean that?)" }
      throw refusal(
        name, "an unknown parameter",
        expected: near ?? (isNone ? "none" : known.joined(separator: ", ")))
    }
  }
}
