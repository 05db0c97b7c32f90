import ArgumentParser
import Experiments
import Inputs

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a file or folder holds, or why it is refused; runs nothing.",
    discussion: """
      Reads model folders, safetensors, GGUF, PyTorch archives, NumPy arrays, tokenizer.json, jobs, \
      run folders, Zarr stores, journals and zstd frames. Exit codes: 3 for jobs, 4 for models and tokenizers, 5 for stores.
      """)

  @Argument(help: "File or folder.") var path: String

  func run() throws {
    for line in try PathInspection(path).lines { print(line) }
  }
}
