internal import Checkpoints
internal import Inputs

/// A family whose models are neither one stack of transformer blocks nor a pair of stacks: how its
/// configuration is read. Its shape says the rest.
///
/// A new family is a new file with such a value, and its name in `StandaloneFamily.all`.
package struct StandaloneFamily: Sendable {
  /// The families that can be read.
  package static let all: [StandaloneFamily] = [backpack, gru, mlp, resNet]

  /// The `model_type` of its `config.json`.
  package let modelType: String
  /// The class by which its files are told from another family's of the same `model_type`; nil where
  /// the type is its own.
  let savedClass: String?
  /// - Parameter checkpoint: The weights; nil for a model without any yet.
  let shape:
    @Sendable (_ config: JSONField, _ checkpoint: Checkpoint?) throws(Refusal) ->
      any StandaloneShape

  init(
    _ modelType: String, savedClass: String? = nil,
    shape: @escaping @Sendable (JSONField, Checkpoint?) throws(Refusal) -> any StandaloneShape
  ) {
    (self.modelType, self.savedClass, self.shape) = (modelType, savedClass, shape)
  }

  /// The family of a configuration; nil where it is of a family of stacks or of none.
  static func of(_ config: JSONField) throws(Refusal) -> StandaloneFamily? {
    let type = try config["model_type"].string()
    for family in all where family.modelType == type {
      guard let own = family.savedClass else { return family }
      for item in try config.optional("architectures")?.items() ?? [] {
        if try item.string() == own { return family }
      }
    }
    return nil
  }

  /// The `model_type`s that are no other family's.
  package static var modelTypes: [String] { all.filter { $0.savedClass == nil }.map(\.modelType) }
}

/// The sizes and choices of a model of a `StandaloneFamily`.
package protocol StandaloneShape: Sendable {
  /// The family and the sizes, by the names that files of reports have for them.
  var description: (name: String, sizes: [(name: String, value: Int)]) { get }
  /// What the logits are.
  var kind: OpenedModel.Kind { get }
  var layers: Int { get }
  /// The width of the logits: the vocabulary, or the classes.
  var answerCount: Int { get }
  /// What the model can be run on.
  var inputLimits: InputLimits { get }
  /// Every weight of the published files, in the order of use.
  var weights: [WeightSpec] { get }
  /// What new weights are drawn from; nil where models do not begin from random weights.
  var start: InitialWeights.Rule? { get }

  /// Whether a tensor may stand in the files without being a weight.
  func isBuffer(_ tensor: String) -> Bool
  /// The model over weights of the shape's names and sizes.
  func model(_ weights: NamedWeights<Float>) -> any TrainableModel<Float>
}
