internal import Autodiff
internal import Inputs
internal import Models
internal import Tensors

/// How a specification's batches are cut, and who adds what the pieces give.
public struct Microbatches: Sendable {
  /// Examples of each piece, of which the last of a batch may have fewer.
  public let size: Int
  let workers: any MicrobatchWorkers

  /// Pieces of so many examples, at least 1.
  public init(of size: Int, by workers: any MicrobatchWorkers) {
    precondition(size > 0, "microbatches of \(size) examples")
    (self.size, self.workers) = (size, workers)
  }
}

extension SpecRun {
  /// What the mean loss of one of a step's batches counts for, so that the mean over the batches is that
  /// over their examples: 1 where all have as many.
  static func weight(of number: Int, in batches: [Batch]) -> Float {
    let counts = batches.map(\.objective.examples)
    if counts.allSatisfy({ $0 == counts[0] }) { return 1 }
    return Float(counts[number] * counts.count) / Float(counts.reduce(0, +))
  }

  /// The mean loss of the examples of some batches, and its gradients at parameters of the
  /// interventions.
  func gradients(
    _ setup: InterventionSetup<Float>, _ batches: [Batch],
    at addresses: [InterventionTraining<Float>.Address], step: Int, _ microbatches: Microbatches,
    boundaryWeight: Double
  ) throws -> (loss: Float, gradients: [Tensor<Float>]) {
    let prepared = PreparedInterventions(setup, widths: try widths())
    let (values, model) = (prepared.values, model)
    let length = values.gradientCount
    let examples = batches.reduce(0) { $0 + $1.objective.examples }
    let pieces = batches.indices.flatMap { batch in
      let count = batches[batch].objective.examples
      return stride(from: 0, to: count, by: microbatches.size).map { start in
        (batch: batch, examples: Array(start..<min(start + microbatches.size, count)))
      }
    }
    let vector = try microbatches.workers.sum(
      pieces.count, length: length + 1, label: step
    ) { number in
      let (batch, own) = pieces[number]
      let objective = batches[batch].objective.examples(own)
      let part = batches[batch].call.examples(own)
      let tape = Tape<Float>()
      let (parameters, leaves) = values.leaves(on: tape)
      let run = InterventionRun(model, setup)
      let mean: Variable<Float>
      if objective.readsLastOnly, !objective.readsCollected {
        let logits = run.lastLogits(part, prepared: parameters, on: tape)
        mean = objective(logits, collected: [], on: tape)
      } else {
        let result = run.finished(
          part, run.sourceUnits(part, parameters, on: tape), parameters, on: tape,
          logits: objective.readsLastOnly ? .last : .all, wantsOriginal: false)
        mean = objective(result.logits, collected: result.collected, on: tape)
      }
      let share = Float(own.count) / Float(examples)
      let loss = tape.scale(mean, by: share)
      return tape.gradients(of: loss, at: leaves).flatMap(\.elements) + [loss.value.scalar]
    }
    let (gradients, penalty) = prepared.gradients(
      at: addresses, from: Array(vector[..<length])
    ) { (parameters: [BoundParameters<Float>], tape: Tape<Float>) in
      boundaryWeight == 0
        ? nil
        : InterventionPenalty.boundaries(parameters, on: tape).map {
          tape.scale($0, by: Float(boundaryWeight))
        }
    }
    return (vector[length] + penalty, gradients)
  }

  /// The elements of the vectors that each intervention changes.
  private func widths() throws(Refusal) -> [Int] {
    var widths: [Int] = []
    for number in setup.setup.interventions.indices {
      let entry = setup.setup.entries.firstIndex { $0.intervention == number } ?? 0
      guard let width = setup.widths[entry] else {
        throw setup.representations[entry].field.refusal(
          "microbatches of interventions on attention weights", expected: "whole batches")
      }
      widths.append(width)
    }
    return widths
  }
}

extension InterventionCall {
  /// The call of some of its examples alone.
  func examples(_ numbers: [Int]) -> InterventionCall {
    let count = base.lengths.count
    func chosen(_ choice: UnitPlaces.Choice) -> UnitPlaces.Choice {
      guard case .each(let lists) = choice else { return choice }
      return .each(numbers.map { lists[$0] })
    }
    func chosen(_ places: UnitPlaces) -> UnitPlaces {
      UnitPlaces(blocks: chosen(places.blocks), positions: chosen(places.positions))
    }
    return InterventionCall(
      base: base.examples(numbers), sources: sources.map { $0?.examples(numbers) },
      places: places.map { own in
        var places = own
        places.base = chosen(own.base)
        places.source = own.source.map(chosen)
        if case .perVector(let lists) = own.coordinates {
          places.coordinates = .perVector(numbers.map { lists[$0] })
        }
        // One vector goes to all examples; a first axis of examples is cut.
        if let given = own.given, given.value.shape.count > 1, given.value.rows == count,
          given.value.width != given.value.count, !given.repeatsOverExamples
        {
          places.given = Given(given.value.gathered(numbers))
        }
        return places
      })
  }
}
