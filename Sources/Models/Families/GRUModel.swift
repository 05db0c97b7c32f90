public import Autodiff
public import Tensors

/// A stack of gated recurrent cells with its weights.
public struct GRUModel<Scalar: Real>: Sendable {
  /// Sizes and choices.
  public let shape: GRUShape
  /// Whether tokens' embeddings get their positions' added. pyvene adds them only where a caller
  /// passes `position_ids`, and never to embeddings.
  public var addsPositions = false
  private let held: LayerWeights<Scalar>
  let cells: [GRUCell<Scalar>]
  let head: Linear<Scalar>

  /// - Precondition: The weights are those of `shape`, by name and size.
  public init(_ shape: GRUShape, _ weights: NamedWeights<Scalar>, on tape: Tape<Scalar> = Tape()) {
    self.shape = shape
    let held = LayerWeights(shape.weights, weights, on: tape)
    self.held = held
    cells = (0..<shape.layers).map {
      GRUCell(
        x2h: held.linear("gru.cells.\($0).x2h"), h2h: held.linear("gru.cells.\($0).h2h"))
    }
    head =
      switch shape.head {
      case .classifier: held.linear("score")
      case .languageModel(tied: true): Linear(held.variable("gru.wte.weight"), bias: nil)
      case .languageModel(tied: false): held.linear("lm_head")
      }
  }

  /// What the first cells read at some steps of each example, `[rows, width]`, one example's below the
  /// other's.
  func stream(
    _ steps: [Range<Int>], of inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    switch inputs {
    case .embeddings(let embeddings):
      return Variable(.concatenated(zip(embeddings, steps).map { $0.rows($1) }))
    case .tokens(let tokens), .segments(let tokens, _):
      precondition(shape.hasEmbeddings, "the model has no token embeddings")
      let embedded = tape.rows(
        held.variable("gru.wte.weight"), zip(tokens, steps).flatMap { $0[$1] })
      guard addsPositions else { return embedded }
      return tape.add(
        embedded, tape.rows(held.variable("gru.wpe.weight"), steps.flatMap(\.self)))
    case .images, .features, .pairs: preconditionFailure("a recurrent model reads sequences")
    }
  }
}

extension GRUModel: IntervenableModel {
  /// The sites, each with its layers.
  public var sites: [(site: Site, layers: Range<Int>)] {
    Site.cellSites.map { ($0, 0..<shape.layers) }
  }

  /// The elements of one row at a site.
  public func width(of site: Site) -> Int {
    site == .x2hOutput || site == .h2hOutput ? 3 * shape.width : shape.width
  }

  /// The heads that a site's rows are made of, if any.
  public func heads(of site: Site) -> Int? { nil }

  /// The site at a published module path.
  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    ModulePaths.site(
      of: ModulePaths.parts(of: path), under: [["gru", "cells"], ["cells"]], Self.modules,
      layers: shape.layers)
  }

  public func modulePaths(ofLayer layer: Int) -> [String] {
    Self.modules.map { "gru.cells[\(layer)].\($0.key)" }
  }

  /// When a run comes by a component among those that hold the same value.
  public func order(ofComponent component: String) -> Int {
    ModulePaths.order(of: component, Self.modules)
  }

  private static var modules: ModulePaths.Modules {
    [
      ("input", .cellInput), ("x2h.input", .cellInput), ("x2h.output", .x2hOutput),
      ("h2h.input", .stateInput), ("h2h.output", .h2hOutput),
      ("reset_act.input", .resetGateInput), ("reset_act.output", .resetGateOutput),
      ("update_act.input", .updateGateInput), ("update_act.output", .updateGateOutput),
      ("new_act.input", .newGateInput), ("new_act.output", .newGateOutput),
      ("output", .cellOutput),
    ]
  }

  public var continuation: Continuation<Scalar> { .steps(self) }

  /// Runs the steps one after another, and at each the cells from the first up.
  ///
  /// - Parameter visit: Called at each site at every step, with a row for each example that is long
  ///   enough to have the step.
  public func run(
    _ inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar> {
    let lengths = inputs.lengths
    precondition(
      !lengths.isEmpty && lengths.allSatisfy { $0 > 0 }, "examples of lengths \(lengths)")
    let steps = run(
      lengths.map { 0..<$0 }, of: inputs, from: lengths.map { _ in firstStates }, on: tape,
      visit: visit)
    return logits(of: isOfLastStep ? steps.lastRows(on: tape) : steps.rows(on: tape), on: tape)
  }
}

extension GRUModel: TrainableModel {
  /// The weights as they are published.
  public var weights: NamedWeights<Scalar> { held.named }

  /// The same model over other weights.
  public func with(_ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) -> GRUModel {
    var model = GRUModel(shape, weights, on: tape)
    model.addsPositions = addsPositions
    return model
  }

  public var addingPositions: GRUModel {
    var model = self
    model.addsPositions = shape.hasEmbeddings
    return model
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits {
    var limits = shape.inputLimits
    if addsPositions { limits.positions = shape.positionCount }
    return limits
  }
}
