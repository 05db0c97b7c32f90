public import Autodiff
public import Tensors

/// What a changed run of a model can take from the unchanged run of the same inputs, so that only the
/// rest runs again.
public enum Continuation<Scalar: Real>: Sendable {
  /// The blocks below the first change; where no row sees a later one, also all earlier positions.
  case blocks(DecoderModel<Scalar>)
  /// The encoder's blocks below the first change; where only the decoder changes, all that the encoder
  /// gives and the decoder's blocks as above.
  case stacks(EncoderDecoderModel<Scalar>)
  /// Each example's steps before the first change.
  case steps(any RecurrentModel<Scalar>)
  /// The stages before the first change.
  case stages(any StagedModel<Scalar>)
  /// Nothing: a changed run is a full pass.
  case none
}

/// Along what runs of a model are cut, without the model.
package enum RunCut: Sendable {
  /// By layer and position.
  case positions
  /// By layer, with every position.
  case layers
  /// By step, with every layer.
  case steps
  case none
}

extension Continuation {
  package var cut: RunCut {
    switch self {
    case .blocks(let model): model.shape.isCausal ? .positions : .layers
    case .stacks, .stages: .layers
    case .steps: .steps
    case .none: .none
    }
  }
}

/// A model that goes through an example a step at a time, so that a run can begin at any step with the
/// states that another run left there.
public protocol RecurrentModel<Scalar>: IntervenableModel {
  /// Of an example before its first step, `[layers, width]`.
  var firstStates: Tensor<Scalar> { get }

  /// Whether an example has the logits of its last step only: a classifier's.
  var isOfLastStep: Bool { get }

  /// Runs some steps of each example.
  ///
  /// - Parameters:
  ///   - steps: By example, from 0.
  ///   - starts: The states before each example's first step, `[layers, width]`.
  ///   - visit: Called at each site at every step, with a row for each example that runs it.
  func run(
    _ steps: [Range<Int>], of inputs: ModelInputs<Scalar>, from starts: [Tensor<Scalar>],
    on tape: Tape<Scalar>, visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> RecurrentSteps<Scalar>

  /// The logits of rows of what the last layer gave.
  func logits(of rows: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar>
}

/// What some steps of a recurrent model came to.
public struct RecurrentSteps<Scalar: Real> {
  /// Where an example stands after its steps.
  enum End {
    case unmoved(Tensor<Scalar>)
    /// A row of every layer's states, `[examples, width]` each.
    case moved([Variable<Scalar>], row: Int)
  }

  /// What the last layer gave, `[rows, width]`, step by step.
  let outputs: Variable<Scalar>
  /// The rows of each example's steps.
  let places: [[Int]]
  let ends: [End]

  /// What the last layer gave, the examples below each other.
  public func rows(on tape: Tape<Scalar>) -> Variable<Scalar> {
    tape.rows(outputs, places.flatMap(\.self))
  }

  /// What it gave at each example's last step; every example has one.
  public func lastRows(on tape: Tape<Scalar>) -> Variable<Scalar> {
    tape.rows(outputs, places.compactMap(\.last))
  }

  /// Of each example after its steps, `[layers, width]`.
  public var states: [Tensor<Scalar>] {
    ends.map {
      switch $0 {
      case .unmoved(let states): states
      case .moved(let layers, let row): .concatenated(layers.map { $0.value.gathered([row]) })
      }
    }
  }
}

/// A model that is a row of stages, each of which reads what the one before it gave and nothing else.
///
/// A stage begins with the sites of what it reads: the output of a block is one of the next stage's.
public protocol StagedModel<Scalar>: IntervenableModel {
  /// How many there are; the last one gives the logits.
  var stageCount: Int { get }

  /// The stage in which a run comes by a site.
  func stage(of site: Site, layer: Int) -> Int

  /// Rows of each example of what a stage reads.
  func rows(before stage: Int, of extents: InputLengths) -> [Int]

  /// What the first stage reads, `[rows, width]`.
  func start(of inputs: ModelInputs<Scalar>) -> Variable<Scalar>

  /// Runs consecutive stages.
  ///
  /// - Parameters:
  ///   - x: What the first of them reads, `[rows, width]`.
  ///   - extents: Of the inputs.
  func run(
    _ stages: Range<Int>, of x: Variable<Scalar>, extents: InputLengths, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar>
}

extension StagedModel {
  public func run(
    _ inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar> {
    run(
      0..<stageCount, of: start(of: inputs), extents: inputs.extents, on: tape, visit: visit)
  }
}
