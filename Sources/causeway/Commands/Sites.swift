import ArgumentParser
import Experiments
import Inputs

struct Sites: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what can be intervened on in a model: names, layers, shapes.")

  @Argument(help: "Model folder, or .gguf file.") var model: String

  func run() throws {
    for line in try SiteList(model).lines { print(line) }
  }
}
