internal import Foundation
internal import ResultsStore
internal import Locks

/// How long units took to compute, from the compute threads to the thread that keeps the journal.
final class UnitTimes: Sendable {
  private let seconds = Locked<[Int: Double]>([:])

  /// Computes a unit and keeps the time it took.
  func measure<T>(_ unit: Int, _ compute: () throws -> T) rethrows -> T {
    let start = ContinuousClock.now
    let result = try compute()
    let time = start.duration(to: .now) / .seconds(1)
    seconds.withLock { $0[unit] = time }
    return result
  }

  /// The time of a unit, once.
  func take(_ unit: Int) -> Double? { seconds.withLock { $0.removeValue(forKey: unit) } }
}

/// What a timing record says: seconds of one compute thread, as decimal text.
struct UnitTime: Sendable, Equatable {
  let seconds: Double

  init(seconds: Double) { self.seconds = seconds }

  func record(of unit: Int) -> JournalRecord {
    JournalRecord(
      .timing, unit: UInt64(unit), payload: Array(String(format: "%.6f", seconds).utf8))
  }

  /// The time in a timing record; nil where the record says none.
  init?(_ record: JournalRecord) {
    guard record.kind == .timing,
      let seconds = record.payload.withUnsafeBytes(Self.seconds)
    else { return nil }
    self.seconds = seconds
  }

  /// The time that a timing record's payload says, as `record` writes it; nil where it says none.
  static func seconds(_ text: UnsafeRawBufferPointer) -> Double? {
    guard (1...40).contains(text.count) else { return nil }
    var (value, scale) = (0.0, 0.0)
    for byte in text {
      if byte == UInt8(ascii: "."), scale == 0 {
        scale = 1
      } else {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Double(byte - 48)
        scale *= 10
      }
    }
    let seconds = value / max(1, scale)
    return seconds < 1e9 ? seconds : nil
  }
}
