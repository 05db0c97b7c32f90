import ArgumentParser
import Cluster
import Experiments
import Inputs
import Interventions

struct Intervene: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run one intervention: forward, gradient, training or generation; tensors out.",
    discussion: """
      SPEC names a model, interventions, inputs and locations, as pyvene does; JSON or TOML. Tensors \
      that it names are in.NAME in the safetensors file of its own name. The results are out.NAME.

      With --microbatch, gradients and training go over the ranks of mpirun, so many examples at a \
      time; what they give is added in an order of its own, so the results are the same bytes.
      """)

  @Argument(help: "Specification (JSON, or TOML if it ends in .toml).") var spec: String
  @Option(help: "Folder in which the specification's model is a name.") var models: String?
  @Option(name: .shortAndLong, help: "Safetensors file to write.") var output: String
  @Option(help: "Folder to write the interventions to, as they are after the run, for pyvene too.")
  var save: String?
  @Flag(help: "Replace what is there under the names of -o and --save; inputs never are.")
  var force = false
  @Flag(help: "Share nothing with unchanged runs, to check the reuse by.") var naive = false

  @Option(help: "Examples that a rank computes at a time, of gradients and training.")
  var microbatch: Int?

  func validate() throws {
    if let microbatch, !(1...1 << 20).contains(microbatch) {
      throw ValidationError("--microbatch is \(microbatch), expected 1 to \(1 << 20)")
    }
  }

  func run() throws {
    let environment = try MPIEnvironment()
    do throws(Refusal) {
      let outputs = try outputs(environment.world)
      if environment.world.rank == 0 {
        try outputs.write(to: output)
        print(outputs.lines.joined(separator: "\n"))
      }
      environment.leave(code: 0)
    } catch {
      environment.leave(after: error)
    }
  }

  private func outputs(_ world: Communicator) throws(Refusal) -> SpecOutputs {
    guard let microbatch else {
      try RankedSpec.refuseIdle(world)
      return try SpecDocument.run(
        spec, models: models, isNaive: naive, saveTo: save, output: output, force: force)()
    }
    return try RankedSpec(world, microbatch: microbatch).run(
      spec, models: models, isNaive: naive, saveTo: world.rank == 0 ? save : nil, output: output,
      force: force)
  }
}
