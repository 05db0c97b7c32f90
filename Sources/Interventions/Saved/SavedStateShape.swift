internal import Inputs

/// The tensors that the state of each type has, in sizes that must agree with one another.
struct SavedStateShape {
  /// The width of what the intervention acts on; nil where the state does not tell.
  let width: Int?

  private enum Size {
    /// The width of what the intervention acts on, `embed_dim`.
    case width
    /// Columns or latents, `low_rank_dimension`.
    case rank
    /// Latents, `latent_dim`.
    case latent
  }

  private static let rotation = "rotate_layer.parametrizations.weight"

  /// The tensors that the type needs; nil for a shape is one element in any shape.
  private static func required(
    _ type: SavedInterventionType
  ) -> [(name: String, shape: [Size]?)] {
    func rotated(_ columns: Size) -> [(name: String, shape: [Size]?)] {
      [("\(rotation).original", [.width, columns]), ("\(rotation).0.base", [.width, .width])]
    }
    switch type {
    case .rotatedSpace: return rotated(.width)
    case .lowRankRotatedSpace: return rotated(.rank)
    case .boundlessRotatedSpace:
      return rotated(.width) + [("intervention_boundaries", nil), ("temperature", nil)]
    case .sigmoidMaskRotatedSpace:
      return rotated(.width) + [("masks", [.width]), ("temperature", nil)]
    case .sigmoidMask: return [("mask", [.width]), ("temperature", nil)]
    case .autoencoder:
      return [
        ("autoencoder.encoder.0.weight", [.latent, .width]),
        ("autoencoder.encoder.0.bias", [.latent]),
        ("autoencoder.decoder.0.weight", [.width, .latent]),
        ("autoencoder.decoder.0.bias", [.width]),
      ]
    case .jumpReLUAutoencoder:
      return [
        ("W_enc", [.width, .rank]), ("W_dec", [.rank, .width]), ("threshold", [.rank]),
        ("b_enc", [.rank]), ("b_dec", [.width]),
      ]
    case .zero, .collect, .skip, .vanilla, .addition, .subtraction, .pcaRotatedSpace, .noise:
      return []
    }
  }

  /// The tensors that the type may have besides, which say nothing that is not known.
  private static func optional(_ type: SavedInterventionType) -> [String] {
    let common = ["embed_dim", "interchange_dim"]
    return switch type {
    case .boundlessRotatedSpace: common + ["intervention_population"]
    case .pcaRotatedSpace: common + ["pca_components", "pca_mean", "pca_std"]
    case .noise: common + ["noise", "noise_level"]
    default: common
    }
  }

  /// Refuses a state that lacks a tensor, has one too many, or one of another size.
  init(_ r: SavedRepresentation, file: String, kind: Refusal.Kind) throws(Refusal) {
    let required = Self.required(r.interventionType)
    let source = "source_representation"
    let names = required.map(\.name) + (r.needsSource ? [source] : [])
    for name in names where r.state[name] == nil {
      throw Refusal(
        kind, file: file, field: name, found: "no tensor of that name",
        expected: "one, of a \(r.interventionType.rawValue)")
    }
    let known = names + Self.optional(r.interventionType) + [source]
    for name in r.state.keys.sorted() where !known.contains(name) {
      throw Refusal(
        kind, file: file, field: name, found: "a tensor of that name",
        expected: "those of a \(r.interventionType.rawValue): \(known.joined(separator: ", "))")
    }
    var sizes: [Size: Int] = [:]
    sizes[.width] = r.state["embed_dim"]?.onlyInteger
    sizes[.rank] = r.lowRankDimension
    sizes[.latent] = r.latentDimension
    for (name, shape) in required {
      guard let tensor = r.state[name] else { continue }
      func refusal(_ expected: String) -> Refusal {
        Refusal(
          kind, file: file, field: name, found: "the shape \(tensor.shape)", expected: expected)
      }
      guard case .floats = tensor.values else {
        throw Refusal(
          kind, file: file, field: name, found: "integers", expected: "floating-point numbers")
      }
      guard let shape else {
        guard tensor.count == 1 else { throw refusal("one element") }
        continue
      }
      guard tensor.shape.count == shape.count else { throw refusal("\(shape.count) axes") }
      for (axis, size) in shape.enumerated() where sizes[size] == nil {
        sizes[size] = tensor.shape[axis]
      }
      let expected = shape.map { sizes[$0] ?? 0 }
      guard tensor.shape == expected else { throw refusal("\(expected)") }
    }
    width = sizes[.width]
  }

  /// The state with what pyvene 0.1.8 insists on and older versions did not save.
  func completed(_ r: SavedRepresentation) -> [String: SavedTensor] {
    var state = r.state
    guard r.interventionType.isTrainable, let width else { return state }
    func add(_ name: String, _ shape: [Int], _ values: [Int]) {
      if state[name] == nil { state[name] = SavedTensor(shape: shape, values) }
    }
    add("embed_dim", [], [width])
    switch r.interchangeDimensions {
    case nil: add("interchange_dim", [], [width])
    case .first(let count): add("interchange_dim", [], [count])
    case .listed(let list): add("interchange_dim", [list.count], list)
    }
    if r.interventionType == .boundlessRotatedSpace {
      add("intervention_population", [width], Array(0..<width))
    }
    return state
  }
}
