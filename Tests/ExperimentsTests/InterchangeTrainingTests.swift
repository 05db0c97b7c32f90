import Autodiff
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

struct InterchangeTrainingTests {
  private func job(
    _ taskWeight: Double, _ weight: Double, subspaces: String = "subspaces = [0]"
  ) throws -> ModelTrainJob {
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
          \(subspaces)
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

  /// The central difference of the loss for one element of one weight.
  private func difference(
    _ job: ModelTrainJob, _ weights: NamedWeights<Float>, _ start: any TrainableModel<Float>,
    at place: Int, _ element: Int, step: Float
  ) throws -> Float {
    func moved(by amount: Float) throws -> Float {
      var values = weights.all.map(\.value)
      var elements = values[place].elements
      elements[element] += amount
      values[place] = Tensor(values[place].shape, elements)
      return try loss(job, weights.replaced(with: values), start).value
    }
    return (try moved(by: step) - moved(by: -step)) / (2 * step)
  }

  @Test(arguments: [(1.0, 0.0), (0.0, 1.0), (0.5, 2.0)])
  func `gradients reach the weights through base and sources, as central differences say`(
    taskWeight: Double, weight: Double
  ) throws {
    let job = try job(taskWeight, weight)
    let start = try job.start()
    let weights = start.weights
    let (_, gradients) = try loss(job, weights, start)
    var largest: Float = 0
    for (place, pair) in weights.pairs.enumerated() {
      for element in [0, pair.variable.value.count / 2, pair.variable.value.count - 1] {
        let difference = try difference(job, weights, start, at: place, element, step: 1e-2)
        let own = gradients[place].elements[element]
        largest = max(largest, abs(own))
        #expect(abs(own - difference) < 2e-3 + 0.02 * abs(own), "\(pair.name)[\(element)]")
      }
    }
    #expect(largest > 1e-3)
  }

  /// A decoder whose state after its first block is exchanged where it adds.
  private func decoderJob(_ architecture: String, _ more: String) throws -> ModelTrainJob {
    try ModelTrainJob(
      ModelTrainSpec(
        document(
          """
          kind = "train"
          [model]
          architecture = "\(architecture)"
          layers = 3
          width = 16
          heads = 2
          vocabulary = 256
          positions = 8
          \(more)
          [data]
          causal_model = "two_digit_addition"
          intervene = ["carry_1"]
          train = 6
          [[interventions]]
          intervention_type = "VanillaIntervention"
          component = "block_output"
          layer = 1
          variable = "carry_1"
          [interchange]
          task_weight = 0.0
          [train]
          learning_rate = 0.1
          """)))
  }

  @Test(arguments: [("gpt2", ""), ("llama", "mlp_width = 24")])
  func `gradients reach a decoder's weights below its site, at it and above it`(
    architecture: String, more: String
  ) throws {
    let job = try decoderJob(architecture, more)
    let start = try job.start()
    // Weights as they are drawn are so small that differences drown in rounding.
    let weights = start.weights
    let larger = weights.replaced(
      with: weights.all.map { Tensor($0.value.shape, $0.value.elements.map { $0 * 4 }) })
    let (_, gradients) = try loss(job, larger, start)
    for (place, pair) in larger.pairs.enumerated() {
      let elements = gradients[place].elements
      let most = elements.indices.max { abs(elements[$0]) < abs(elements[$1]) } ?? 0
      let difference = try difference(job, larger, start, at: place, most, step: 4e-3)
      #expect(
        abs(elements[most] - difference) < 5e-3 + 0.05 * abs(difference), "\(pair.name)[\(most)]")
      #expect(abs(elements[most]) > 1e-5, "\(pair.name)")
    }
  }

  @Test func `an exchange of a part of a vector is not that of another part or of the whole`()
    throws
  {
    let losses = try ["subspaces = [0]", "subspaces = [1]", "subspaces = [0, 1]", ""].map { text in
      let job = try job(0, 1, subspaces: text)
      let start = try job.start()
      return try loss(job, start.weights, start).value
    }
    #expect(Set(losses.prefix(3)).count == 3, "\(losses)")
    #expect(losses[2] == losses[3])
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
