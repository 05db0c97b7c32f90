/// One intervention of a saved folder: where it acts, of what type it is, and its state.
///
/// The names of pyvene's own fields stand beside those that differ.
public struct SavedRepresentation: Sendable, Equatable {
  /// The dimensions that an exchange takes (`interchange_dim`).
  public enum Dimensions: Sendable, Equatable {
    /// As many first ones.
    case first(Int)
    /// Those, as autoencoders have them.
    case listed([Int])
  }

  /// What a link is called.
  public enum LinkKey: Sendable, Equatable, ExpressibleByIntegerLiteral {
    case number(Int)
    case text(String)

    /// A link called by a number.
    public init(integerLiteral number: Int) { self = .number(number) }
  }

  /// Ignored where the component is a module path.
  public var layer: Int
  /// A site's name, or a module path that ends in `.input` or `.output`.
  public var component: String
  /// The axis of locations: `pos`, `h`, `h.pos`, `t`, ...
  public var unit: String
  /// How many units are joined (`max_number_of_units`).
  public var maxUnits: Int
  /// Columns of a low-rank rotation, or latents of a JumpReLU autoencoder.
  public var lowRankDimension: Int?
  /// The class of the intervention (`intervention_types`).
  public var interventionType: SavedInterventionType
  /// Parts of the subspace: two integers are a range, any other part a list of indices.
  public var subspacePartition: [[Int]]?
  /// Interventions of one group share a source run.
  public var groupKey: Int?
  /// Interventions of one link share their parameters (`intervention_link_key`).
  public var linkKey: LinkKey?
  /// The expert of a mixture.
  public var moeKey: Int?
  /// Whether a constant source was given with the representation (`hidden_source_representation`).
  public var hasConstantSource: Bool
  /// Latents of an autoencoder (`latent_dim`).
  public var latentDimension: Int?
  /// Whether it acts without a source run (`intervention_constant_sources`).
  public var isSourceConstant: Bool
  /// Nil in old folders: all dimensions of the site.
  public var interchangeDimensions: Dimensions?
  /// Tensors by their names in pyvene's state dict; empty where there is no file.
  public var state: [String: SavedTensor]

  /// An intervention; what is not said is as in pyvene.
  public init(
    layer: Int = 0, component: String, unit: String = "pos", maxUnits: Int = 1,
    interventionType: SavedInterventionType, lowRankDimension: Int? = nil,
    subspacePartition: [[Int]]? = nil, groupKey: Int? = nil, linkKey: LinkKey? = nil,
    moeKey: Int? = nil, hasConstantSource: Bool = false, latentDimension: Int? = nil,
    isSourceConstant: Bool? = nil, interchangeDimensions: Dimensions? = nil,
    state: [String: SavedTensor] = [:]
  ) {
    self.layer = layer
    self.component = component
    self.unit = unit
    self.maxUnits = maxUnits
    self.lowRankDimension = lowRankDimension
    self.interventionType = interventionType
    self.subspacePartition = subspacePartition
    self.groupKey = groupKey
    self.linkKey = linkKey
    self.moeKey = moeKey
    self.hasConstantSource = hasConstantSource
    self.latentDimension = latentDimension
    self.isSourceConstant =
      isSourceConstant
      ?? (!interventionType.isTrainable && (hasConstantSource || interventionType.isSourceless))
    self.interchangeDimensions = interchangeDimensions
    self.state = state
  }

  /// Whether pyvene needs a file with the state to load it.
  var needsState: Bool {
    interventionType.isTrainable || needsSource
  }

  /// Whether the state holds the constant source.
  ///
  /// pyvene 0.1.8 asks for one for `collect` and `noise` too, which it saves without.
  var needsSource: Bool {
    isSourceConstant && (hasConstantSource || !interventionType.isSourceless)
  }
}
