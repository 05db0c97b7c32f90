/// How queries and keys are turned by their positions.
///
/// Su et al., 2021, <https://arxiv.org/abs/2104.09864>.
public struct RotaryShape: Sendable, Equatable {
  /// Of the pairs that turn, in radians per position; fewer than half a head's width where a part of
  /// the head does not turn.
  public var frequencies: [Float]
  /// The frequencies of sequences that are longer than `length`, in place of the others.
  public struct Long: Sendable, Equatable {
    public var length: Int
    public var frequencies: [Float]
    public var factor: Float

    public init(length: Int, frequencies: [Float], factor: Float) {
      (self.length, self.frequencies, self.factor) = (length, frequencies, factor)
    }
  }
  public var long: Long?
  /// What turned queries and keys are multiplied by (YaRN). Peng et al., 2023,
  /// <https://arxiv.org/abs/2309.00071>, section 3.4.
  public var factor: Float
  /// Whether pairs are neighbours, as in GPT-J, and not half of the turned part apart.
  public var isPaired: Bool

  public init(
    frequencies: [Float], long: Long? = nil, factor: Float = 1, isPaired: Bool = false
  ) {
    (self.frequencies, self.long, self.factor) = (frequencies, long, factor)
    self.isPaired = isPaired
  }

  /// Coordinates of a head that turn.
  public var width: Int { 2 * frequencies.count }
}
