internal import Foundation

/// A slope for each head, which scores fall by with a key's distance. Press et al., 2022,
/// <https://arxiv.org/abs/2108.12409>.
public struct LinearBias: Sendable, Equatable {
  /// By head.
  public var slopes: [Float]
  /// Factor of what is added.
  public var factor: Float
  /// Whether slopes and their multiples are rounded to bfloat16, as Falcon's are.
  public var isRounded: Bool

  public init(slopes: [Float], factor: Float = 1, isRounded: Bool = false) {
    (self.slopes, self.factor, self.isRounded) = (slopes, factor, isRounded)
  }

  /// The usual slopes: a geometric sequence for a power of two of heads, and every other one of the
  /// next power's for the heads beyond.
  public static func slopes(_ heads: Int) -> [Float] {
    func sequence(_ count: Int, _ step: Int) -> [Float] {
      (0..<count).map {
        Float(pow(2, -8 * Double($0 * step + 1) / Double(heads.powerBelow * step)))
      }
    }
    let most = heads.powerBelow
    return sequence(most, 1) + sequence(heads - most, 2)
  }

  /// What is added for a key at a position; differences of positions alone matter.
  func value(head: Int, position: Int) -> Float {
    let slope = isRounded ? slopes[head].roundedToBFloat16 : slopes[head]
    let product = slope * Float(position)
    return (isRounded ? product.roundedToBFloat16 : product) * factor
  }
}

extension Int {
  /// The largest power of two that is not above.
  fileprivate var powerBelow: Int {
    1 << (Int.bitWidth - 1 - Swift.max(1, self).leadingZeroBitCount)
  }
}

extension Float {
  /// The nearest bfloat16, ties to even.
  fileprivate var roundedToBFloat16: Float {
    let rounded = bitPattern &+ 0x7fff &+ ((bitPattern >> 16) & 1)
    return Float(bitPattern: rounded & 0xffff_0000)
  }
}
