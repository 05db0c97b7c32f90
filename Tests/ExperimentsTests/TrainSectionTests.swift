import Inputs
import Testing

@testable import Experiments

struct TrainSectionTests {
  private func section(_ text: String) throws -> TrainSection {
    let job = try document("[train]\nlearning_rate = 0.1\n\(text)\n").field.table(known: ["train"])
    return try TrainSection(job.required("train", expected: "a table"))
  }

  @Test func `only adamw decays where the job says nothing, by PyTorch's hundredth`() throws {
    #expect(try section("optimizer = \"adamw\"").weightDecay == 0.01)
    #expect(try section("optimizer = \"adamw\"\nweight_decay = 0").weightDecay == 0)
    #expect(try section("optimizer = \"adam\"").weightDecay == 0)
    #expect(try section("optimizer = \"sgd\"").weightDecay == 0)
  }
}
