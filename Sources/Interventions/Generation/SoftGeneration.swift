public import Autodiff
public import Models
public import Tensors

/// Runs a language model on its own output, softly, so that gradients pass through every step.
///
/// The next input is the mean of all token embeddings, weighted by a draw from the Gumbel-softmax of
/// the logits; an intervention at one step changes all later inputs. Places are positions of prompt
/// and new tokens together. Every step runs over the whole sequence again: keys and values that are
/// kept would be constants.
///
/// Jang et al., 2016, <https://arxiv.org/abs/1611.01144>.
public struct SoftGeneration<Scalar: Real> {
  /// How the next input follows from the logits.
  public struct Choice {
    /// Divides logits and noise; the smaller, the nearer to one token.
    public var temperature: Scalar
    /// Whether the input is the one most likely token's, with the soft mean's gradient.
    public var isStraightThrough: Bool
    /// Gumbel noise of each step, `[examples, vocabulary]`; nil: none, so that the most likely token
    /// stays the most likely.
    public var noise: [Tensor<Scalar>]?

    /// A choice without noise unless some is given.
    public init(
      temperature: Scalar, isStraightThrough: Bool = false, noise: [Tensor<Scalar>]? = nil
    ) {
      self.temperature = temperature
      self.isStraightThrough = isStraightThrough
      self.noise = noise
    }
  }

  /// What a run gave.
  public struct Result {
    /// The logits of each step's new position, `[examples, vocabulary]`.
    public let logits: [Variable<Scalar>]
    /// Prompt and the most likely new tokens of each example.
    public let tokens: [[Int]]
  }

  let limits: InputLimits
  private(set) var setup: InterventionSetup<Scalar>
  private let model: any SelfFedModel<Scalar>
  private let embeddings: FrozenLinear<Scalar>
  private var run: InterventionRun<Scalar>

  /// Nil where the model cannot be fed by itself.
  public init?(_ model: some SelfFedModel<Scalar>, _ setup: InterventionSetup<Scalar>) {
    guard let embeddings = model.fedEmbeddings else { return nil }
    limits = model.inputLimits
    self.model = model.showing(Set(setup.entries.map(\.site)))
    self.embeddings = embeddings
    self.setup = setup
    run = InterventionRun(model, setup)
  }

  /// The same with other parameters of the same interventions.
  func with(_ setup: InterventionSetup<Scalar>) -> SoftGeneration {
    var other = self
    (other.setup, other.run) = (setup, InterventionRun(model, setup))
    return other
  }

  /// Generates from a call that `check` accepts.
  ///
  /// - Parameters:
  ///   - parameters: By intervention; the set-up's own as constants unless given.
  ///   - count: New tokens of each example.
  public func callAsFunction(
    _ call: InterventionCall<Scalar>, count: Int, _ choice: Choice, on tape: Tape<Scalar>,
    parameters: [BoundParameters<Scalar>]? = nil
  ) -> Result {
    guard case .tokens(let prompts) = call.base else {
      preconditionFailure("generation begins with tokens")
    }
    let bound = run.prepared(parameters ?? setup.bound(on: tape), on: tape)
    let sources = run.sourceUnits(call, bound, on: tape)
    var tokens = prompts
    var inputs: [Variable<Scalar>] = []
    var steps: [Variable<Scalar>] = []
    for step in 0..<count {
      let actions = run.actions(
        Array(setup.entries.indices), call, bound, sources,
        lengths: InputLengths(tokens.map(\.count)),
        collecting: false, on: tape)
      let logits = model.lastLogits(
        tokens, prompts: prompts.map(\.count), inputs: inputs, on: tape,
        visit: run.visitor(actions, [], on: tape))
      steps.append(logits)
      let noise = choice.noise?[step] ?? Tensor(zeros: logits.shape)
      let weights = tape.gumbelSoftmax(
        logits, noise: noise, temperature: choice.temperature, hard: choice.isStraightThrough)
      inputs.append(mean(weights, on: tape))
      var choose = TokenChoice()
      for (example, token) in choose(weights.value).enumerated() { tokens[example].append(token) }
    }
    return Result(logits: steps, tokens: tokens)
  }

  /// The mean of all embeddings with the given weights, `[examples, vocabulary]` to
  /// `[examples, width]`.
  ///
  ///     y = weights · E        ∂L/∂weights = g Eᵀ
  private func mean(_ weights: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    let embeddings = embeddings
    return tape.record(embeddings.transposedProduct(weights.value), from: [weights]) { g in
      [embeddings(g)]
    }
  }
}
