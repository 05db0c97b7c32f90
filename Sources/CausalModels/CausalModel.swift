public import Inputs

/// A structural causal model without noise: variables, and functions from parents to children.
///
/// Interventions on a network are held to what the same interventions do here. After Geiger et al.,
/// 2021, <https://arxiv.org/abs/2106.02997>, and pyvene's `CausalModel`.
public struct CausalModel: Sendable {
  /// The variables in the order of time, those of one time by name.
  public let variables: [CausalVariable]
  /// When each variable is computed, from 0; outputs come last.
  public let timeSteps: [Int]
  /// The variables without parents.
  public let inputs: [Int]
  /// The variables that are nobody's parents.
  public let outputs: [Int]
  /// Everything between inputs and outputs: what an intervention usually aims at.
  public let inner: [Int]
  /// What every setting fulfils that is drawn at random; nil for any.
  public let constraint: CausalConstraint?
  /// The values of each variable in order, where they are finite and known.
  public let values: [[CausalValue]?]

  package let parents: [[Int]]
  package let children: [[Int]]
  private let known: [Set<CausalValue>]
  private let places: [String: Int]
  /// Of each variable with few parent settings: which of them give which value.
  package let classes: [[CausalValue: [[CausalValue]]]?]

  /// More are a mistake.
  public static let variableLimit = 10_000
  /// Parent settings that are tried out ahead, of one variable and of all.
  static let settingLimit = 100_000

  /// Puts a model together, and tries out the functions of variables with few parent settings.
  ///
  /// - Throws: What is wrong with which variable: a name twice, an unknown parent, a cycle, a missing
  ///   function or domain, a time step not after a parent's, a value that is none of the declared.
  public init(_ declared: [CausalVariable], constraint: CausalConstraint? = nil) throws(Refusal) {
    let graph = try CausalGraph(declared)
    variables = graph.order.map { declared[$0] }
    timeSteps = graph.order.map { graph.timeSteps[$0] }
    var places: [String: Int] = [:]
    for (place, variable) in variables.enumerated() { places[variable.name] = place }
    self.places = places
    parents = variables.map { $0.parents.compactMap { places[$0] } }
    var children = [[Int]](repeating: [], count: variables.count)
    for (child, own) in parents.enumerated() {
      for parent in own { children[parent].append(child) }
    }
    self.children = children
    inputs = variables.indices.filter { [parents] in parents[$0].isEmpty }
    outputs = variables.indices.filter { children[$0].isEmpty }
    inner = variables.indices.filter { [parents] in
      !parents[$0].isEmpty && !children[$0].isEmpty
    }
    self.constraint = constraint
    for name in constraint?.names ?? [] where places[name] == nil {
      throw Refusal(
        .job, field: "require", found: "the unknown variable \(quoted(name))",
        expected: Self.offer(name, variables.map(\.name)))
    }
    var tables = CausalTables(variables: variables, parents: parents)
    try tables.fill(limit: Self.settingLimit)
    (values, known, classes) = (tables.values, tables.known, tables.classes)
  }

  static func offer(_ name: String, _ names: [String]) -> String {
    nearest(to: name, among: names).map { "\($0) (did you mean that?)" }
      ?? "one of \(names.prefix(50).map(escaped).joined(separator: ", "))"
  }

  /// The place of a variable in `variables`.
  public func place(of name: String) throws(Refusal) -> Int {
    guard let place = places[name] else {
      throw Refusal(
        .job, field: name, found: "no such variable",
        expected: Self.offer(name, variables.map(\.name)))
    }
    return place
  }

  // MARK: Running

  /// Every variable's value.
  ///
  /// - Parameter given: Inputs, and variables that an intervention fixes. An input left out takes
  ///   its default.
  public func forward(_ given: [String: CausalValue]) throws(Refusal) -> [String: CausalValue] {
    named(try run(placed(given)))
  }

  /// The base's run with variables fixed to what they are in runs of their sources.
  ///
  /// - Parameter sources: By variable; a source may itself fix inner variables.
  public func interchange(
    base: [String: CausalValue], sources: [String: [String: CausalValue]]
  ) throws(Refusal) -> [String: CausalValue] {
    var given = try placed(base)
    for (name, source) in sources {
      let place = try place(of: name)
      given[place] = try run(placed(source))[place]
    }
    return named(try run(given))
  }

  /// The same, of settings in the order of `variables`.
  package func run(_ given: [CausalValue?]) throws(Refusal) -> [CausalValue] {
    precondition(given.count == variables.count, "\(given.count) of \(variables.count) variables")
    var values: [CausalValue] = []
    values.reserveCapacity(variables.count)
    for place in variables.indices {
      if let fixed = given[place] {
        try check(fixed, of: place)
        values.append(fixed)
        continue
      }
      guard let function = variables[place].function else {
        throw Refusal(
          .job, field: variables[place].name, found: "no value of an input without a default",
          expected: "one of its values")
      }
      var own: [String: CausalValue] = [:]
      for parent in parents[place] { own[variables[parent].name] = values[parent] }
      let value = try CausalTables.apply(function, own, of: variables[place])
      try check(value, of: place)
      values.append(value)
    }
    return values
  }

  private func check(_ value: CausalValue, of place: Int) throws(Refusal) {
    try CausalTables.check(value, of: variables[place], known: known[place])
  }

  package func placed(_ given: [String: CausalValue]) throws(Refusal) -> [CausalValue?] {
    var placed = [CausalValue?](repeating: nil, count: variables.count)
    for (name, value) in given { placed[try place(of: name)] = value }
    return placed
  }

  package func named(_ values: [CausalValue]) -> [String: CausalValue] {
    Dictionary(uniqueKeysWithValues: zip(variables.map(\.name), values))
  }

  /// Whether a whole setting may be drawn.
  package func allows(_ values: [CausalValue]) throws(Refusal) -> Bool {
    guard let constraint else { return true }
    return try constraint.holds(named(values))
  }
}
