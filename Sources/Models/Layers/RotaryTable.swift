internal import Autodiff
internal import Foundation
internal import Locks
internal import Tensors

/// The angles of a model's rotary positions, worked out as far as positions have been asked for.
final class RotaryTable<Scalar: Real>: Sendable {
  private let frequencies: [Float]
  private let made = Locked<RotaryAngles<Scalar>?>(nil)

  init(frequencies: [Float]) { self.frequencies = frequencies }

  /// Cosines and sines for positions below `count` at least.
  func angles(below count: Int) -> RotaryAngles<Scalar> {
    made.withLock { made in
      if let made, made.positionCount >= count { return made }
      let table = Self.table(frequencies, count: (count + 63) / 64 * 64)
      made = table
      return table
    }
  }

  private static func table(_ frequencies: [Float], count: Int) -> RotaryAngles<Scalar> {
    // The product is rounded to the element type before the cosine is taken, as the published
    // implementations do; the cosine itself is exact to the last place.
    let angles = (0..<count).flatMap { position in
      frequencies.map { Double(Scalar(position) * Scalar($0)) }
    }
    let shape = [count, frequencies.count]
    return RotaryAngles(
      cosines: Tensor(shape, angles.map { Scalar(cos($0)) }),
      sines: Tensor(shape, angles.map { Scalar(sin($0)) }))
  }
}
