/// A text with a label at its left, some of whose pieces are marked: a prompt with its touched tokens,
/// or what a model put behind it.
public struct Passage: Sendable, Equatable {
  /// How a piece is shown.
  public enum Style: Sendable {
    case plain
    /// Of less interest than the rest, such as a prompt before its continuation.
    case dim
    /// In brackets, and in colour where there is one.
    case marked
    /// What stands between pieces, such as a line between tokens.
    case divider
  }

  /// A run of text in one style.
  public struct Piece: Sendable, Equatable {
    /// Any text, which is escaped where it is drawn.
    public let text: String
    /// How it is shown.
    public let style: Style

    /// A piece, plain unless said.
    public init(_ text: String, _ style: Style = .plain) {
      (self.text, self.style) = (text, style)
    }
  }

  /// At the left, such as `base` or `intervened`.
  public let label: String
  /// In reading order.
  public let pieces: [Piece]

  /// A passage of these pieces.
  public init(_ label: String, _ pieces: [Piece]) {
    (self.label, self.pieces) = (label, pieces)
  }
}
