internal import Interventions

/// How many of so many answers were right, and the mean loss.
package struct Score: Sendable, Equatable {
  package let count: Int
  package let correct: Int
  package let loss: Float

  package init(count: Int, correct: Int, loss: Float) {
    (self.count, self.correct, self.loss) = (count, correct, loss)
  }

  /// The same as a look on the way, after so many steps.
  func evaluation(after step: Int) -> TrainingHistory.Evaluation {
    .init(step: step, loss: loss, correct: correct, count: count)
  }

  /// The share of right answers; NaN of none.
  package var accuracy: Double { count > 0 ? Double(correct) / Double(count) : .nan }

  /// The interval that holds the accuracy of the population with a confidence of 95 %.
  ///
  ///     (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),  z = 1.95996
  ///
  /// Wilson, 1927, <https://doi.org/10.1080/01621459.1927.10502953>.
  package var interval: (low: Double, high: Double) {
    guard count > 0 else { return (.nan, .nan) }
    let (n, p, z) = (Double(count), accuracy, 1.959_963_984_540_054)
    let middle = p + z * z / (2 * n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    // At the ends the bound is exact, whatever rounding makes of it.
    return (
      correct == 0 ? 0 : max(0, (middle - half) / scale),
      correct == count ? 1 : min(1, (middle + half) / scale)
    )
  }
}
