public import Tensors

/// The angles of rotary positions: cosines and sines `[positions, rotated / 2]`.
///
/// Su et al., 2021, <https://arxiv.org/abs/2104.09864>.
public struct RotaryAngles<Scalar: Real>: Sendable {
  /// `[positions, rotated / 2]`.
  public let cosines: Tensor<Scalar>
  /// `[positions, rotated / 2]`.
  public let sines: Tensor<Scalar>
  /// Whether pairs are neighbours, as in GPT-J, and not half of the rotated part apart.
  public let isPaired: Bool

  /// Both of one shape.
  public init(cosines: Tensor<Scalar>, sines: Tensor<Scalar>, isPaired: Bool = false) {
    precondition(cosines.shape == sines.shape, "\(cosines.shape) cosines, \(sines.shape) sines")
    self.cosines = cosines
    self.sines = sines
    self.isPaired = isPaired
  }

  /// How many coordinates of each head are turned.
  public var rotated: Int { 2 * cosines.width }
  /// Positions from 0 up to this one have angles.
  public var positionCount: Int { cosines.rows }
}

extension Tape {
  /// Turns each head's pairs of coordinates by the angles of its row's position.
  ///
  /// The gradient is turned back by the same angles, and scaled alike where these are scaled.
  ///
  /// - Parameters:
  ///   - x: `[rows, heads · headWidth]`.
  ///   - positions: Each row's position.
  public func rotate(
    _ x: Variable<Scalar>, headWidth: Int, positions: [Int32], angles: RotaryAngles<Scalar>
  ) -> Variable<Scalar> {
    precondition(positions.count == x.value.rows, "\(positions.count) positions for \(x.shape)")
    precondition(
      positions.allSatisfy { $0 >= 0 && $0 < angles.positionCount }, "a position without angles")
    func turned(_ x: Tensor<Scalar>, _ sign: Scalar) -> Tensor<Scalar> {
      Tensor(x.shape) { y in
        Scalar.rotate(
          rows: x.rows, heads: x.width / headWidth, headWidth: headWidth, rotated: angles.rotated,
          isPaired: angles.isPaired, sign: sign, positions: positions,
          cosines: angles.cosines.unsafePointer,
          sines: angles.sines.unsafePointer, x.unsafePointer, y)
      }
    }
    return record(turned(x.value, 1), from: [x]) { g in [turned(g, -1)] }
  }
}
