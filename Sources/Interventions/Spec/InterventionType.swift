/// The kinds of intervention that a specification can name, by the names of the reference.
public enum InterventionType: String, Sendable, CaseIterable {
  case zero = "ZeroIntervention"
  case vanilla = "VanillaIntervention"
  case addition = "AdditionIntervention"
  case subtraction = "SubtractionIntervention"
  case noise = "NoiseIntervention"
  case collect = "CollectIntervention"
  case skip = "SkipIntervention"
  case rotatedSpace = "RotatedSpaceIntervention"
  case lowRankRotatedSpace = "LowRankRotatedSpaceIntervention"
  case boundlessRotatedSpace = "BoundlessRotatedSpaceIntervention"
  case sigmoidMask = "SigmoidMaskIntervention"
  case sigmoidMaskRotatedSpace = "SigmoidMaskRotatedSpaceIntervention"
  case pcaRotatedSpace = "PCARotatedSpaceIntervention"
  case autoencoder = "AutoencoderIntervention"
  case jumpReLUAutoencoder = "JumpReLUAutoencoderIntervention"
  case scale = "custom.Scale"
  case interpolate = "custom.Interpolate"
  case fixedNoise = "custom.FixedNoise"
  case multiply = "function.multiply"
  /// A formula over `base` and `source`.
  case expression = "expression"

  /// The members of `args` that the type reads; all others are refused.
  var arguments: [String] {
    switch self {
    case .scale: ["factor"]
    case .interpolate: ["alpha"]
    case .fixedNoise: ["noise", "level"]
    case .noise: ["noise", "level", "seed"]
    case .pcaRotatedSpace: ["components", "mean", "std"]
    case .multiply: ["tensor"]
    case .jumpReLUAutoencoder: ["keep_error"]
    case .expression: ["formula", "constants", "trained"]
    case .rotatedSpace, .lowRankRotatedSpace, .boundlessRotatedSpace, .sigmoidMaskRotatedSpace,
      .autoencoder:
      ["seed"]
    default: []
    }
  }

  /// Whether the units of an example are one vector unless `keep_last_dim` says otherwise.
  var joinsUnits: Bool {
    switch self {
    case .rotatedSpace, .lowRankRotatedSpace, .boundlessRotatedSpace, .sigmoidMaskRotatedSpace,
      .pcaRotatedSpace, .autoencoder:
      true
    default: false
    }
  }

  /// Whether `subspaces` change nothing, since the type's own numbers choose, or all is changed.
  var ignoresSubspaces: Bool {
    switch self {
    case .boundlessRotatedSpace, .sigmoidMask, .sigmoidMaskRotatedSpace, .noise, .fixedNoise,
      .scale, .interpolate, .multiply:
      true
    default: false
    }
  }

  /// Whether a constant can stand in for the source.
  var takesConstantSource: Bool {
    switch self {
    case .vanilla, .addition, .subtraction, .interpolate, .expression: true
    default: false
    }
  }
}
