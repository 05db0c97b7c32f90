import Foundation
import Inputs
import Testing

@testable import Interventions

/// A folder that is removed with its last reference.
final class SavedScratch: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "causeway-saved-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
  }

  func put(_ name: String, _ bytes: some Sequence<UInt8>) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  /// The names in a folder below, sorted.
  func names(in folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
  }
}

/// Expects a refusal of that kind whose description holds every term of a list with `;`.
func expectSavedRefusal<Result>(
  _ terms: String, kind: Refusal.Kind = .model, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Result
) {
  do {
    _ = try body()
    Issue.record("accepted; wanted \(terms)", sourceLocation: sourceLocation)
  } catch let refusal as Refusal {
    #expect(refusal.kind == kind, sourceLocation: sourceLocation)
    for term in terms.split(separator: ";") where !refusal.description.contains(term) {
      Issue.record("\(refusal) does not hold \(term)", sourceLocation: sourceLocation)
    }
  } catch {
    Issue.record("\(error) is not a Refusal", sourceLocation: sourceLocation)
  }
}

/// A float tensor of that shape with 0.5, 1.5, 2.5, ...
func ramp(_ shape: Int...) -> SavedTensor {
  SavedTensor(shape: shape, (0..<shape.reduce(1, *)).map { Float($0) + 0.5 })
}

/// The state of each trainable type, complete, of width 4, rank 2 and 3 latents.
func savedState(_ type: SavedInterventionType) -> [String: SavedTensor] {
  var state: [String: SavedTensor] = [
    "embed_dim": SavedTensor(shape: [], [4]), "interchange_dim": SavedTensor(shape: [], [4]),
  ]
  let rotation = "rotate_layer.parametrizations.weight"
  switch type {
  case .rotatedSpace, .boundlessRotatedSpace, .sigmoidMaskRotatedSpace:
    state["\(rotation).original"] = ramp(4, 4)
    state["\(rotation).0.base"] = ramp(4, 4)
  case .lowRankRotatedSpace:
    state["\(rotation).original"] = ramp(4, 2)
    state["\(rotation).0.base"] = ramp(4, 4)
  case .sigmoidMask: state["mask"] = ramp(4)
  case .autoencoder:
    state["autoencoder.encoder.0.weight"] = ramp(3, 4)
    state["autoencoder.encoder.0.bias"] = ramp(3)
    state["autoencoder.decoder.0.weight"] = ramp(4, 3)
    state["autoencoder.decoder.0.bias"] = ramp(4)
  case .jumpReLUAutoencoder:
    state["W_enc"] = ramp(4, 2)
    state["W_dec"] = ramp(2, 4)
    state["threshold"] = ramp(2)
    state["b_enc"] = ramp(2)
    state["b_dec"] = ramp(4)
  case .zero, .collect, .skip, .vanilla, .addition, .subtraction, .pcaRotatedSpace, .noise:
    return [:]
  }
  switch type {
  case .boundlessRotatedSpace:
    state["intervention_boundaries"] = ramp(1)
    state["temperature"] = ramp()
    state["intervention_population"] = SavedTensor(shape: [4], Array(0..<4))
  case .sigmoidMaskRotatedSpace:
    state["masks"] = ramp(4)
    state["temperature"] = ramp()
  case .sigmoidMask: state["temperature"] = ramp()
  default: break
  }
  return state
}

/// A representation of each type, complete, all on one site.
let everySavedType: [SavedRepresentation] = SavedInterventionType.allCases.map { type in
  var representation = SavedRepresentation(
    layer: 1, component: "mlp_output", interventionType: type, interchangeDimensions: .first(4),
    state: savedState(type))
  if type == .lowRankRotatedSpace || type == .jumpReLUAutoencoder {
    representation.lowRankDimension = 2
  }
  if type == .autoencoder {
    representation.latentDimension = 3
    representation.interchangeDimensions = .listed([0, 2])
    representation.state["interchange_dim"] = SavedTensor(shape: [2], [0, 2])
  }
  return representation
}
