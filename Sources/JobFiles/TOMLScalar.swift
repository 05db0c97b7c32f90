/// The values that TOML writes without quotation marks, as far as a job takes them: true, false and
/// numbers. Dates and times are none, since no field of a job holds one.
enum TOMLScalar {
  struct Problem: Error { let expected: String }

  /// The value, or what was expected instead.
  static func parse(_ text: ArraySlice<UInt8>) -> Result<JobValue.Content, Problem> {
    if text.elementsEqual("true".utf8) { return .success(.bool(true)) }
    if text.elementsEqual("false".utf8) { return .success(.bool(false)) }
    let other = Result<JobValue.Content, Problem>.failure(
      Problem(expected: "a number, true, false, a list, or text between quotation marks"))
    var rest = text[...]
    let hasSign = rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-")
    let minus = text.first == UInt8(ascii: "-") ? "-" : ""
    if hasSign { rest = rest.dropFirst() }
    if rest.elementsEqual("inf".utf8) { return real(minus + "inf") }
    if rest.elementsEqual("nan".utf8) { return real(minus + "nan") }
    if let radix = radix(rest), !hasSign {
      guard let digits = digits(&rest, from: 2, radix: radix), rest.isEmpty else { return other }
      return integer(digits, radix: radix)
    }
    guard let whole = digits(&rest, from: 0, radix: 10), whole.count == 1 || !whole.hasPrefix("0")
    else { return other }
    var number = minus + whole
    if rest.isEmpty { return integer(number, radix: 10) }
    if rest.first == UInt8(ascii: ".") {
      guard let fraction = digits(&rest, from: 1, radix: 10) else { return other }
      number += "." + fraction
    }
    if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
      let sign = rest.dropFirst().first
      let isSigned = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
      guard let exponent = digits(&rest, from: isSigned ? 2 : 1, radix: 10) else { return other }
      number += (sign == UInt8(ascii: "-") ? "e-" : "e") + exponent
    }
    return rest.isEmpty ? real(number) : other
  }

  private static func integer(_ text: String, radix: Int) -> Result<JobValue.Content, Problem> {
    Int(text, radix: radix).map { .success(.integer($0)) }
      ?? .failure(Problem(expected: "an integer of 64 bits"))
  }

  /// A double; one that is written as infinite stands, and is refused by the field that holds it.
  private static func real(_ text: String) -> Result<JobValue.Content, Problem> {
    guard let value = Double(text), value.isFinite || text.hasSuffix("inf") || value.isNaN else {
      return .failure(Problem(expected: "a number within the range of a double"))
    }
    return .success(.number(value, text: text))
  }

  private static func radix(_ text: ArraySlice<UInt8>) -> Int? {
    guard text.first == UInt8(ascii: "0") else { return nil }
    return switch text.dropFirst().first {
    case UInt8(ascii: "x"): 16
    case UInt8(ascii: "o"): 8
    case UInt8(ascii: "b"): 2
    default: nil
    }
  }

  /// Takes the digits after `skipped` bytes, without the underscores that may part them.
  private static func digits(
    _ text: inout ArraySlice<UInt8>, from skipped: Int, radix: Int
  ) -> String? {
    var rest = text.dropFirst(skipped)
    var result = ""
    var mayPart = false
    while let byte = rest.first {
      if byte == UInt8(ascii: "_") {
        guard mayPart else { return nil }
        mayPart = false
      } else {
        let digit = Character(UnicodeScalar(byte))
        guard let value = digit.hexDigitValue, value < radix else { break }
        result.append(digit)
        mayPart = true
      }
      rest = rest.dropFirst()
    }
    guard mayPart else { return nil }  // no digit, or an underscore at the end
    text = rest
    return result
  }
}
