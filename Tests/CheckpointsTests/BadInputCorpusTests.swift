import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

/// Containers that are well formed and whose meaning is wrong: they open here, and what reads the
/// model or the tokenizer refuses them.
private let wrongInMeaningOnly: Set<String> = [
  "gguf/055_unknown_architecture.gguf", "gguf/056_no_heads.gguf",
  "gguf/057_heads_do_not_divide.gguf", "gguf/058_blocks_missing.gguf",
  "gguf/059_token_count_mismatch.gguf", "gguf/060_eos_out_of_range.gguf",
  "gguf/061_wrong_shape.gguf", "hf/015_unknown_model", "hf/016_missing_size", "hf/017_size_string",
  "hf/018_size_fraction", "hf/019_no_heads", "hf/020_negative", "hf/021_heads_do_not_divide",
  "hf/022_layers_missing", "hf/023_layers_huge", "hf/024_size_past_64_bits",
  "hf/025_vocab_mismatch", "hf/026_unknown_activation", "hf/027_epsilon_negative",
  "hf/044_tensor_missing", "hf/045_tensor_wrong_shape", "hf/046_tensor_wrong_rank",
  "hf/047_tensor_unknown",
]

/// Opens what the case names and reads every tensor of it.
private func load(_ kind: String, _ path: String) throws(Refusal) {
  let container: any TensorContainer
  switch kind {
  case "safetensors": container = try SafetensorsFile(path)
  case "pickle": container = try PyTorchFile(path)
  default: container = try Checkpoint(path)
  }
  for tensor in container.tensors.values {
    if tensor.elementType.isFloatingPoint {
      _ = try container.floats(tensor.name)
    } else {
      _ = try container.integers(tensor.name)
    }
  }
}

@Test(.enabled(if: SharedMaterial.isPresent))
func `every malformed model file is refused by name within two seconds, every control loads`()
  throws
{
  let folder = try TemporaryFolder()
  let cases = try BadInputCorpus(in: folder.path).cases
    .filter { ["safetensors", "gguf", "pickle", "hf"].contains($0.kind) }
  #expect(cases.count == 56 + 54 + 46 + 41)
  #expect(wrongInMeaningOnly.isSubset(of: cases.map(\.file)))
  for entry in cases {
    var refusal: Refusal?
    let seconds = processorSeconds {
      do throws(Refusal) {
        try load(entry.kind, "\(folder.path)/\(entry.file)")
      } catch {
        refusal = error
      }
    }
    #expect(seconds < 2, "\(entry.file) took \(seconds) s")
    let mustLoad = entry.expectation == "accept" || wrongInMeaningOnly.contains(entry.file)
    if mustLoad {
      #expect(refusal == nil, "\(entry.file)")
    } else if let refusal {
      let text = refusal.description.replacingOccurrences(of: folder.path + "/", with: "")
      #expect(text.contains(entry.file), "\(text) does not name \(entry.file)")
      let message = text.replacingOccurrences(of: entry.file, with: "")
      #expect(holds(entry.terms, in: message), "\(text) does not hold \(entry.terms)")
      #expect(refusal.kind == .model, "\(entry.file)")
    } else {
      #expect(entry.expectation == "either", "\(entry.file) was accepted")
    }
  }
  // The folder that some of the pickles ask for.
  #expect(!FileManager.default.fileExists(atPath: "UNSAFE_PICKLE_EXECUTED"))
}
