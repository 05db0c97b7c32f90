import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments

struct TrainSectionTests {
  private func section(
    _ text: String, of types: [String] = ["LowRankRotatedSpaceIntervention"]
  ) throws(Refusal) -> TrainSection {
    let train = try document("[train]\nlearning_rate = 0.1\n\(text)\n").field.anyTable()
      .required("train", expected: "a table")
    return try FieldType.table { (f) throws(Refusal) in
      try TrainSection(&f, of: .interventions(types))
    }.value(of: train)
  }

  @Test func `only adamw decays where the job says nothing, by PyTorch's hundredth`() throws {
    #expect(try section("optimizer = \"adamw\"").weightDecay == 0.01)
    #expect(try section("optimizer = \"adamw\"\nweight_decay = 0").weightDecay == 0)
    #expect(try section("optimizer = \"adam\"").weightDecay == 0)
    #expect(try section("optimizer = \"sgd\"").weightDecay == 0)
  }

  @Test(arguments: [
    ("temperature = 2.0", "BoundlessRotatedSpaceIntervention"),
    ("temperature = { start = 2.0, end = 1.0 }", "SigmoidMaskIntervention"),
    ("boundary_penalty = 0.1", "BoundlessRotatedSpaceIntervention"),
    ("boundary_learning_rate = 0.1", "BoundlessRotatedSpaceIntervention"),
    ("mask_penalty = 0.1", "SigmoidMaskRotatedSpaceIntervention"),
  ])
  func `a setting that no intervention reads is refused with those that do`(
    field: String, type: String
  ) throws {
    _ = try section(field, of: ["LowRankRotatedSpaceIntervention", type])
    let key = String(field.prefix { $0 != " " })
    expectRefusal(naming: "train.\(key), line 3", "LowRankRotatedSpaceIntervention", type) {
      () throws(Refusal) in try section(field)
    }
  }

  @Test func `a target is for losses that compare with one`() throws {
    #expect(try section("loss = \"kl\"").target == .source)
    #expect(try section("loss = \"mean_squared_error\"\ntarget = \"label\"").target == .label)
    expectRefusal(naming: "train.target", "cross_entropy", "kl") { () throws(Refusal) in
      try section("target = \"label\"")
    }
  }
}
