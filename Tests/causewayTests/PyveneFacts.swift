import Checkpoints
import Foundation
import Inputs
import ResultsStore
import Testing

/// What is asserted of a file of jobs/pyvene, once it has run.
enum PyveneFact: Sendable {
  /// An output has this shape.
  case shape(String, [Int])
  /// The last logits are others than the unchanged run's.
  case changes
  /// The probability of " Rome" rises to so much at least.
  case rome(Double)
  /// The logits are those of another file, to rounding.
  case equals(String)
  /// The tokens are others than the unchanged run's, as many.
  case continues(Int)
  /// The last loss is below the first.
  case learns
  /// A gradient of this name is not zero everywhere.
  case gradient(String)
  /// An array of the run's results has this shape.
  case array(String, [Int])
  /// A file is there afterwards, by its path from the repository, and another one is not.
  case writes(String, not: String)

  private static let rome = 7268

  func check(_ name: String, in jobs: PyveneJobs) throws {
    switch self {
    case .array(let array, let shape):
      let found = try ZarrStore.open(jobs.run(name) + "/results.zarr").array(array).spec.shape
      #expect(found == shape, "\(name): \(array)")
    case .writes(let path, let other):
      let at = { (path: String) in
        FileManager.default.fileExists(atPath: jobs.root.appendingPathComponent(path).path)
      }
      #expect(at(path), "\(name): \(path)")
      #expect(!at(other), "\(name): \(other)")
    default: try check(name, SafetensorsFile(jobs.tensors(name), kind: .job), jobs)
    }
  }

  private func check(_ name: String, _ file: SafetensorsFile, _ jobs: PyveneJobs) throws {
    switch self {
    case .shape(let output, let shape):
      #expect(try file.tensor("out.\(output)").shape == shape, "\(name): \(output)")
    case .changes:
      #expect(try last("original", file) != last("intervened", file), "\(name)")
    case .rome(let least):
      let before = try probability(last("original", file))
      let after = try probability(last("intervened", file))
      #expect(before < after && after >= least, "\(name): \(before) to \(after)")
    case .equals(let other):
      let (ours, theirs) = try (
        last("intervened", file),
        last("intervened", SafetensorsFile(jobs.tensors(other), kind: .job))
      )
      #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name), \(other)")
    case .continues(let count):
      let (plain, changed) = try (
        file.integers("out.original.ids"), file.integers("out.intervened.ids")
      )
      #expect(changed.count == count && plain != changed, "\(name): \(plain), \(changed)")
    case .learns:
      let losses = try file.floats("out.losses")
      #expect(try #require(losses.last) < losses[0], "\(name): \(losses)")
    case .gradient(let gradient):
      #expect(try file.floats("out.grad.\(gradient)").contains { $0 != 0 }, "\(name)")
    case .array, .writes: break
    }
  }

  private func last(_ run: String, _ file: SafetensorsFile) throws -> [Float] {
    let name = "out.\(run).logits"
    let width = try #require(try file.tensor(name).shape.last)
    return try Array(file.floats(name).suffix(width))
  }

  private func probability(_ logits: [Float]) throws -> Double {
    let most = Double(try #require(logits.max()))
    let sum = logits.reduce(0) { $0 + exp(Double($1) - most) }
    return exp(Double(logits[Self.rome]) - most) / sum
  }

  private static let rotation = "0.rotate_layer.parametrizations.weight.original"

  /// Of every file of the folder.
  static let all: [String: [PyveneFact]] = [
    "adaptor": [.learns, .shape("final.0.A", [576, 4])],
    "add-activations": [.array("probability", [5, 1])],
    "addition": [.changes],
    "attention-weights": [.shape("collected.0", [1, 9, 14, 14])],
    "backpack-debiasing": [.changes, .shape("intervened.logits", [1, 8, 385])],
    "backpack-grid": [.array("logit_difference", [3, 1])],
    "basic-intervention": [.rome(0.3)],
    "basic-sweep": [.array("probability", [2, 2, 5, 1])],
    "boundless-das": [.array("accuracy", [1, 1, 1, 3])],
    "boundless-voting": [.array("accuracy", [1, 1, 1, 3])],
    "causal-basis": [.array("energy", [1, 2])],
    "causal-model": [.array("accuracy", [1, 1, 1, 3])],
    "causal-tracing": [.array("probability", [1, 3, 30, 7, 2])],
    "causal-tracing-cell": [.changes],
    "collect": [.shape("collected.0", [1, 1, 576])],
    "collect-downstream": [.rome(0.3), .shape("collected.0", [1, 1, 576])],
    "das-introduction": [.array("accuracy", [1, 1, 1, 3])],
    "embedding": [.shape("collected.0", [2, 1, 576])],
    "generation": [.continues(26)],
    "generation-source": [.continues(26)],
    "groups": [.rome(0.3)],
    "gru-cross-time": [.changes],
    "gru-step": [.changes],
    "hidden-states": [.array("block_output/mean", [2, 32])],
    "image-patch": [.changes],
    "image-rotation": [.gradient("0.R.parametrizations.weight.original")],
    "inference-time": [.continues(26)],
    "interchange": [.rome(0.003)],
    "interchange-training": [.gradient("transformer.h.0.attn.c_attn.weight")],
    "intervention-training": [.learns],
    "ioi-das": [.array("accuracy", [1, 1, 1, 3])],
    "ioi-mask": [.array("accuracy", [1, 1, 1, 3])],
    "ioi-path-patching": [.array("logit_difference", [2, 1])],
    "links": [.changes],
    "links-gradient": [.gradient(rotation)],
    "load": [.changes, .equals("zero-subspace")],
    "mqnli": [.array("accuracy", [1, 1, 1, 3])],
    "nested": [.array("probability", [2, 2, 2, 1])],
    "new-model": [.changes],
    "own-type": [.changes],
    "path-patching": [
      .changes,
      .writes(
        "jobs/pyvene/out/path-patching/config.json",
        not: "jobs/pyvene/out/path-patching/pytorch_model.bin"),
    ],
    "path-patching-das": [.gradient(rotation)],
    "probing-gender": [.array("accuracy", [1, 1, 1, 3])],
    "probing-gender-states": [.array("block_output/mean", [3, 576])],
    "remote": [.array("probability", [3, 1])],
    "several-layers": [.changes],
    "several-positions": [.rome(0.3)],
    "single-neuron": [.shape("collected.0", [1, 1, 1, 1])],
    "skipping": [.changes],
    "soft-gradient": [.gradient(rotation)],
    "sources-parallel": [.changes],
    "sources-parallel-subspaces": [.changes],
    "sources-serial": [.rome(0.004)],
    "sources-serial-subspaces": [.changes],
    "sparse-autoencoder": [.changes, .shape("latent.0", [1, 256])],
    "steering": [.continues(16)],
    "subspace-partition": [.changes],
    "subspace-sweep": [.array("probability", [2, 3, 1])],
    "through-time": [.learns],
    "trainable": [.gradient(rotation)],
    "zero": [.changes],
    "zero-formula": [.changes, .equals("zero")],
    "zero-subspace": [
      .changes,
      .writes("jobs/pyvene/out/zero/config.json", not: "jobs/pyvene/out/zero/pytorch_model.bin"),
    ],
  ]

  /// What makes long files short here: fewer layers, examples and steps.
  static let cuts: [String: [(from: String, to: String)]] = [
    "basic-sweep": [("layer\" = \"all\"", "layer\" = [0, 8]")],
    "boundless-das": [("train = 64", "train = 4"), ("test = 32", "test = 4")],
    "boundless-voting": [("train = 32", "train = 4"), ("test = 16", "test = 4")],
    "causal-model": [("train = 4096", "train = 512"), ("epochs = 6", "epochs = 1")],
    "causal-tracing": [
      ("samples = 4", "samples = 2\n"), ("_output\"\n", "_output\"\nlayers = [0]\n"),
      ("_activation\"\n", "_activation\"\nlayers = [0]\n"),
    ],
    "das-introduction": [("train = 65536", "train = 4096"), ("train = 16000", "train = 960")],
    "ioi-das": [("train = 64", "train = 8"), ("test = 32", "test = 8"), ("[12, 20]", "[20]")],
    "ioi-mask": [("train = 64", "train = 8"), ("test = 32", "test = 8")],
    "ioi-path-patching": [
      ("[[0]], [[1]], [[2]], [[3]], [[4]], [[5]], [[6]], [[7]], [[8]]", "[[0]], [[1]]"),
      ("\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\"", "\"0\", \"1\""),
    ],
    "mqnli": [("train = 1024", "train = 64"), ("train = 256", "train = 64")],
    "nested": [("layer\" = \"all\"", "layer\" = [0, 8]")],
    "probing-gender": [
      ("layers = [4, 14, 24]", "layers = [24]"), ("positions = [0, 1, 2]", "positions = [2]"),
      ("epochs = 2", "steps = 1"),
    ],
    "subspace-sweep": [("layer\" = \"all\"", "layer\" = [0, 8]")],
  ]
}
