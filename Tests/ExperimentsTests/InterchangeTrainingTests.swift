import Autodiff
import Inputs
import Models
import Tensors
import Testing

@testable import Experiments

struct InterchangeTrainingTests {
  private func job(_ taskWeight: Double, _ weight: Double) throws -> ModelTrainJob {
    try ModelTrainJob(
      ModelTrainSpec(
        document(
          """
          kind = "train"
          [model]
          architecture = "mlp"
          layers = 2
          width = 8
          classes = 2
          activation = "gelu"
          [data]
          \(Self.model)
          intervene = ["WX"]
          train = 6
          [[interventions]]
          intervention_type = "VanillaIntervention"
          component = "block_output"
          layer = 0
          variable = "WX"
          subspace_partition = [[0, 4], [4, 8]]
          subspaces = [0]
          [interchange]
          task_weight = \(taskWeight)
          weight = \(weight)
          [train]
          learning_rate = 0.1
          """)))
  }

  /// Hierarchical equality of objects of two numbers.
  private static let model = """
    causal_model = { variables = { W = { vectors = 2 }, X = { like = "W" }, Y = { like = "W" }, \
    Z = { like = "W" }, WX = { function = "W == X" }, YZ = { function = "Y == Z" }, \
    O = { function = "WX == YZ", values = [false, true] } } }
    """

  private func loss(
    _ job: ModelTrainJob, _ weights: NamedWeights<Float>, _ start: any TrainableModel<Float>
  ) throws -> (value: Float, gradients: [Tensor<Float>]) {
    let tape = Tape<Float>()
    let leaves = weights.leaves(on: tape)
    let (total, _, _) = try ModelTraining.loss(
      job, start.with(leaves, on: tape), job.exchange(start), Array(0..<6), of: .train, on: tape)
    return (total.value.scalar, tape.gradients(of: total, at: leaves.all))
  }

  @Test(arguments: [(1.0, 0.0), (0.0, 1.0), (0.5, 2.0)])
  func `gradients reach the weights through base and sources, as central differences say`(
    taskWeight: Double, weight: Double
  ) throws {
    let job = try job(taskWeight, weight)
    let start = try job.start()
    let weights = start.weights
    let (_, gradients) = try loss(job, weights, start)
    let step: Float = 1e-2
    var largest: Float = 0
    for (place, pair) in weights.pairs.enumerated() {
      for element in [0, pair.variable.value.count / 2, pair.variable.value.count - 1] {
        func moved(by amount: Float) throws -> Float {
          var values = weights.all.map(\.value)
          var elements = values[place].elements
          elements[element] += amount
          values[place] = Tensor(values[place].shape, elements)
          return try loss(job, weights.replaced(with: values), start).value
        }
        let difference = (try moved(by: step) - moved(by: -step)) / (2 * step)
        let own = gradients[place].elements[element]
        largest = max(largest, abs(own))
        #expect(abs(own - difference) < 2e-3 + 0.02 * abs(own), "\(pair.name)[\(element)]")
      }
    }
    #expect(largest > 1e-3)
  }

  @Test func `the loss is the weighted sum of the task's and the exchange's`() throws {
    let both = try job(0.5, 2)
    let start = try both.start()
    let weights = start.weights
    let whole = try loss(both, weights, start).value
    let task = try loss(job(1, 0), weights, start).value
    let exchanged = try loss(job(0, 1), weights, start).value
    #expect(abs(whole - (0.5 * task + 2 * exchanged)) < 1e-5)
    #expect(abs(task - exchanged) > 1e-4)
  }
}
