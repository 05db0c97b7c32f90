import Checkpoints
import Cluster
import Foundation
import Inputs
import Lenses
import Models
import Tensors
import Testing
import _TestSupport

@Suite struct CausalBasisTests {
  /// The model, data and published bases of `goldens/causal_basis`.
  struct Golden {
    let model: DecoderModel<Float>
    let texts: [[Int]]
    let values: SafetensorsFile
    let document: JSONField

    init(_ root: URL) throws {
      let folder = root.appendingPathComponent("goldens/causal_basis")
      model = try PublishedModel(root.appendingPathComponent("goldens/models/gpt2").path).load()
      values = try SafetensorsFile(folder.appendingPathComponent("causal_basis.safetensors").path)
      document = try JSONField.load(
        folder.appendingPathComponent("causal_basis.json").path, kind: .model)
      let ids = try values.integers("input_ids")
      texts = stride(from: 0, to: ids.count, by: 12).map { Array(ids[$0..<$0 + 12]) }
    }

    func energies(_ mode: AblationMode, _ layer: Int) throws -> [Double] {
      try values.floats("\(mode.rawValue).layer.\(layer).energies").map(Double.init)
    }

    /// By direction.
    func vectors(_ mode: AblationMode, _ layer: Int) throws -> [[Float]] {
      let name = "\(mode.rawValue).layer.\(layer).vectors"
      let matrix = Tensor(try #require(values.tensors[name]).shape, try values.floats(name))
      let columns = matrix.transposed()
      return (0..<columns.rows).map { columns.rows($0..<$0 + 1).elements }
    }

    func best(_ mode: AblationMode, _ layer: Int) throws -> Double {
      try document["layers"]["\(mode.rawValue).layer.\(layer)"][
        "best_first_direction_energy_by_restarts"
      ].double()
    }

    func bases(_ settings: CausalBasisSettings) throws -> [CausalBasis] {
      var extraction = try CausalBasisExtraction(
        model, .logit, texts: texts, site: .blockInput, layers: [0, 1, 2, 3], settings,
        on: MPIEnvironment(environment: [:]).world)
      return try extraction.bases()
    }
  }

  private static let shared = SharedMaterial.root

  @Test(
    .enabled(if: shared != nil, "needs ../shared"), arguments: [AblationMode.mean, .zero])
  func `energies reach the published ones, and spans are theirs where energies are apart`(
    mode: AblationMode
  ) throws {
    let golden = try Golden(#require(Self.shared))
    var settings = CausalBasisSettings()
    (settings.mode, settings.directions) = (mode, 4)
    var compared = 0
    for basis in try golden.bases(settings) {
      let published = try golden.energies(mode, basis.layer)
      #expect(basis.energies[0] >= 0.99 * published[0])
      #expect(basis.energies.reduce(0, +) >= 0.99 * published.reduce(0, +))
      #expect(basis.energies == basis.energies.sorted(by: >))
      #expect(orthonormalityError(basis.vectors) < 1e-5)
      let vectors = try golden.vectors(mode, basis.layer)
      for count in 1...4 {
        let isSame = (0..<count).allSatisfy {
          abs(basis.energies[$0] - published[$0]) < 0.005 * published[$0]
        }
        let isApart = count == 4 || published[count] < 0.95 * published[count - 1]
        guard isSame, isApart else { continue }
        compared += 1
        #expect(overlap(basis.vectors[..<count], vectors[..<count]) > 0.98 * Double(count))
      }
    }
    #expect(compared >= 8)
  }

  @Test(
    .enabled(if: shared != nil, "needs ../shared"), arguments: [AblationMode.mean, .zero])
  func `eight starts reach the best energy known of a first direction`(mode: AblationMode) throws {
    let golden = try Golden(#require(Self.shared))
    var settings = CausalBasisSettings()
    (settings.mode, settings.restarts) = (mode, 8)
    for basis in try golden.bases(settings) {
      let best = try golden.best(mode, basis.layer)
      #expect(basis.energies[0] >= 0.99 * best)
    }
  }

  /// The largest element of VᵀV − 1.
  private func orthonormalityError(_ vectors: [[Float]]) -> Double {
    vectors.indices.reduce(0) { worst, i in
      vectors.indices.reduce(worst) { worst, j in
        let product = zip(vectors[i], vectors[j]).reduce(0.0) {
          $0 + Double($1.0) * Double($1.1)
        }
        return max(worst, abs(product - (i == j ? 1 : 0)))
      }
    }
  }

  /// The squared cosines between two spans, summed: the dimension of what they share.
  private func overlap(_ a: ArraySlice<[Float]>, _ b: ArraySlice<[Float]>) -> Double {
    a.reduce(0) { sum, x in
      b.reduce(sum) { sum, y in
        let cosine = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        return sum + cosine * cosine
      }
    }
  }
}
