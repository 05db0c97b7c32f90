import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

struct DasLossTests {
  private func job(
    loss: String, variable: String = "variable = \"carry_1\"", train: Int = 12
  ) throws -> DasJob {
    try DasJob.ofSums(
      train: train, variable: variable,
      """
      [train]
      loss = "\(loss)"
      learning_rate = 0.1
      """)
  }

  private func model(of job: DasJob) throws -> any TrainableModel<Float> { try job.untrained() }

  @Test func `the logit difference is that of the base's answer and the label`() throws {
    let job = try job(loss: "logit_difference")
    let problem = try DasProblem(job, job.grid.point(0), model(of: job))
    let numbers = Array(0..<12)
    let labels = problem.labels(numbers, of: .train)
    let bases = try #require(problem.baseLabels(numbers, of: .train))
    #expect(zip(labels, bases).contains { $0 != $1 }, "sources that change the answer")
    let values = Tensor<Float>(
      [12, 256], (0..<12 * 256).map { Float(($0 * 7919) % 1013) / 100 })
    let tape = Tape<Float>()
    let logits = tape.leaf(values)
    let loss = problem.loss(logits, numbers, of: .train, reference: nil, on: tape)
    var (mean, slopes) = (Float(0), [Float](repeating: 0, count: 12 * 256))
    for (row, (label, base)) in zip(labels, bases).enumerated() {
      mean += (values.elements[row * 256 + base] - values.elements[row * 256 + label]) / 12
      slopes[row * 256 + base] += 1 / 12
      slopes[row * 256 + label] -= 1 / 12
    }
    #expect(abs(loss.value.scalar - mean) < 1e-4)
    let gradient = tape.gradients(of: loss, at: [logits])[0].elements
    for (own, other) in zip(gradient, slopes) { #expect(abs(own - other) < 1e-6) }
  }

  @Test func `an intervention that says no variable is refused where the data set several`() throws
  {
    let text = """
      kind = "das"
      [pretrain.model]
      architecture = "mlp"
      layers = 1
      width = 16
      classes = 2
      [pretrain.data]
      causal_model = "hierarchical_equality"
      train = 4
      [pretrain.train]
      learning_rate = 0.1
      [data]
      causal_model = "hierarchical_equality"
      intervene = ["WX", "YZ"]
      choice = "one"
      train = 8
      [[interventions]]
      intervention_type = "LowRankRotatedSpaceIntervention"
      low_rank_dimension = 2
      component = "block_output"
      layer = 0
      [train]
      learning_rate = 0.1
      """
    let refusal = #expect(throws: Refusal.self) { try DasJob(DasSpec(document(text))) }
    #expect(refusal?.field.contains("interventions[0].variable") == true)
    #expect(refusal?.found == "no variable, where the data set one of 2")
  }

  @Test func `the source's own output is no target where its answer is not the label`() throws {
    let refusal = #expect(throws: Refusal.self) {
      let own = try job(loss: "kl")
      try DasProblem(own, own.grid.point(0), model(of: own)).checkLoss()
    }
    #expect(
      refusal?.field.contains("label") == true && refusal?.expected.contains("target") == true)
    let label = try job(loss: "kl\"\ntarget = \"label")
    let problem = try DasProblem(label, label.grid.point(0), model(of: label))
    try problem.checkLoss()
    let squares = try job(loss: "mean_squared_error\"\ntarget = \"label")
    let other = try DasProblem(squares, squares.grid.point(0), model(of: squares))
    let numbers = Array(0..<5)
    let values = Tensor<Float>([5, 256], (0..<5 * 256).map { Float(($0 * 7919) % 1013) / 100 })
    let (tape, labels) = (Tape<Float>(), problem.labels(numbers, of: .train))
    let logits = tape.leaf(values)
    let entropy = tape.crossEntropy(logits, labels: labels).value.scalar
    #expect(
      problem.loss(logits, numbers, of: .train, reference: nil, on: tape).value.scalar == entropy)
    var mean = 0.0
    for (place, value) in values.elements.enumerated() {
      let one = labels[place / 256] == place % 256 ? 1.0 : 0
      mean += (Double(value) - one) * (Double(value) - one) / Double(5 * 256)
    }
    let loss = other.loss(logits, numbers, of: .train, reference: nil, on: tape).value.scalar
    #expect(abs(Double(loss) - mean) < 1e-3 * mean)
  }

  @Test func `microbatches with a loss that is not finite are found by number`() throws {
    let bad = try OwnMicrobatches().firstNotFinite(of: 9) { [1, .nan, 2, 3, .infinity][$0 % 5] }
    #expect(bad == 1)
    #expect(try OwnMicrobatches().firstNotFinite(of: 9) { Float($0) } == nil)
  }
}
