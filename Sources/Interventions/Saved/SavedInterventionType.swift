/// The intervention classes of pyvene 0.1.8 that a saved folder may name.
///
/// A file's text is compared with this table and never looked up anywhere else.
public enum SavedInterventionType: String, Sendable, CaseIterable {
  case zero = "ZeroIntervention"
  case collect = "CollectIntervention"
  case skip = "SkipIntervention"
  case vanilla = "VanillaIntervention"
  case addition = "AdditionIntervention"
  case subtraction = "SubtractionIntervention"
  case rotatedSpace = "RotatedSpaceIntervention"
  case boundlessRotatedSpace = "BoundlessRotatedSpaceIntervention"
  case sigmoidMaskRotatedSpace = "SigmoidMaskRotatedSpaceIntervention"
  case sigmoidMask = "SigmoidMaskIntervention"
  case lowRankRotatedSpace = "LowRankRotatedSpaceIntervention"
  case pcaRotatedSpace = "PCARotatedSpaceIntervention"
  case noise = "NoiseIntervention"
  case autoencoder = "AutoencoderIntervention"
  case jumpReLUAutoencoder = "JumpReLUAutoencoderIntervention"

  /// Where the classes are, and where they were before pyvene was a package.
  private static let modules = ["pyvene.models.interventions", "models.interventions"]

  /// The type that pyvene writes as that text; nil for every other text.
  init?(pythonName text: String) {
    let found = Self.allCases.first { type in
      Self.modules.contains { "<class '\($0).\(type.rawValue)'>" == text }
    }
    guard let found else { return nil }
    self = found
  }

  /// The text that pyvene writes for the type.
  var pythonName: String { "<class '\(Self.modules[0]).\(rawValue)'>" }

  /// Whether pyvene trains it, and so always saves its state.
  public var isTrainable: Bool {
    switch self {
    case .rotatedSpace, .boundlessRotatedSpace, .sigmoidMaskRotatedSpace, .sigmoidMask,
      .lowRankRotatedSpace, .autoencoder, .jumpReLUAutoencoder:
      true
    case .zero, .collect, .skip, .vanilla, .addition, .subtraction, .pcaRotatedSpace, .noise: false
    }
  }

  /// Whether it never has a source: pyvene calls its source constant and saves none.
  public var isSourceless: Bool {
    switch self {
    case .zero, .collect, .noise: true
    default: false
    }
  }
}
