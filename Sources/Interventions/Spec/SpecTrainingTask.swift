internal import Inputs

/// A training that a specification says, whatever of it is trained.
protocol SpecTrainingTask: TrainingTask {
  var run: SpecRun { get }
  var train: TrainSpec { get }
}

extension SpecTrainingTask {
  func notFinite(_ what: String, step: Int) -> Refusal { train.notFinite(what, step: step) }
}

/// One of its interventions.
protocol SpecInterventionTask: SpecTrainingTask {}

extension SpecInterventionTask {
  /// The specification's interventions with other parameters.
  func setup(_ parameters: TrainingState.Parameters) -> InterventionSetup<Float> {
    parameters.put(in: run.setup.setup)
  }

  func scheduled(
    _ parameters: TrainingState.Parameters, step: Int
  ) -> TrainingState.Parameters {
    parameters.with(
      temperature: train.fields.temperatures.map { Float($0[step]) }, in: run.setup.setup)
  }
}
