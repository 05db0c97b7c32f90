internal import Foundation
public import Inputs
internal import Randomness

/// Which values a causal variable can have.
public enum CausalDomain: Sendable, Equatable {
  /// One of these, each once.
  case finite([CausalValue])
  /// A number of a closed range, uniform, rounded to so many decimals where that is told.
  case interval(ClosedRange<Double>, decimals: Int?)
  /// A list of `width` such numbers.
  case vectors(width: Int, ClosedRange<Double>, decimals: Int?)

  /// More values of one variable are a mistake.
  public static let valueLimit = 100_000
  /// The widest vector.
  public static let widthLimit = 65_536

  /// As many distinct vectors, drawn with a seed: objects without properties but their identity.
  ///
  /// - Throws: Where so many distinct ones are not found.
  public static func entities(
    _ count: Int, width: Int, in range: ClosedRange<Double>, decimals: Int?, seed: UInt64
  ) throws(Refusal) -> CausalDomain {
    let fresh = CausalDomain.vectors(width: width, range, decimals: decimals)
    try fresh.check("entities")
    guard (1...valueLimit).contains(count) else {
      throw Refusal(
        .job, field: "entities", found: "\(count)", expected: "1 to \(valueLimit) of them")
    }
    var random = Philox(seed: seed, name: "entities").stream(0)
    var values: [CausalValue] = []
    var seen: Set<CausalValue> = []
    for _ in 0..<count * 4 + 100 where values.count < count {
      let value = fresh.draw(using: &random)
      if seen.insert(value).inserted { values.append(value) }
    }
    guard values.count == count else {
      throw Refusal(
        .job, field: "entities", found: "\(values.count) distinct vectors in the range",
        expected: "\(count)")
    }
    return .finite(values)
  }

  /// The values in order, where there are finitely many.
  public var values: [CausalValue]? { if case .finite(let values) = self { values } else { nil } }

  func check(_ field: String) throws(Refusal) {
    func refuse(_ found: String, _ expected: String) -> Refusal {
      Refusal(.job, field: field, found: found, expected: expected)
    }
    switch self {
    case .finite(let values):
      guard (1...Self.valueLimit).contains(values.count) else {
        throw refuse("\(values.count) values", "1 to \(Self.valueLimit)")
      }
      guard Set(values).count == values.count else {
        throw refuse("a value twice", "each value once")
      }
    case .interval(let range, let decimals), .vectors(_, let range, let decimals):
      if case .vectors(let width, _, _) = self, !(1...Self.widthLimit).contains(width) {
        throw refuse("vectors of width \(width)", "a width from 1 to \(Self.widthLimit)")
      }
      guard range.lowerBound.isFinite, range.upperBound.isFinite,
        max(abs(range.lowerBound), abs(range.upperBound)) <= 1e15
      else { throw refuse("a range without end", "bounds from -1e15 to 1e15") }
      if let decimals, !(0...12).contains(decimals) {
        throw refuse("\(decimals) decimals", "0 to 12")
      }
    }
  }

  /// A value at random.
  func draw(using random: inout PhiloxStream) -> CausalValue {
    switch self {
    case .finite(let values): return values[random.below(values.count)]
    case .interval(let range, let decimals):
      return .number(Self.number(range, decimals, &random))
    case .vectors(let width, let range, let decimals):
      return .list((0..<width).map { _ in .number(Self.number(range, decimals, &random)) })
    }
  }

  private static func number(
    _ range: ClosedRange<Double>, _ decimals: Int?, _ random: inout PhiloxStream
  ) -> Double {
    let drawn = range.lowerBound + (range.upperBound - range.lowerBound) * random.unit()
    guard let decimals else { return min(drawn, range.upperBound) }
    let rounded = roundedHalfEven(drawn, decimals)
    return min(max(rounded, range.lowerBound), range.upperBound)
  }

  /// Whether the value is one of the domain.
  func holds(_ value: CausalValue, known: Set<CausalValue>) -> Bool {
    switch (self, value) {
    case (.finite, _): known.contains(value)
    case (.interval(let range, _), .number(let number)): range.contains(number)
    case (.vectors(let width, let range, _), .list(let items)):
      items.count == width
        && items.allSatisfy { if case .number(let x) = $0 { range.contains(x) } else { false } }
    default: false
    }
  }
}

/// A number with so many decimals, halves to the even digit. Never -0, which would not print alike.
func roundedHalfEven(_ number: Double, _ decimals: Int) -> Double {
  let scale = pow(10, Double(decimals))
  let scaled = number * scale
  guard abs(scaled) < 0x1p52 else { return number }
  let rounded = scaled.rounded(.toNearestOrEven) / scale
  return rounded == 0 ? 0 : rounded
}
