internal import Inputs

/// A value of a causal variable.
public enum CausalValue: Hashable, Sendable {
  /// True or false.
  case boolean(Bool)
  /// A finite number; integers are numbers too.
  case number(Double)
  /// A word, or any other text.
  case text(String)
  /// Values in order, such as the numbers of a vector.
  case list([CausalValue])

  /// The value as it is printed, text without quotation marks, integers without a point.
  public var description: String {
    switch self {
    case .boolean(let flag): "\(flag)"
    case .number(let number):
      Int(exactly: number).map { "\($0)" } ?? "\(number)"
    case .text(let text): text
    case .list(let items): "[\(items.map(\.description).joined(separator: ", "))]"
    }
  }

  /// The value in words, for a refusal.
  package var inWords: String {
    switch self {
    case .boolean, .list: escaped(description)
    case .number: "the number \(description)"
    case .text(let text): "the text \(quoted(text))"
    }
  }

  /// The numbers that the value is made of, booleans as 0 and 1; nil where there is text.
  package var numbers: [Double]? {
    switch self {
    case .boolean(let flag): return [flag ? 1 : 0]
    case .number(let number): return [number]
    case .text: return nil
    case .list(let items):
      var numbers: [Double] = []
      for item in items {
        guard let own = item.numbers else { return nil }
        numbers += own
      }
      return numbers
    }
  }
}
