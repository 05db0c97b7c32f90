internal import Inputs

/// What the functions give on every setting of their parents, where those are few.
struct CausalTables {
  let variables: [CausalVariable]
  let parents: [[Int]]
  var values: [[CausalValue]?] = []
  var known: [Set<CausalValue>] = []
  var classes: [[CausalValue: [[CausalValue]]]?] = []

  init(variables: [CausalVariable], parents: [[Int]]) {
    (self.variables, self.parents) = (variables, parents)
  }

  /// - Parameter limit: Settings of one variable's parents, and ten times as many of all.
  mutating func fill(limit: Int) throws(Refusal) {
    var left = limit * 10
    for (place, variable) in variables.enumerated() {
      var table: [CausalValue: [[CausalValue]]]?
      var found: [CausalValue] = []
      let declared = Set(variable.domain?.values ?? [])
      if let settings = Self.count(parents[place].map { values[$0]?.count }, limit: limit),
        !parents[place].isEmpty, settings <= left, let function = variable.function
      {
        left -= settings
        let lists = parents[place].map { values[$0] ?? [] }
        let names = variable.parents
        table = [:]
        for number in 0..<settings {
          let own = Self.setting(number, lists)
          let value = try Self.apply(
            function, Dictionary(uniqueKeysWithValues: zip(names, own)), of: variable)
          try Self.check(value, of: variable, known: declared)
          if table?[value] == nil { found.append(value) }
          table?[value, default: []].append(own)
        }
      }
      classes.append(table)
      let inferred = table == nil ? nil : found.sorted(by: Self.precedes)
      values.append(variable.domain == nil ? inferred : variable.domain?.values)
      known.append(declared)
    }
  }

  /// An order for values that a function was found to give: false before true, numbers by size.
  private static func precedes(_ a: CausalValue, _ b: CausalValue) -> Bool {
    switch (a, b) {
    case (.number(let x), .number(let y)): x < y
    default: a.description < b.description
    }
  }

  /// How many settings there are; nil where that is not known, or too many.
  static func count(_ counts: [Int?], limit: Int) -> Int? {
    var product = 1
    for count in counts {
      guard let count else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: count)
      guard !overflow, next <= limit else { return nil }
      product = next
    }
    return product
  }

  /// The setting of a number, the last list's values running fastest.
  static func setting(_ number: Int, _ lists: [[CausalValue]]) -> [CausalValue] {
    var rest = number
    var setting: [CausalValue] = []
    for list in lists.reversed() {
      setting.append(list[rest % list.count])
      rest /= list.count
    }
    return setting.reversed()
  }

  static func apply(
    _ function: CausalFunction, _ values: [String: CausalValue], of variable: CausalVariable
  ) throws(Refusal) -> CausalValue {
    do throws(Refusal) {
      return try function(values)
    } catch {
      let at = variable.parents.map { name in
        "\(escaped(name)) = \(escaped(values[name]?.description ?? ""))"
      }
      throw Refusal(
        .job, field: "\(variable.name).function",
        found: "\(error.found) where \(at.joined(separator: ", "))", expected: error.expected)
    }
  }

  static func check(
    _ value: CausalValue, of variable: CausalVariable, known: Set<CausalValue>
  ) throws(Refusal) {
    guard let domain = variable.domain, !domain.holds(value, known: known) else { return }
    throw Refusal(
      .job, field: variable.name, found: value.inWords,
      expected: "one of its values, such as \(sample(of: domain))")
  }

  private static func sample(of domain: CausalDomain) -> String {
    switch domain {
    case .finite(let values):
      values.prefix(5).map { escaped($0.description) }.joined(separator: ", ")
    case .interval(let range, _): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .vectors(let width, let range, _):
      "a list of \(width) numbers from \(range.lowerBound) to \(range.upperBound)"
    }
  }
}
