public import Inputs

/// A variable as it is declared, before it is part of a model.
public struct CausalVariable: Sendable {
  /// By which parents, interventions and data refer to it.
  public var name: String
  /// Its values; an inner variable's may be left out, and are then what its function gives.
  public var domain: CausalDomain?
  /// The variables that its function reads; none for an input.
  public var parents: [String]
  /// How it follows from its parents. An input may have one too, of no parents: its default.
  public var function: CausalFunction?
  /// When it is computed, later than its parents; nil for the earliest.
  public var timeStep: Int?

  /// A variable of the given parts.
  public init(
    _ name: String, _ domain: CausalDomain? = nil, parents: [String] = [],
    timeStep: Int? = nil, function: CausalFunction? = nil
  ) {
    (self.name, self.domain, self.parents) = (name, domain, parents)
    (self.function, self.timeStep) = (function, timeStep)
  }

  /// A variable computed by a formula, whose names are its parents.
  public init(_ name: String, _ domain: CausalDomain? = nil, formula: String) throws(Refusal) {
    let function = try CausalFunction(formula: formula)
    self.init(name, domain, parents: function.names, function: function)
  }
}
