internal import Inputs

extension JSONField {
  /// A list of integers of at least 0.
  func integers() throws(Refusal) -> [Int] {
    var numbers: [Int] = []
    for item in try items() { numbers.append(try item.int(in: 0...1 << 30)) }
    return numbers
  }

  /// A list of finite numbers.
  func numbers() throws(Refusal) -> [Double] {
    var numbers: [Double] = []
    for item in try items() { numbers.append(try item.double()) }
    return numbers
  }

  var isNumber: Bool { if case .number = value { true } else { false } }

  var isObject: Bool { if case .object = value { true } else { false } }

  /// Whether it is a list without anything but numbers in it.
  var isListOfNumbers: Bool {
    guard case .array(let items) = value else { return false }
    return items.allSatisfy { if case .number = $0 { true } else { false } }
  }

  func choice<T: RawRepresentable & CaseIterable>() throws(Refusal) -> T
  where T.RawValue == String {
    let name = try string()
    if let value = T(rawValue: name) { return value }
    let known = T.allCases.map(\.rawValue)
    let near = nearest(to: name, among: known).map { "\($0) (did you mean that?)" }
    throw refusal(quoted(name), expected: near ?? "one of \(known.joined(separator: ", "))")
  }
}
