internal import Foundation

/// What the rates are multiplied by, step by step.
///
/// The three are those of transformers' `get_scheduler`.
public enum RateSchedule: Sendable, Codable, Equatable {
  /// One, after rising from zero over the first `warmUp` steps.
  case constant(warmUp: Int)
  /// Rising from zero over the first `warmUp` steps, then falling to zero at step `total`.
  case linear(warmUp: Int, total: Int)
  /// Rising from zero over the first `warmUp` steps, then half a cosine down to zero at `total`.
  /// Loshchilov and Hutter, 2016, <https://arxiv.org/abs/1608.03983>.
  case cosine(warmUp: Int, total: Int)

  /// The factor of step `step`, counted from 0.
  public func factor(at step: Int) -> Double {
    switch self {
    case .constant(let warmUp):
      rise(step, warmUp) ?? 1
    case .linear(let warmUp, let total):
      rise(step, warmUp) ?? max(0, Double(total) - Double(step)) / length(warmUp, total)
    case .cosine(let warmUp, let total):
      rise(step, warmUp)
        ?? max(0, 0.5 * (1 + cos(.pi * (Double(step) - Double(warmUp)) / length(warmUp, total))))
    }
  }

  private func rise(_ step: Int, _ warmUp: Int) -> Double? {
    step < warmUp ? Double(step) / Double(max(1, warmUp)) : nil
  }

  private func length(_ warmUp: Int, _ total: Int) -> Double {
    max(1, Double(total) - Double(warmUp))
  }
}
