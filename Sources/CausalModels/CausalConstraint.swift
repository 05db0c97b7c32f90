public import Inputs

/// A condition on whole settings, such as that two names differ.
public struct CausalConstraint: Sendable {
  /// The variables that a formula names.
  package let names: [String]
  /// The formula as it was written; nil for a condition in Swift.
  public let formula: String?
  private let condition: @Sendable ([String: CausalValue]) throws(Refusal) -> Bool

  /// A condition in Swift, on the values by name. It must be pure.
  public init(
    _ condition: @escaping @Sendable ([String: CausalValue]) throws(Refusal) -> Bool
  ) {
    (names, formula, self.condition) = ([], nil, condition)
  }

  /// A formula that is true or false, as a variable's function is written.
  public init(formula: String) throws(Refusal) {
    let function = try CausalFunction(formula: formula)
    self.formula = formula
    names = function.names
    condition = { (values) throws(Refusal) in
      let value = try function(values)
      guard case .boolean(let flag) = value else {
        throw Refusal(.job, field: "require", found: value.inWords, expected: "true or false")
      }
      return flag
    }
  }

  /// Whether a setting fulfils it.
  public func holds(_ values: [String: CausalValue]) throws(Refusal) -> Bool {
    try condition(values)
  }
}
