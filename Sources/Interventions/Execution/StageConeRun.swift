internal import Autodiff
internal import Models
internal import Tensors

/// The unchanged run of a model of stages, up to the first stage that is touched.
struct StageConeRun<Scalar: Real>: ConeRun {
  private let model: any StagedModel<Scalar>
  private let extents: InputLengths
  /// The stages from the first that is touched to the last.
  private let touched: ClosedRange<Int>
  /// What the first of them reads.
  private let entering: Tensor<Scalar>

  let original: Tensor<Scalar>?

  init(
    _ model: any StagedModel<Scalar>, _ inputs: ModelInputs<Scalar>, touches: [Cone.Touch],
    wantsOriginal: Bool
  ) {
    (self.model, extents) = (model, inputs.extents)
    touched = Self.stages(of: touches, in: model)
    let tape = Tape<Scalar>()
    let start = model.start(of: inputs)
    let read = model.run(
      0..<touched.lowerBound, of: start, extents: extents, on: tape, visit: nil)
    entering = read.value
    original =
      wantsOriginal
      ? model.run(
        touched.lowerBound..<model.stageCount, of: read, extents: extents, on: tape, visit: nil
      ).value : nil
  }

  init(
    _ model: any StagedModel<Scalar>, _ inputs: ModelInputs<Scalar>, touches: [Cone.Touch],
    _ states: [ConeState<Scalar>]
  ) {
    (self.model, extents) = (model, inputs.extents)
    touched = Self.stages(of: touches, in: model)
    entering = .concatenated(states.map(\.entering))
    original = nil
  }

  private static func stages(
    of touches: [Cone.Touch], in model: any StagedModel<Scalar>
  ) -> ClosedRange<Int> {
    let stages = touches.map { model.stage(of: $0.site, layer: $0.layer) }
    guard let first = stages.min(), let last = stages.max() else {
      preconditionFailure("a cone of no touch")
    }
    return first...last
  }

  func states() -> [ConeState<Scalar>] {
    let counts = model.rows(before: touched.lowerBound, of: extents)
    return PackedRows.ranges(counts.map { ($0, $0) }).map {
      ConeState(entering: entering.gathered(Array($0)))
    }
  }

  func callAsFunction(
    logits: WantedLogits, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar>? {
    let end = logits == .none ? touched.upperBound + 1 : model.stageCount
    let given = model.run(
      touched.lowerBound..<end, of: Variable(entering), extents: extents, on: tape, visit: visit)
    return switch logits {
    case .none: nil
    case .last: ModelRunner.lastRows(given, extents.inputs, on: tape)
    case .all: given
    }
  }
}
