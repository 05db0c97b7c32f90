import Foundation
import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments

/// Labels of trainings that no sweep makes, and what their arrays say.
struct TrainingLabelTests {
  private func table(_ interventions: String) throws -> TrainingTable<DasSpec> {
    let text = """
      kind = "das"
      [model]
      path = "m"
      [data]
      train = "t.jsonl"
      \(interventions)
      [train]
      learning_rate = 0.1
      epochs = 1
      """
    let spec = try DasSpec(document(text))
    return try TrainingTable(
      spec, TrainingOutline(layers: [nil], modelLayers: 3, steps: 1, evaluations: []))
  }

  private func labels(
    _ table: TrainingTable<DasSpec>
  ) throws -> (layer: Int32?, width: Int32?, position: String?) {
    var (layer, width, position): (Int32?, Int32?, String?) = (nil, nil, nil)
    let values = try table.values(0, at: [], Results(count: 1))
    for (quantity, value) in zip(table.groups[0].quantities, values) {
      switch (quantity.name, value) {
      case ("layer", .integers(let all)?): layer = all.first
      case ("width", .integers(let all)?): width = all.first
      case ("position", .texts(let all)?): position = all.first
      default: break
      }
    }
    return (layer, width, position)
  }

  private static func item(_ layer: Int, _ more: String) -> String {
    """
    [[interventions]]
    intervention_type = "LowRankRotatedSpaceIntervention"
    component = "block_output"
    layer = \(layer)
    \(more)

    """
  }

  @Test func `what interventions name themselves labels their training`() throws {
    let one = try labels(table(Self.item(1, "low_rank_dimension = 4\nposition = \"early\"")))
    #expect(one.layer == 1 && one.width == 4 && one.position == "early")
    let usual = try labels(table(Self.item(2, "low_rank_dimension = 4")))
    #expect(usual.layer == 2 && usual.position == "last")
    // Two that differ have no label in common.
    let two = try labels(
      table(Self.item(1, "low_rank_dimension = 4") + Self.item(2, "low_rank_dimension = 3")))
    #expect(two.layer == -1 && two.width == -1 && two.position == "last")
  }

  @Test
  func `a plain training's accuracy is no interchange accuracy, and is compared with nothing`()
    throws
  {
    let text = """
      kind = "train"
      [model]
      architecture = "mlp"
      layers = 1
      width = 8
      classes = 2
      [data]
      causal_model = "hierarchical_equality"
      train = 4
      [train]
      learning_rate = 0.1
      epochs = 1
      """
    let table = try TrainingTable(
      ModelTrainSpec(document(text)),
      TrainingOutline(layers: [nil], modelLayers: 1, steps: 1, evaluations: []))
    let arrays = table.groups.flatMap(\.quantities)
    #expect(arrays.first { $0.name == "accuracy" }?.says.hasPrefix("accuracy: the part") == true)
    #expect(!arrays.contains { $0.says.contains("interchange") })
    #expect(!arrays.contains { $0.name.hasPrefix("control") || $0.name == "unchanged_accuracy" })
    for (number, group) in table.groups.enumerated() {
      #expect(
        try table.values(number, at: group.grid.map { _ in 0 }, Results(count: 1)).count
          == group.quantities.count)
    }
  }

  @Test func `why a unit failed is told to its end`() {
    var results = Results<Int>(count: 1)
    let advice = "expected a smaller microbatch"
    results.fail(0, String(repeating: "much was found\n", count: 40) + advice)
    #expect(results.reason(0).hasSuffix(advice) && !results.reason(0).contains("\n"))
  }

  @Test func `check shows the label of each example of a training's file`() throws {
    try withTemporaryFolder { folder in
      let text = """
        kind = "train"
        [model]
        architecture = "gpt2"
        layers = 1
        width = 8
        heads = 2
        vocabulary = 64
        positions = 8
        [data]
        train = "plain.jsonl"
        [train]
        learning_rate = 0.01
        steps = 3
        batch = 1
        """
      let file = folder.path + "/job.toml"
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      try Data("{\"base\": [1, 2, 3], \"label\": 5}\n".utf8)
        .write(to: folder.appendingPathComponent("plain.jsonl"))
      let job = try ModelTrainJob(ModelTrainSpec(JobDocument(reading: file)))
      #expect(try job.lines(limit: 2).contains { $0.hasSuffix("base   #1|#2|#3 -> \"#5\"") })
    }
  }
}
