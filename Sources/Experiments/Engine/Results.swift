internal import Inputs

/// What is known of the units of a run: which have ended, and what they came to.
struct Results<Value: Sendable>: Sendable {
  private enum State: UInt8 { case open, done, failed }

  private var states: [State]
  private var values: [Int: Value] = [:]
  /// Why units were given up.
  private(set) var failures: [Int: String] = [:]
  private(set) var doneCount = 0

  init(count: Int) { states = Array(repeating: .open, count: count) }

  /// The result of a unit that is done; nil also where it was not read.
  subscript(unit: Int) -> Value? { values[unit] }

  /// Why a unit was given up, on one line and whole: what a refusal advises comes last in it.
  func reason(_ unit: Int) -> String { escaped(failures[unit] ?? "", limit: 4000) }

  func isDone(_ unit: Int) -> Bool { states[unit] == .done }
  func hasFailed(_ unit: Int) -> Bool { states[unit] == .failed }
  func hasEnded(_ unit: Int) -> Bool { states[unit] != .open }
  /// The units that are done, in rising order.
  var done: [Int] { states.indices.filter { states[$0] == .done } }
  var count: Int { states.count }

  /// Takes a result; nil where it is not needed that it was read.
  mutating func take(_ unit: Int, _ value: Value?) {
    if states[unit] != .done { doneCount += 1 }
    states[unit] = .done
    failures[unit] = nil
    if let value { values[unit] = value }
  }

  /// Notes that a unit was given up, unless it has a result.
  mutating func fail(_ unit: Int, _ reason: String) {
    guard states[unit] != .done else { return }
    states[unit] = .failed
    failures[unit] = reason
  }

  /// The same without what was given up: a new start tries it again.
  func withoutFailures() -> Results {
    var results = self
    for unit in failures.keys { results.states[unit] = .open }
    results.failures = [:]
    return results
  }
}
