internal import Tensors

extension Tape {
  /// Each element held within the limits: `∂L/∂x = g` where low ≤ x ≤ high, else 0.
  public func clamp(_ x: Variable<Scalar>, from low: Scalar, to high: Scalar) -> Variable<Scalar> {
    precondition(low <= high, "clamp from \(low) to \(high)")
    return record(x.value.clamped(from: low, to: high), from: [x]) { g in
      [
        Tensor(x.shape) {
          Scalar.clampGradient(x.value.unsafePointer, low, high, g.unsafePointer, $0, g.count)
        }
      ]
    }
  }
}
