import ArgumentParser
import Experiments
import Inputs
import Interventions

struct Intervene: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run one intervention: forward, gradient, training or generation; tensors out.",
    discussion: """
      SPEC names a model, interventions, inputs and locations, as pyvene does; JSON or TOML. Tensors \
      that it names are in.NAME in the safetensors file of its own name. The results are out.NAME.
      """)

  @Argument(help: "Specification (JSON, or TOML if it ends in .toml).") var spec: String
  @Option(help: "Folder in which the specification's model is a name.") var models: String?
  @Option(name: .shortAndLong, help: "Safetensors file to write.") var output: String
  @Option(help: "Folder to write the interventions to, as they are after the run, for pyvene too.")
  var save: String?
  @Flag(help: "Share nothing with unchanged runs, to check the reuse by.") var naive = false

  func run() throws {
    let outputs = try SpecDocument.run(spec, models: models, isNaive: naive, saveTo: save)()
    try outputs.write(to: output)
    print(outputs.lines.joined(separator: "\n"))
  }
}
