public import Autodiff
public import Tensors

/// A multi-layer perceptron with its weights: each row is classified by itself.
public struct MLPModel<Scalar: Real>: Sendable {
  /// Sizes and choices.
  public let shape: MLPShape
  private let held: LayerWeights<Scalar>
  private let maps: [Linear<Scalar>]
  private let score: Linear<Scalar>

  /// - Precondition: The weights are those of `shape`, by name and size.
  public init(_ shape: MLPShape, _ weights: NamedWeights<Scalar>, on tape: Tape<Scalar> = Tape()) {
    self.shape = shape
    let held = LayerWeights(shape.weights, weights, on: tape)
    self.held = held
    maps = (0..<shape.layers).map { held.linear("mlp.h.\($0).ff1") }
    score = held.linear("score")
  }
}

extension MLPModel: IntervenableModel {
  /// The sites, each with its layers.
  public var sites: [(site: Site, layers: Range<Int>)] {
    [.blockInput, .mlpPreactivation, .mlpActivation, .blockOutput].map { ($0, 0..<shape.layers) }
      + [(.logits, 0..<1)]
  }

  /// The elements of one row at a site.
  public func width(of site: Site) -> Int { site == .logits ? shape.classes : shape.width }
  /// The heads that a site's rows are made of, if any.
  public func heads(of site: Site) -> Int? { nil }

  /// The site at a published module path.
  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    switch path {
    case "score.input": (.blockOutput, shape.layers - 1)
    case "score.output": (.logits, 0)
    default:
      ModulePaths.site(
        of: ModulePaths.parts(of: path), under: [["mlp", "h"], ["h"]], Self.modules,
        layers: shape.layers)
    }
  }

  public func modulePaths(ofLayer layer: Int) -> [String] {
    Self.modules.map { "mlp.h[\(layer)].\($0.key)" } + ["score.output"]
  }

  /// When a run comes by a component among those that hold the same value.
  public func order(ofComponent component: String) -> Int {
    // The head reads what the last layer gave.
    ModulePaths.order(of: component, Self.modules, outside: Self.modules.count)
  }

  private static var modules: ModulePaths.Modules {
    [
      ("input", .blockInput), ("ff1.input", .blockInput), ("ff1.output", .mlpPreactivation),
      ("act.input", .mlpPreactivation), ("act.output", .mlpActivation),
      ("dropout.input", .mlpActivation), ("dropout.output", .blockOutput),
      ("output", .blockOutput),
    ]
  }

  public var continuation: Continuation<Scalar> { .stages(self) }
}

/// The maps one after another, and then the scores, `[rows, classes]`.
extension MLPModel: StagedModel {
  public var stageCount: Int { shape.layers + 1 }

  public func stage(of site: Site, layer: Int) -> Int {
    switch site {
    case .blockOutput: layer + 1
    case .logits: shape.layers
    default: layer
    }
  }

  public func rows(before stage: Int, of extents: InputLengths) -> [Int] { extents.inputs }

  /// Embeddings, usually one position an example.
  public func start(of inputs: ModelInputs<Scalar>) -> Variable<Scalar> {
    guard case .embeddings(let embeddings) = inputs else {
      preconditionFailure("the model reads embeddings, not tokens")
    }
    return Variable(.concatenated(embeddings))
  }

  public func run(
    _ stages: Range<Int>, of x: Variable<Scalar>, extents: InputLengths, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar> {
    let places = RowPlaces(Batch(lengths: extents.inputs))
    func see(_ site: Site, _ layer: Int, _ value: Variable<Scalar>) -> Variable<Scalar> {
      visit?(SiteValue(site: site, layer: layer, value: value, places: places)) ?? value
    }
    return stages.reduce(x) { x, stage in
      let read = stage == 0 ? x : see(.blockOutput, stage - 1, x)
      guard stage < shape.layers else { return see(.logits, 0, score(read, on: tape)) }
      let mapped = maps[stage](see(.blockInput, stage, read), on: tape)
      return see(
        .mlpActivation, stage,
        tape.activate(see(.mlpPreactivation, stage, mapped), shape.activation))
    }
  }
}

extension MLPModel: TrainableModel {
  /// The weights as they are published.
  public var weights: NamedWeights<Scalar> { held.named }

  /// The same model over other weights.
  public func with(_ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) -> MLPModel {
    MLPModel(shape, weights, on: tape)
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits { shape.inputLimits }
}
