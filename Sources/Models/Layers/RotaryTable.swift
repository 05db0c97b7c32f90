internal import Autodiff
internal import Foundation
internal import Locks
internal import Tensors

/// The angles of a model's rotary positions, worked out as far as positions have been asked for.
final class RotaryTable<Scalar: Real>: Sendable {
  private let shape: RotaryShape
  private let made = Locked<(usual: RotaryAngles<Scalar>, count: Int)?>(nil)

  init(_ shape: RotaryShape) { self.shape = shape }

  /// Angles for the rows of a batch, and each row's place among them.
  func angles(of batch: Batch) -> (angles: RotaryAngles<Scalar>, rows: [Int32]) {
    let longest = batch.longest
    let (angles, count) = made.withLock { made in
      if let made, made.count >= longest { return made }
      let count = (longest + 63) / 64 * 64
      let table = (table(count: count), count)
      made = table
      return table
    }
    guard let long = shape.long else { return (angles, batch.positions) }
    // The angles of long sequences stand below the others.
    let rows = zip(batch.positions, batch.sequenceOfRow).map { position, sequence in
      let isLong = batch.sequences[Int(sequence)].whole > long.length
      return isLong ? position + Int32(count) : position
    }
    return (angles, rows)
  }

  private func table(count: Int) -> RotaryAngles<Scalar> {
    var (cosines, sines): ([Scalar], [Scalar]) = ([], [])
    let kinds =
      [(shape.frequencies, shape.factor)] + (shape.long.map { [($0.frequencies, $0.factor)] } ?? [])
    for (frequencies, factor) in kinds {
      for position in 0..<count {
        for frequency in frequencies {
          // The product is rounded to the element type before the cosine is taken, as the published
          // implementations do; the cosine itself is exact to the last place.
          let angle = Double(Scalar(position) * Scalar(frequency))
          cosines.append(Scalar(cos(angle)) * Scalar(factor))
          sines.append(Scalar(sin(angle)) * Scalar(factor))
        }
      }
    }
    let size = [kinds.count * count, shape.frequencies.count]
    return RotaryAngles(
      cosines: Tensor(size, cosines), sines: Tensor(size, sines), isPaired: shape.isPaired)
  }
}
