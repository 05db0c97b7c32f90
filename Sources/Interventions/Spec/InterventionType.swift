internal import JobFiles

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

  /// Whether `interchange_dim` says something: how many first coordinates are exchanged, or the list of
  /// latents.
  var takesInterchange: Bool { self == .autoencoder || usesInterchangeCount }

  /// Whether a number in `interchange_dim` says how many first coordinates are exchanged; the
  /// formulas of the others do not have it. Saved folders of the reference hold it all the same.
  var usesInterchangeCount: Bool {
    switch self {
    case .autoencoder, .lowRankRotatedSpace, .boundlessRotatedSpace, .sigmoidMask,
      .sigmoidMaskRotatedSpace, .scale, .interpolate, .fixedNoise, .multiply:
      false
    default: true
    }
  }

  /// Whether runs show latents beside the changed activation.
  var hasLatents: Bool { self == .autoencoder || self == .jumpReLUAutoencoder }

  /// The members of `args` that must be there.
  var neededArguments: [String] {
    switch self {
    case .scale: ["factor"]
    case .interpolate: ["alpha"]
    case .fixedNoise: ["noise", "level"]
    case .pcaRotatedSpace: ["components", "mean", "std"]
    case .multiply: ["tensor"]
    case .expression: ["formula"]
    default: []
    }
  }

  /// Whether parameters start from draws, by a seed.
  var drawsStart: Bool {
    switch self {
    case .rotatedSpace, .lowRankRotatedSpace, .boundlessRotatedSpace, .sigmoidMaskRotatedSpace,
      .autoencoder:
      true
    default: false
    }
  }

  /// Holds where this is one of the types, and for the manual.
  func within(_ f: Fields, _ types: [InterventionType]) -> Fields.When {
    Fields.When(
      f.isManual || types.contains(self), types.map(\.rawValue).joined(separator: ", "),
      of: rawValue)
  }

  func within(_ f: Fields, _ types: InterventionType...) -> Fields.When { within(f, types) }

  /// Whether a constant can stand in for the source.
  var takesConstantSource: Bool {
    switch self {
    case .vanilla, .addition, .subtraction, .interpolate, .expression: true
    default: false
    }
  }
}
