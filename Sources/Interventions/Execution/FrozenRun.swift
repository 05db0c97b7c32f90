public import Autodiff
public import Models
public import Tensors

/// Runs calls of a set-up on a model that does not change, from what is kept of unchanged runs.
///
/// Base states below the site, keys and values before the first place and the activations of sources
/// are made once; a run then costs only the cone. Its bits are those of `InterventionRun`.
public struct FrozenRun<Scalar: Real> {
  private let run: InterventionRun<Scalar>

  /// - Returns: Nil where nothing can be kept: in serial mode sources change with the interventions,
  ///   and attention weights are as wide as their batch.
  public init?(
    _ model: any IntervenableModel<Scalar>, _ setup: InterventionSetup<Scalar>
  ) {
    guard setup.mode == .parallel, setup.entries.allSatisfy({ $0.grid.blockWidth != nil }) else {
      return nil
    }
    run = InterventionRun(model, setup)
  }

  private var setup: InterventionSetup<Scalar> { run.setup }

  /// What to keep of each example of a call.
  ///
  /// - Parameter reference: Logits to keep with them, a row an example.
  public func caches(
    of call: InterventionCall<Scalar>, reference: Tensor<Scalar>? = nil
  ) -> [ExampleCache<Scalar>] {
    let tape = Tape<Scalar>()
    let lengths = call.base.extents
    let units = run.sourceUnits(call, setup.bound(on: tape), on: tape)
    let states = run.model.continuation.unchangedRun(
      of: call.base, touches: run.touches(of: call), wantsOriginal: false, logits: .last
    )?.states()
    var starts = [Int](repeating: 0, count: setup.entries.count)
    return lengths.inputs.indices.map { example in
      var own: [Int: Tensor<Scalar>] = [:]
      for (entry, value) in units {
        let grid = setup.entries[entry].grid
        let count = call.places[entry].base.count(
          of: example, length: grid.lengths(lengths)[example], blockCount: grid.blockCount)
        own[entry] = value.value.gathered(Array(starts[entry]..<starts[entry] + count))
        starts[entry] += count
      }
      return ExampleCache(
        state: states?[example], sources: own,
        reference: reference.map { $0.gathered([example]) })
    }
  }

  /// Runs a call to the logits of each example's last position, `[examples, classes]`.
  ///
  /// - Parameters:
  ///   - caches: Of the call's examples, in their order.
  ///   - parameters: By intervention, prepared.
  public func callAsFunction(
    _ call: InterventionCall<Scalar>, _ caches: [ExampleCache<Scalar>],
    _ parameters: [BoundParameters<Scalar>], on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    var sources: [Int: Variable<Scalar>] = [:]
    for entry in setup.entries.indices where caches.contains(where: { $0.sources[entry] != nil }) {
      sources[entry] = Variable(.concatenated(caches.compactMap { $0.sources[entry] }))
    }
    return run.lastLogits(call, sources, caches.compactMap(\.state), parameters, on: tape)
  }
}

extension InterventionRun {
  fileprivate func touches(of call: InterventionCall<Scalar>) -> [Cone.Touch] {
    setup.entries.indices.flatMap { touches($0, call.places[$0].base) }
  }

  /// The logits of each example's last position, from sources and states that are known.
  ///
  /// - Parameters:
  ///   - sources: The units that entries read from sources, by entry.
  ///   - states: One for each example, or none where the model runs as a whole.
  fileprivate func lastLogits(
    _ call: InterventionCall<Scalar>, _ sources: [Int: Variable<Scalar>],
    _ states: [ConeState<Scalar>], _ parameters: [BoundParameters<Scalar>], on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let lengths = call.base.extents
    let actions = actions(
      Array(setup.entries.indices), call, parameters, sources, lengths: lengths,
      collecting: false, on: tape)
    let touches = touches(of: call)
    let visit = visitor(actions, [], on: tape)
    let logits: Variable<Scalar>?
    if states.count == lengths.count,
      let base = model.continuation.continuing(states, of: call.base, touches: touches)
    {
      logits = base(logits: .last, on: tape, visit: visit)
    } else {
      logits =
        runner.run(call.base, touches: touches, logits: .last, on: tape, visit: visit).logits
    }
    guard let logits else { preconditionFailure("a run gave no logits") }
    return logits
  }

  /// The same with sources run anew, for calls of which nothing is kept.
  public func lastLogits(
    _ call: InterventionCall<Scalar>, prepared parameters: [BoundParameters<Scalar>],
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let sources = sourceUnits(call, parameters, on: tape)
    if setup.mode == .parallel { return lastLogits(call, sources, [], parameters, on: tape) }
    return finished(call, sources, parameters, on: tape, logits: .last, wantsOriginal: false).logits
  }

  /// The rows of each example's last position.
  public static func lastRows(
    _ logits: Variable<Scalar>, of inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>
  ) -> Variable<Scalar> { ModelRunner.lastRows(logits, inputs.lengths, on: tape) }
}
