internal import Autodiff
internal import Models
internal import Tensors

/// Runs a model with visits: only what changes reach where the model can be cut and is not itself
/// trained, otherwise as a whole.
struct ModelRunner<Scalar: Real> {
  let model: any IntervenableModel<Scalar>
  /// Whether everything runs, with nothing taken from an unchanged run.
  let isNaive: Bool

  struct Outcome {
    /// Of every row, or one row an example; nil if none were wanted.
    var logits: Variable<Scalar>?
    /// The unchanged run's, if wanted.
    var original: Variable<Scalar>?
  }

  /// - Parameters:
  ///   - touches: Every place that `visit` reads or changes, and no other; layer and site as visited.
  func run(
    _ inputs: ModelInputs<Scalar>, touches: [Cone.Touch], logits: WantedLogits,
    wantsOriginal: Bool = false, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Outcome {
    let lengths = inputs.extents[model.extent(of: .logits, layer: 0)]
    guard !isNaive,
      let base = model.continuation.unchangedRun(
        of: inputs, touches: touches, wantsOriginal: wantsOriginal, logits: logits)
    else {
      var outcome = Outcome()
      if wantsOriginal { outcome.original = model.run(inputs, on: tape, visit: nil) }
      let all = model.run(inputs, on: tape, visit: visit)
      outcome.logits = logits == .last ? Self.lastRows(all, lengths, on: tape) : all
      return outcome
    }
    return Outcome(
      logits: base(logits: logits, on: tape, visit: visit),
      original: base.original.map { Variable($0) })
  }

  /// The row of each example's last position; what a classifier gives has one row an example.
  static func lastRows(
    _ logits: Variable<Scalar>, _ lengths: [Int], on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    guard logits.value.rows != lengths.count else { return logits }
    var end = 0
    return tape.rows(
      logits,
      lengths.map { length in
        end += length
        return end - 1
      })
  }
}
