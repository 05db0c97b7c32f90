internal import Foundation

extension Tensor {
  /// Independent draws from the standard normal distribution. Box and Muller, 1958.
  public static func standardNormal(
    _ shape: [Int], using random: inout some RandomNumberGenerator
  ) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(shape) { to in
      for i in stride(from: 0, to: count, by: 2) {
        let radius = (-2 * log(random.openUnit())).squareRoot()
        let angle = 2 * Double.pi * random.openUnit()
        to[i] = Scalar(radius * cos(angle))
        if i + 1 < count { to[i + 1] = Scalar(radius * sin(angle)) }
      }
    }
  }

  /// Independent draws, as likely anywhere between the limits.
  public static func uniform(
    _ shape: [Int], from low: Scalar, to high: Scalar,
    using random: inout some RandomNumberGenerator
  ) -> Tensor {
    Tensor(shape) { to in
      for i in 0..<shape.reduce(1, *) {
        to[i] = low + (high - low) * Scalar(random.openUnit())
      }
    }
  }

  /// Independent draws from the standard Gumbel distribution, −log(−log u).
  public static func gumbelNoise(
    _ shape: [Int], using random: inout some RandomNumberGenerator
  ) -> Tensor {
    Tensor(shape) { to in
      for i in 0..<shape.reduce(1, *) { to[i] = Scalar(-log(-log(random.openUnit()))) }
    }
  }

  /// A random matrix with orthonormal columns, or rows if it is wide, as likely any as another.
  ///
  /// Saxe et al., 2013, <https://arxiv.org/abs/1312.6120>, as PyTorch's `init.orthogonal_` draws it.
  public static func orthogonal(
    rows: Int, columns: Int, using random: inout some RandomNumberGenerator
  ) -> Tensor {
    let draws = standardNormal([rows, columns], using: &random)
    return rows < columns
      ? draws.transposed().orthonormalized().transposed() : draws.orthonormalized()
  }
}

extension RandomNumberGenerator {
  /// A number strictly between 0 and 1: the middle of one of 2⁵² equal parts.
  fileprivate mutating func openUnit() -> Double {
    (Double(next() >> 12) + 0.5) * 0x1p-52
  }
}
