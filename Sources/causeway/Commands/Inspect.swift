import ArgumentParser
import Experiments
import Inputs

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a file or folder holds, or why it is refused; runs nothing.",
    discussion: """
      Reads model folders, safetensors, GGUF, PyTorch archives, NumPy arrays, tokenizer.json, jobs, \
      JSON lines, run folders, Zarr stores, tuned lenses, saved interventions, journals and zstd \
      frames. Exit codes: 3 for jobs, 4 for models and tokenizers, 5 for stores.
      """)

  @Argument(help: "File or folder.") var path: String
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let lines = try PathInspection(path).lines
    if json {
      print(ReportJSON.lines(lines, of: path))
    } else {
      for line in lines { print(line) }
    }
  }
}
