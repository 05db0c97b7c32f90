internal import Autodiff
internal import Models
internal import Tensors

/// The logits that a run is asked for.
enum WantedLogits: Equatable { case none, last, all }

/// A model's unchanged run, kept as far as a changed run needs it to continue from it.
protocol ConeRun<Scalar> {
  associatedtype Scalar: Real

  /// The unchanged run's logits, all rows, if they were asked for.
  var original: Tensor<Scalar>? { get }

  /// What each example's changed runs continue from, apart from the others'.
  func states() -> [ConeState<Scalar>]

  /// Runs what the changes can reach.
  ///
  /// - Returns: The logits of every row, or of each example's last; nil if none are wanted.
  func callAsFunction(
    logits: WantedLogits, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar>?
}

extension Continuation {
  /// Runs a model unchanged, as far as changed runs continue from it.
  ///
  /// - Parameters:
  ///   - touches: Every place that changed runs read or change.
  ///   - wantsOriginal: Whether the unchanged run's own logits are wanted.
  ///   - logits: What changed runs will be asked for.
  /// - Returns: Nil where nothing can be shared.
  func unchangedRun(
    of inputs: ModelInputs<Scalar>, touches: [Cone.Touch], wantsOriginal: Bool,
    logits: WantedLogits
  ) -> (any ConeRun<Scalar>)? {
    guard !touches.isEmpty else { return nil }
    switch self {
    case .blocks(let model):
      // A single changed run makes what lies past a window instead of the unchanged one, not besides.
      return Cone(touches, in: model.shape, inputs.extents, endsByWindows: wantsOriginal).map {
        DecoderConeRun(model, inputs, cone: $0, wantsOriginal: wantsOriginal, logits: logits)
      }
    case .stacks(let model):
      return PairConeRun(
        model, inputs, touches: touches, wantsOriginal: wantsOriginal, logits: logits)
    case .steps(let model):
      return StepConeRun(
        model, inputs, touches: touches, wantsOriginal: wantsOriginal, logits: logits)
    case .stages(let model):
      return StageConeRun(model, inputs, touches: touches, wantsOriginal: wantsOriginal)
    case .none: return nil
    }
  }

  /// Continues from unchanged runs that were made before, for logits of last positions only.
  ///
  /// - Parameter states: By example, of the same touches.
  func continuing(
    _ states: [ConeState<Scalar>], of inputs: ModelInputs<Scalar>, touches: [Cone.Touch]
  ) -> (any ConeRun<Scalar>)? {
    switch self {
    case .blocks(let model):
      return Cone(touches, in: model.shape, inputs.extents).map {
        DecoderConeRun(model, cone: $0, states)
      }
    case .stacks(let model): return PairConeRun(model, inputs, touches: touches, states)
    case .steps(let model): return StepConeRun(model, inputs, touches: touches, states)
    case .stages(let model): return StageConeRun(model, inputs, touches: touches, states)
    case .none: return nil
    }
  }
}

extension Cone {
  /// The cone of a model of one stack; nil where something before or after all blocks is touched.
  ///
  /// - Parameter endsByWindows: Whether positions that windows keep out of reach are left out.
  init?(
    _ touches: [Touch], in shape: DecoderShape, _ extents: InputLengths,
    endsByWindows: Bool = false
  ) {
    guard touches.allSatisfy(\.site.isInBlock) else { return nil }
    self.init(
      touches, lengths: extents[shape.extent], isCausal: shape.isCausal,
      windows: endsByWindows ? shape.windows : nil)
  }
}

/// Rows of an unchanged run with those of a changed one that continues it, example by example.
enum PackedRows {
  /// For each example the rows that it uses of those kept, which lie one after another.
  static func ranges(_ counts: [(kept: Int, used: Int)]) -> [Range<Int>] {
    var next = 0
    return counts.map { kept, used in
      defer { next += kept }
      return next..<next + used
    }
  }

  /// Every example's rows in order: those of the base before its own, its own, those after.
  static func joined<Scalar: Real>(
    _ base: Tensor<Scalar>?, before: [Range<Int>], _ own: Variable<Scalar>, counts: [Int],
    after: [Range<Int>]? = nil, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    guard let base else { return own }
    var order: [Int] = []
    var next = base.rows
    for (example, count) in counts.enumerated() {
      order += before[example]
      order += next..<next + count
      next += count
      if let after { order += after[example] }
    }
    return tape.rows(tape.concatenate([Variable(base), own]), order)
  }
}
