internal import Inputs
internal import Randomness

/// Draws settings of a causal model's inputs.
struct CausalSampler: Sendable {
  let model: CausalModel
  /// Draws that may be thrown away before the model is said to have none that fits.
  static let attemptLimit = 10_000
  /// Settings of parents that are looked through for one draw.
  private static let paletteLimit = 4096

  /// Draws every input uniformly, until the setting is allowed and gives the variable its value.
  func uniform(
    _ goal: (variable: Int, value: CausalValue)?, using random: inout PhiloxStream
  ) throws(Refusal) -> [CausalValue] {
    for _ in 0..<Self.attemptLimit {
      var given = [CausalValue?](repeating: nil, count: model.variables.count)
      drawInputs(&given, using: &random)
      if let values = try accepted(given, goal) { return values }
    }
    throw refusal(goal)
  }

  /// Draws an output's value first, then settings of parents that give it, back to the inputs.
  ///
  /// Inputs that are not reached are uniform. Where the graph is no tree, a parent reached twice
  /// has the later value, and settings that miss the goal by that are drawn anew.
  func balanced(
    _ goal: (variable: Int, value: CausalValue)?, using random: inout PhiloxStream
  ) throws(Refusal) -> [CausalValue] {
    for _ in 0..<Self.attemptLimit {
      var aim = goal
      if aim == nil {
        let output = model.outputs[random.below(model.outputs.count)]
        if let values = model.values[output] {
          aim = (output, values[random.below(values.count)])
        }
      }
      var given = [CausalValue?](repeating: nil, count: model.variables.count)
      if let aim {
        guard walk(back: aim, into: &given, using: &random) else { continue }
      }
      drawInputs(&given, using: &random)
      if let values = try accepted(given, aim) { return values }
    }
    throw refusal(goal)
  }

  private func drawInputs(_ given: inout [CausalValue?], using random: inout PhiloxStream) {
    for input in model.inputs where given[input] == nil {
      given[input] = model.variables[input].domain?.draw(using: &random)
    }
  }

  private func accepted(
    _ given: [CausalValue?], _ goal: (variable: Int, value: CausalValue)?
  ) throws(Refusal) -> [CausalValue]? {
    let values = try model.run(given)
    if let goal, values[goal.variable] != goal.value { return nil }
    return try model.allows(values) ? values : nil
  }

  private func refusal(_ goal: (variable: Int, value: CausalValue)?) -> Refusal {
    let what = goal.map {
      ", with \(escaped(model.variables[$0.variable].name)) = \($0.value.inWords)"
    }
    return Refusal(
      .job, field: "causal_model",
      found: "no allowed setting in \(Self.attemptLimit) draws\(what ?? "")",
      expected: "a condition that settings fulfil now and then")
  }

  /// Fixes inputs so that a variable gets its value; false where this draw found no way.
  private func walk(
    back goal: (variable: Int, value: CausalValue), into given: inout [CausalValue?],
    using random: inout PhiloxStream
  ) -> Bool {
    var goals = [goal]
    while let (place, value) = goals.popLast() {
      let parents = model.parents[place]
      if parents.isEmpty {
        given[place] = value
        continue
      }
      guard let setting = parentSetting(of: place, giving: value, using: &random) else {
        return false
      }
      for (parent, value) in zip(parents, setting).reversed() { goals.append((parent, value)) }
    }
    return true
  }

  /// A random setting of the parents that gives a value, uniform among those there are.
  private func parentSetting(
    of place: Int, giving value: CausalValue, using random: inout PhiloxStream
  ) -> [CausalValue]? {
    if let classes = model.classes[place] {
      guard let settings = classes[value], !settings.isEmpty else { return nil }
      return settings[random.below(settings.count)]
    }
    guard let lists = palettes(model.parents[place], using: &random),
      let count = CausalTables.count(lists.map(\.count), limit: Self.paletteLimit)
    else { return nil }
    let names = model.variables[place].parents
    var fitting: [[CausalValue]] = []
    for number in 0..<count {
      let setting = CausalTables.setting(number, lists)
      let own = Dictionary(uniqueKeysWithValues: zip(names, setting))
      // A setting that the function refuses is none that gives the value.
      if let found = try? model.variables[place].function?(own), found == value {
        fitting.append(setting)
      }
    }
    return fitting.isEmpty ? nil : fitting[random.below(fitting.count)]
  }

  /// Values to try for each parent: all of a finite domain, and fresh ones of an endless domain, as
  /// many as there are parents of it, which those parents share, so that they can be equal.
  private func palettes(
    _ parents: [Int], using random: inout PhiloxStream
  ) -> [[CausalValue]]? {
    var fresh: [(domain: CausalDomain, values: [CausalValue])] = []
    var lists: [[CausalValue]] = []
    for parent in parents {
      if let values = model.values[parent] {
        lists.append(values)
        continue
      }
      guard let domain = model.variables[parent].domain else { return nil }
      if let known = fresh.first(where: { $0.domain == domain }) {
        lists.append(known.values)
        continue
      }
      let count = max(2, parents.count { model.variables[$0].domain == domain })
      let values = (0..<count).map { _ in domain.draw(using: &random) }
      fresh.append((domain, values))
      lists.append(values)
    }
    return lists
  }
}
