internal import Autodiff
internal import Inputs
internal import Interventions
internal import Models
internal import Prompts
internal import Tensors

/// Runs the interventions of a problem on microbatches, on any thread.
final class DasRunner: Sendable {
  let problem: DasProblem
  /// By split; nil where nothing is kept.
  let shelves: [Split: CacheShelf]?

  /// - Parameter budget: Bytes of memory for what is kept of unchanged runs.
  init(_ problem: DasProblem, budget: Int) {
    self.problem = problem
    guard !problem.job.run.naive else {
      shelves = nil
      return
    }
    // The splits share the budget as they share the examples.
    let counts = problem.job.items.mapValues(\.count)
    let total = max(1, counts.values.reduce(0, +))
    shelves = counts.mapValues {
      CacheShelf(budget: Int(Double(budget) * Double($0) / Double(total)))
    }
  }

  /// The logits of last positions with the interventions in place, and the logits that the loss
  /// compares with.
  ///
  /// - Parameters:
  ///   - sources: By example, the example whose sources are taken; nil: its own.
  ///   - parameters: Prepared.
  func logits(
    _ numbers: [Int], of split: Split, sources: [Int]? = nil,
    _ setup: InterventionSetup<Float>, _ parameters: [BoundParameters<Float>],
    on tape: Tape<Float>
  ) throws(Refusal) -> (logits: Variable<Float>, reference: Tensor<Float>?) {
    let call = problem.call(numbers, of: split, sources: sources)
    guard sources == nil, let shelf = shelves?[split],
      let frozen = FrozenRun(problem.model, setup)
    else {
      let run = InterventionRun(problem.model, setup, isNaive: problem.job.run.naive)
      return (
        run.lastLogits(call, prepared: parameters, on: tape),
        problem.references(numbers, of: split)
      )
    }
    let caches = try shelf.caches(numbers) { (missing) throws(Refusal) in
      frozen.caches(
        of: problem.call(missing, of: split), reference: problem.references(missing, of: split))
    }
    let references = caches.compactMap(\.reference)
    return (
      frozen(call, caches, parameters, on: tape),
      references.isEmpty ? nil : .concatenated(references)
    )
  }
}
