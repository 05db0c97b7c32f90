public import Inputs

/// How a causal variable follows from its parents.
public struct CausalFunction: Sendable {
  /// The formula as it was written; nil for a function in Swift.
  public let formula: String?
  /// The names that a formula uses, in the order of their first use.
  package let names: [String]
  private let compute: @Sendable ([String: CausalValue]) throws(Refusal) -> CausalValue

  /// A function in Swift, called with the parents' values by name. It must be pure.
  public init(
    _ compute: @escaping @Sendable ([String: CausalValue]) throws(Refusal) -> CausalValue
  ) {
    self.compute = compute
    formula = nil
    names = []
  }

  /// A formula over the parents' names: `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`; `+`, `-`, `*`, `/`,
  /// `//`, `%`; `and`, `or`, `not`; `if(c, a, b)`, `min`, `max`, `abs`, `floor`, `round`, `length`,
  /// `count(list, value)`; lists `[a, b]` and their items `list[0]`; numbers, "text", true, false.
  ///
  /// - Throws: A refusal with the column of what is wrong.
  public init(formula: String) throws(Refusal) {
    let parsed = try CausalFormulaParser.parse(formula)
    self.formula = formula
    names = parsed.names
    compute = { (values) throws(Refusal) in try parsed.value(values) }
  }

  func callAsFunction(_ values: [String: CausalValue]) throws(Refusal) -> CausalValue {
    try compute(values)
  }
}
