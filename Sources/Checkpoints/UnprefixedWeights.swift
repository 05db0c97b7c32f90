internal import Inputs

/// Weights under their own names, where the files have one prefix before all of them.
///
/// A model that was saved from within `torch.compile` or `DistributedDataParallel` has the wrapper's
/// name before each tensor's.
struct UnprefixedWeights: TensorContainer {
  /// What the names in the files begin with.
  let prefix: String
  /// Every tensor, by its name without the prefix.
  let tensors: [String: TensorDescription]
  private let weights: any TensorContainer

  private static let wrappers = ["_orig_mod.", "module."]

  /// Nil if not all names begin with a wrapper's.
  init?(_ weights: any TensorContainer) {
    var prefix: [UInt8] = []
    // Bytes, since a letter after the prefix may be an accent that joins its last.
    let names = weights.tensors.keys.map { Array($0.utf8) }
    while let wrapper = Self.wrappers.first(where: { wrapper in
      names.allSatisfy {
        $0.starts(with: prefix + wrapper.utf8) && $0.count > prefix.count + wrapper.utf8.count
      }
    }), !names.isEmpty {
      prefix += wrapper.utf8
    }
    guard !prefix.isEmpty else { return nil }
    self.prefix = String(decoding: prefix, as: UTF8.self)
    self.weights = weights
    var tensors: [String: TensorDescription] = [:]
    for (name, tensor) in weights.tensors {
      let own = String(decoding: Array(name.utf8).dropFirst(prefix.count), as: UTF8.self)
      tensors[own] = tensor.named(own)
    }
    guard tensors.count == names.count else { return nil }
    self.tensors = tensors
  }

  var path: String { weights.path }
  var kind: Refusal.Kind { weights.kind }

  func file(of tensor: TensorDescription) -> BoundedFile { weights.file(of: stored(tensor)) }

  func verify(_ tensor: TensorDescription) throws(Refusal) {
    try weights.verify(stored(tensor))
  }

  /// The tensor as its file names it.
  private func stored(_ tensor: TensorDescription) -> TensorDescription {
    tensor.named(prefix + tensor.name)
  }
}
