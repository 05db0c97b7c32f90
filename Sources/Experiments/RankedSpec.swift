package import Cluster
package import Inputs
package import Interventions

/// A specification of one intervened run whose gradients are taken on all ranks.
package struct RankedSpec {
  private let world: Communicator
  private let size: Int

  /// - Parameter microbatch: Examples that a rank computes at a time.
  package init(_ world: Communicator, microbatch: Int) {
    self.world = world
    size = microbatch
  }

  /// Refuses ranks that would each do all of the work.
  package static func refuseIdle(_ world: Communicator) throws(Refusal) {
    guard world.size > 1 else { return }
    throw Refusal(
      .commandLine, field: "--microbatch", found: "\(world.size) ranks without it",
      expected: "one process, or for gradients and training --microbatch EXAMPLES, by which ranks "
        + "share the work")
  }

  /// Runs the specification. Collective; all ranks return the same or throw the same.
  package func run(_ command: InterveneCommand) throws(Refusal) -> (SpecOutputs, SpecViews) {
    var command = command
    command.microbatches = Microbatches(
      of: size, by: SharedMicrobatches(world: world, threads: 1, stop: StopSignal()))
    let prepared = try world.agree { try command.prepared() }
    return try prepared()
  }
}
