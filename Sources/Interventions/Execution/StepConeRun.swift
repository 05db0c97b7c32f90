internal import Autodiff
internal import Models
internal import Tensors

/// A recurrent model's unchanged run up to each example's first changed step.
struct StepConeRun<Scalar: Real>: ConeRun {
  private let model: any RecurrentModel<Scalar>
  private let inputs: ModelInputs<Scalar>
  private let steps: Steps
  /// The states before each example's first step.
  private let starts: [Tensor<Scalar>]
  /// The unchanged run's logits of the steps before.
  private let baseLogits: Tensor<Scalar>?

  let original: Tensor<Scalar>?

  /// Which steps of each example run again.
  private struct Steps {
    let lengths: [Int]
    /// At least the last step does.
    let firsts: [Int]
    /// One past the last that is touched.
    let touchedEnds: [Int]

    init(_ touches: [Cone.Touch], _ lengths: [Int]) {
      self.lengths = lengths
      firsts = lengths.enumerated().map { example, length in
        min(touches.map { $0.places.firstPosition(of: example) }.min() ?? length, length - 1)
      }
      touchedEnds = lengths.enumerated().map { example, length in
        touches.map { $0.places.endPosition(of: example, length: length) }.max() ?? 0
      }
    }

    var before: [Range<Int>] { firsts.map { 0..<$0 } }
    var after: [Range<Int>] { zip(firsts, lengths).map { $0..<$1 } }
    var touched: [Range<Int>] { zip(firsts, touchedEnds).map { $0..<max($0, $1) } }
  }

  init(
    _ model: any RecurrentModel<Scalar>, _ inputs: ModelInputs<Scalar>, touches: [Cone.Touch],
    wantsOriginal: Bool, logits: WantedLogits
  ) {
    (self.model, self.inputs) = (model, inputs)
    let steps = Steps(touches, inputs.lengths)
    self.steps = steps
    let tape = Tape<Scalar>()
    let before = model.run(
      steps.before, of: inputs, from: steps.lengths.map { _ in model.firstStates }, on: tape,
      visit: nil)
    starts = before.states
    let hasLogits = !model.isOfLastStep && steps.firsts.contains { $0 > 0 }
    baseLogits =
      hasLogits && (wantsOriginal || logits == .all)
      ? model.logits(of: before.rows(on: tape), on: tape).value : nil
    guard wantsOriginal else {
      original = nil
      return
    }
    let after = model.run(steps.after, of: inputs, from: starts, on: tape, visit: nil)
    original = Self.logits(.all, of: after, model, steps, baseLogits, on: tape)?.value
  }

  init(
    _ model: any RecurrentModel<Scalar>, _ inputs: ModelInputs<Scalar>, touches: [Cone.Touch],
    _ states: [ConeState<Scalar>]
  ) {
    (self.model, self.inputs) = (model, inputs)
    steps = Steps(touches, inputs.lengths)
    starts = states.map(\.entering)
    (baseLogits, original) = (nil, nil)
  }

  func states() -> [ConeState<Scalar>] { starts.map { ConeState(entering: $0) } }

  func callAsFunction(
    logits: WantedLogits, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar>? {
    let run = model.run(
      logits == .none ? steps.touched : steps.after, of: inputs, from: starts, on: tape,
      visit: visit)
    return Self.logits(logits, of: run, model, steps, baseLogits, on: tape)
  }

  private static func logits(
    _ wanted: WantedLogits, of run: RecurrentSteps<Scalar>, _ model: any RecurrentModel<Scalar>,
    _ steps: Steps, _ baseLogits: Tensor<Scalar>?, on tape: Tape<Scalar>
  ) -> Variable<Scalar>? {
    if wanted == .none { return nil }
    if wanted == .last || model.isOfLastStep {
      return model.logits(of: run.lastRows(on: tape), on: tape)
    }
    return PackedRows.joined(
      baseLogits, before: PackedRows.ranges(steps.firsts.map { ($0, $0) }),
      model.logits(of: run.rows(on: tape), on: tape), counts: steps.after.map(\.count), on: tape)
  }
}
