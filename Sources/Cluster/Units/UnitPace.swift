/// How often a rank speaks to rank 0, so that answers take rank 0 a twentieth of its time at most,
/// however many ranks there are and however short their units.
///
/// A rank reports what it has ended together, and is given so much ahead that it does not run out
/// before the next report; one that has nothing left to begin reports at once.
struct UnitPace: Sendable {
  /// What rank 0 needs for a report, and the part of its time that all of them may take.
  private static let (service, share) = (0.0002, 0.05)
  /// Reports that wait are sent past this size, whatever the time.
  static let bytes = 1 << 20

  /// The time between two reports of a rank.
  let seconds: Double

  init(ranks: Int) { seconds = Double(ranks) * UnitPace.service / UnitPace.share }

  /// What a thread has ahead.
  var secondsAhead: Double { 2 * seconds }

  /// - Parameter waits: Whether the rank has units that it has not begun.
  func isDue(after elapsed: Double, waits: Bool) -> Bool { !waits || elapsed >= seconds }
}
