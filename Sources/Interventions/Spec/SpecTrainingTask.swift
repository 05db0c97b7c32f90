internal import Inputs

/// A training that a specification says, whatever of it is trained.
protocol SpecTrainingTask: TrainingTask {
  var run: SpecRun { get }
  var train: TrainSpec { get }
}

extension SpecTrainingTask {
  /// The specification's interventions with other parameters.
  func setup(_ parameters: TrainingState.Parameters) -> InterventionSetup<Float> {
    var setup = run.setup.setup
    parameters.put(in: &setup.interventions)
    return setup
  }

  /// Interventions with the temperature of the step.
  func annealed(
    _ parameters: TrainingState.Parameters, step: Int
  ) -> TrainingState.Parameters {
    parameters.with(
      temperature: train.fields.temperatures.map { Float($0[step]) }, in: run.setup.setup)
  }

  func notFinite(_ what: String, step: Int) -> Refusal { train.notFinite(what, step: step) }
}
