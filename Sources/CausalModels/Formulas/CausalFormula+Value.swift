internal import Foundation
internal import Inputs

extension CausalFormula {
  /// Works the formula out.
  ///
  /// - Parameter values: Of every name that occurs.
  /// - Throws: A refusal of kinds that do not fit, of a division by zero, of an index past a list.
  func value(_ values: [String: CausalValue]) throws(Refusal) -> CausalValue {
    switch self {
    case .value(let value): return value
    case .name(let name):
      guard let value = values[name] else {
        throw Self.refusal("the unknown name \(quoted(name))", "a parent's name")
      }
      return value
    case .list(let items):
      var list: [CausalValue] = []
      for item in items { list.append(try item.value(values)) }
      return .list(list)
    case .negated(let inner): return try Self.number(-Self.number(inner.value(values), "-"))
    case .not(let inner): return .boolean(try !Self.flag(inner.value(values), "not"))
    case .combined(.and, let left, let right):
      guard try Self.flag(left.value(values), "and") else { return .boolean(false) }
      return .boolean(try Self.flag(right.value(values), "and"))
    case .combined(.or, let left, let right):
      guard try !Self.flag(left.value(values), "or") else { return .boolean(true) }
      return .boolean(try Self.flag(right.value(values), "or"))
    case .combined(let operation, let left, let right):
      return try Self.combined(operation, left.value(values), right.value(values))
    case .applied(.if, let arguments):
      return try Self.flag(arguments[0].value(values), "if")
        ? arguments[1].value(values) : arguments[2].value(values)
    case .applied(let function, let arguments):
      var list: [CausalValue] = []
      for argument in arguments { list.append(try argument.value(values)) }
      return try Self.applied(function, list)
    }
  }

  private static func refusal(_ found: String, _ expected: String) -> Refusal {
    Refusal(.job, field: "formula", found: found, expected: expected)
  }

  private static func number(_ value: Double) throws(Refusal) -> CausalValue {
    guard value.isFinite else { throw refusal("a number that is not finite", "a finite result") }
    return .number(value == 0 ? 0 : value)
  }

  private static func number(_ value: CausalValue, _ of: String) throws(Refusal) -> Double {
    guard case .number(let number) = value else {
      throw refusal("\(of) of \(value.inWords)", "a number")
    }
    return number
  }

  private static func flag(_ value: CausalValue, _ of: String) throws(Refusal) -> Bool {
    guard case .boolean(let flag) = value else {
      throw refusal("\(quoted(of)) of \(value.inWords)", "true or false")
    }
    return flag
  }

  private static func combined(
    _ operation: Operation, _ a: CausalValue, _ b: CausalValue
  ) throws(Refusal) -> CausalValue {
    switch operation {
    case .equal: return .boolean(a == b)
    case .unequal: return .boolean(a != b)
    case .less, .atMost, .more, .atLeast: return .boolean(try compare(operation, a, b))
    case .member:
      guard case .list(let items) = b else {
        throw refusal("\"in\" of \(b.inWords)", "a list behind it")
      }
      return .boolean(items.contains(a))
    case .item:
      guard case .list(let items) = a else { throw refusal("an index of \(a.inWords)", "a list") }
      guard case .number(let number) = b, let index = Int(exactly: number),
        items.indices.contains(index)
      else { throw refusal("the index \(escaped(b.description))", "0 to \(items.count - 1)") }
      return items[index]
    case .add, .subtract, .multiply, .divide, .quotient, .remainder:
      let sign = operation.rawValue
      let (x, y) = (try number(a, sign), try number(b, sign))
      switch operation {
      case .add: return try number(x + y)
      case .subtract: return try number(x - y)
      case .multiply: return try number(x * y)
      default: break
      }
      guard y != 0 else { throw refusal("a division by zero", "another divisor") }
      if operation == .divide { return try number(x / y) }
      let quotient = (x / y).rounded(.down)
      return try number(operation == .quotient ? quotient : x - quotient * y)
    case .and, .or: preconditionFailure("\(operation) is worked out where its sides are")
    }
  }

  private static func compare(
    _ operation: Operation, _ a: CausalValue, _ b: CausalValue
  ) throws(Refusal) -> Bool {
    let sign = operation.rawValue
    let (x, y) = (try number(a, sign), try number(b, sign))
    return switch operation {
    case .less: x < y
    case .atMost: x <= y
    case .more: x > y
    default: x >= y
    }
  }

  private static func applied(
    _ function: Function, _ arguments: [CausalValue]
  ) throws(Refusal) -> CausalValue {
    let name = function.rawValue
    switch function {
    case .min, .max:
      var items = arguments
      if arguments.count == 1, case .list(let own) = arguments[0] { items = own }
      var numbers: [Double] = []
      for item in items { numbers.append(try number(item, name)) }
      guard let best = function == .min ? numbers.min() : numbers.max() else {
        throw refusal("\(name) of an empty list", "one number at least")
      }
      return .number(best)
    case .abs: return .number(Swift.abs(try number(arguments[0], name)))
    case .floor: return try number(try number(arguments[0], name).rounded(.down))
    case .round:
      let value = try number(arguments[0], name)
      guard arguments.count == 2 else { return try number(value.rounded(.toNearestOrEven)) }
      guard let decimals = Int(exactly: try number(arguments[1], name)), (0...12).contains(decimals)
      else { throw refusal("\(escaped(arguments[1].description)) decimals", "0 to 12") }
      return .number(roundedHalfEven(value, decimals))
    case .length:
      guard case .list(let items) = arguments[0] else {
        throw refusal("length of \(arguments[0].inWords)", "a list")
      }
      return .number(Double(items.count))
    case .count:
      guard case .list(let items) = arguments[0] else {
        throw refusal("count in \(arguments[0].inWords)", "a list")
      }
      return .number(Double(items.count { $0 == arguments[1] }))
    case .if: preconditionFailure("if is worked out where its sides are")
    }
  }
}
