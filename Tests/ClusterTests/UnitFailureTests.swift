import Inputs
import Testing

@testable import Cluster

struct UnitFailureTests {
  @Test func `why a unit failed arrives whole, with the advice at its end`() throws {
    let world = try MPIEnvironment(environment: [:]).world
    let refusal = Refusal(
      .model, file: String(repeating: "folder/", count: 20), field: "fact 3",
      found: String(repeating: "metrics that are not finite ", count: 10),
      expected: "finite activations and logits")
    var messages: [String] = []
    _ = try UnitScheduler(units: [WorkUnit(number: 0, cost: 1)], settings: .init(computeThreads: 1))
      .run(
        on: world, stop: StopSignal(),
        .init(
          compute: { _ in throw refusal }, keep: { _, _ in }, sync: {}, finished: { _ in },
          failed: { messages.append($0.message) }))
    #expect(messages.count == 1 && messages[0].hasSuffix("finite activations and logits"))
    #expect(messages.first?.contains("\n") == false)
  }
}
