internal import Tensors

/// A tensor in a few numbers.
package struct TensorSummary: Sendable {
  /// Of the output, such as `collected.0`.
  package let name: String
  /// The intervention that it is of, by its place in the list.
  package let entry: Int?
  package let shape: [Int]
  /// Euclidean, over all elements that are finite.
  package let norm: Double
  package let least: Float
  package let most: Float
  package let mean: Double
  /// Elements that are infinite or no number.
  package let notFinite: Int
  /// The elements themselves, of a tensor of few.
  package let values: [Float]

  private static let fewValues = 8

  init(_ name: String, _ tensor: Tensor<Float>, entry: Int? = nil) {
    (self.name, self.entry, shape) = (name, entry, tensor.shape)
    var (sum, squares, count) = (0.0, 0.0, 0)
    var (least, most) = (Float.infinity, -Float.infinity)
    tensor.withPointer { x in
      for i in 0..<tensor.count where x[i].isFinite {
        sum += Double(x[i])
        squares += Double(x[i]) * Double(x[i])
        (least, most, count) = (min(least, x[i]), max(most, x[i]), count + 1)
      }
    }
    norm = squares.squareRoot()
    mean = count == 0 ? .nan : sum / Double(count)
    (self.least, self.most) = count == 0 ? (.nan, .nan) : (least, most)
    notFinite = tensor.count - count
    values = tensor.count <= Self.fewValues ? tensor.elements : []
  }
}
