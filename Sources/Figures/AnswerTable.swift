/// The answers of a model with their probabilities, before a change and after it.
public struct AnswerTable: Sendable, Equatable {
  /// One answer.
  public struct Row: Sendable, Equatable {
    /// The token or class, any text.
    public let name: String
    /// Its probability without the change; nil where nobody asked.
    public let before: Double?
    /// Its probability with it.
    public let after: Double
    /// By how much the change raised its logit.
    public let logitChange: Double?

    /// An answer with what became of it.
    public init(_ name: String, before: Double?, after: Double, logitChange: Double?) {
      (self.name, self.before, self.after) = (name, before, after)
      self.logitChange = logitChange
    }
  }

  /// What answers are, such as `token`.
  public let name: String
  /// From the top down.
  public let rows: [Row]

  /// A table of these rows.
  public init(of name: String, _ rows: [Row]) { (self.name, self.rows) = (name, rows) }

  /// Whether the run without the change is known.
  package var hasBefore: Bool { rows.contains { $0.before != nil } }
}
