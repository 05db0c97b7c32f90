import ArgumentParser
import Cluster
import Experiments
import Inputs
import Interventions

struct Intervene: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run one intervention and show what it changed; tensors out, if wanted.",
    discussion: """
      SPEC names a model, interventions, inputs and locations, as pyvene does; JSON or TOML. Tensors \
      that it names are in.NAME in the safetensors file of its own name. With -o the results are \
      written as out.NAME.

      Shown are the most probable tokens or classes before and after, generated text, losses, and what \
      was collected, by shape, norm and range. Touched tokens stand in [brackets]. A list of \
      outputs restricts what -o writes, and with -o also what is run.

      With --microbatch, gradients and training go over the ranks of mpirun, so many examples at a \
      time; what they give is added in an order of its own, so the results are the same bytes.
      """)

  @Argument(help: "Specification (JSON, or TOML if it ends in .toml).") var spec: String
  @Option(help: "Folder in which the specification's model is a name.") var models: String?
  @Option(name: .shortAndLong, help: "Safetensors file to write.") var output: String?
  @Option(help: "Folder to write the interventions to, as they are after the run, for pyvene too.")
  var save: String?
  @Flag(help: "Share nothing with unchanged runs, to check the reuse by.") var naive = false
  @Option(
    parsing: .unconditional,
    help: """
      Positions whose answers are shown, as jobs name them: 3, -1, 0:5, last, all, or several with \
      commas between; by default the last, and of masked models those of the mask.
      """)
  var at: String?
  @Option(help: "How many of the most probable answers of each run are shown.") var top = 5
  @Flag(help: "Print JSON.") var json = false
  @Option(help: ArgumentHelp("Write a picture of pixels.", valueName: "file")) var png: String?
  @Option(help: ArgumentHelp("Write a picture of shapes.", valueName: "file")) var svg: String?
  @Flag(help: "Replace what is there under the names of files to write; inputs never are.")
  var force = false

  @Option(help: "Examples that a rank computes at a time, of gradients and training.")
  var microbatch: Int?

  func validate() throws {
    if let microbatch, !(1...1 << 20).contains(microbatch) {
      throw ValidationError("--microbatch is \(microbatch), expected 1 to \(1 << 20)")
    }
    guard (1...1000).contains(top) else {
      throw ValidationError("--top is \(top), expected 1 to 1000")
    }
  }

  func run() async throws {
    guard let views = try results() else { return }
    if json {
      print(views.json)
    } else {
      try views.pictures().printItems()
    }
    guard png != nil || svg != nil else { return }
    try await views.pictures().write(png: png, svg: svg)
    if let note = views.pictureNote { say("causeway: \(note)") }
  }

  /// What there is to show, once tensors are written; nil on ranks that have nothing to say.
  private func results() throws -> SpecViews? {
    var command = InterveneCommand(spec)
    (command.models, command.isNaive, command.saveTo) = (models, naive, save)
    (command.output, command.force) = (output, force)
    (command.at, command.top, command.png, command.svg) = (at, top, png, svg)
    let environment = try MPIEnvironment()
    do throws(Refusal) {
      let world = environment.world
      let isFirst = world.rank == 0
      if !isFirst { command.saveTo = nil }
      if microbatch == nil { try RankedSpec.refuseIdle(world) }
      let (outputs, views) =
        if let microbatch {
          try RankedSpec(world, microbatch: microbatch).run(command)
        } else {
          try command.prepared()()
        }
      if isFirst, let output { try outputs.write(to: output) }
      // Pictures are drawn by a program that the thread which calls MPI does not wait for.
      do throws(MPIError) { try environment.finalize() } catch { throw error.refusal }
      return isFirst ? views : nil
    } catch {
      environment.leave(after: error)
    }
  }
}
