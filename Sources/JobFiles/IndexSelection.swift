/// Numbers chosen along an axis, as a job writes them: `3`, `-1`, `"0:12"`, `"0:12:2"`, `"-4:"`.
///
/// A range holds its start and not its end; negative numbers count from the end.
package enum IndexSelection: Sendable, Equatable {
  case one(Int)
  case range(start: Int, end: Int?, step: Int)

  static let limit = Int(Int32.max)

  /// The selection a text stands for, or nil if it is no range.
  package init?(range text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count) else { return nil }
    var numbers: [Int?] = []
    for part in parts {
      if part.isEmpty {
        numbers.append(nil)
      } else {
        guard part.first != "+", let number = Int(part), number.magnitude <= Self.limit.magnitude
        else {
          return nil
        }
        numbers.append(number)
      }
    }
    let step = parts.count == 3 ? numbers[2] : 1
    guard let step, step >= 1 else { return nil }
    self = .range(start: numbers[0] ?? 0, end: numbers[1], step: step)
  }

  /// Whether a range ends before it starts, whatever the axis.
  var isEmptyOnEveryAxis: Bool {
    guard case .range(let start, let end?, _) = self else { return false }
    return start >= end && (start < 0) == (end < 0)
  }

  /// Whether a number of it counts from the start of the axis.
  package var countsFromStart: Bool {
    switch self {
    case .one(let index): index >= 0
    case .range(let start, let end, _): start >= 0 || end.map { $0 >= 0 } ?? false
    }
  }

  /// The numbers on an axis of `count`, or the number that lies outside it.
  package func resolve(count: Int) -> Result<[Int], OutOfRange> {
    switch self {
    case .one(let index):
      let place = index < 0 ? count + index : index
      return (0..<count).contains(place) ? .success([place]) : .failure(OutOfRange(index: index))
    case .range(let first, let last, let step):
      let start = Self.bound(first, count)
      let end = last.map { Self.bound($0, count) } ?? count
      guard let start else { return .failure(OutOfRange(index: first)) }
      guard let end else { return .failure(OutOfRange(index: last ?? 0)) }
      return .success(start < end ? Array(stride(from: start, to: end, by: step)) : [])
    }
  }

  package struct OutOfRange: Error { package let index: Int }

  private static func bound(_ bound: Int, _ count: Int) -> Int? {
    let place = bound < 0 ? count + bound : bound
    return (0...count).contains(place) ? place : nil
  }

  /// As a job would write it, in one form only.
  package var canonical: JobValue {
    switch self {
    case .one(let index): .int(index)
    case .range: .text(text)
    }
  }

  /// In words, for a refusal.
  package var text: String {
    switch self {
    case .one(let index): "\(index)"
    case .range(let start, let end, let step):
      "\(start):\(end.map { "\($0)" } ?? "")" + (step == 1 ? "" : ":\(step)")
    }
  }
}
