import ArgumentParser
import Experiments
import Inputs

struct Sites: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what can be intervened on in a model: names, layers, shapes.")

  @Argument(help: "Model folder, or .gguf file.") var model: String
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let list = try SiteList(model)
    if json { print(list.json) } else { for line in list.lines { print(line) } }
  }
}
