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
  private let cells: [GRUCell<Scalar>]
  private let head: Linear<Scalar>

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

  /// What the first cells read, `[rows, width]`, packed like the inputs.
  private func stream(_ inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    switch inputs {
    case .embeddings(let embeddings): return Variable(.concatenated(embeddings))
    case .images: preconditionFailure("the model does not read images")
    case .tokens(let tokens):
      precondition(shape.hasEmbeddings, "the model has no token embeddings")
      let embedded = tape.rows(held.variable("gru.wte.weight"), tokens.flatMap(\.self))
      guard addsPositions else { return embedded }
      let positions = tokens.flatMap { Array($0.indices) }
      return tape.add(embedded, tape.rows(held.variable("gru.wpe.weight"), positions))
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
    ModulePaths.gruSite(of: path, layers: shape.layers)
  }

  /// When a run comes by a component among those that hold the same value.
  public func order(ofComponent component: String) -> Int {
    ModulePaths.gruOrder(of: component)
  }

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
    let batch = Batch(lengths: lengths)
    let stream = stream(inputs, on: tape)
    var states = Array(
      repeating: Variable(Tensor<Scalar>(zeros: [lengths.count, shape.width])), count: shape.layers)
    var running = Array(lengths.indices)
    var outputs: [Variable<Scalar>] = []
    // Where the last cell's output for each packed row stands among all steps' outputs.
    var places = [Int](repeating: 0, count: batch.rowCount)
    var made = 0
    for step in 0..<batch.longest {
      let kept = running.indices.filter { lengths[running[$0]] > step }
      if kept.count < running.count {
        states = states.map { tape.rows($0, kept) }
        running = kept.map { running[$0] }
      }
      let rows = running.map { batch.sequences[$0].rows.lowerBound + step }
      let here = RowPlaces(lengths: lengths, step: step)
      var x = tape.rows(stream, rows)
      for (layer, cell) in cells.enumerated() {
        x = cell(x, state: states[layer], on: tape) { site, value in
          visit?(SiteValue(site: site, layer: layer, value: value, places: here)) ?? value
        }
        states[layer] = x
      }
      outputs.append(x)
      for row in rows {
        places[row] = made
        made += 1
      }
    }
    let all = tape.concatenate(outputs)
    switch shape.head {
    case .languageModel: return head(tape.rows(all, places), on: tape)
    case .classifier:
      let last = batch.sequences.map { places[$0.rows.upperBound - 1] }
      return head(tape.rows(all, last), on: tape)
    }
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

  /// What the model can be run on.
  public var inputLimits: InputLimits {
    var limits = shape.inputLimits
    if addsPositions { limits.positions = shape.positionCount }
    return limits
  }
}
