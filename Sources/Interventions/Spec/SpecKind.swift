/// What a specification asks for.
package enum SpecKind: String, Sendable, CaseIterable {
  case forward, generate, gradient, train
  /// A forward pass with interventions from a folder that the reference wrote.
  case saveLoad = "save_load"
  /// A forward pass of a recurrent model.
  case gruTime = "gru_time"
  /// A forward pass with changes of attention probabilities.
  case attentionWeight = "attention_weight"

  /// Those that the manual tells of; the others are forward passes by the names of test files.
  static let told: [SpecKind] = [.forward, .generate, .gradient, .train]

  /// Whether it is one forward pass.
  package var isForward: Bool {
    switch self {
    case .forward, .saveLoad, .gruTime, .attentionWeight: true
    case .generate, .gradient, .train: false
    }
  }
}
