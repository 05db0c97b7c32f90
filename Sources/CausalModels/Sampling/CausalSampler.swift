internal import Inputs
internal import Randomness

/// Draws settings of a causal model's inputs.
struct CausalSampler: Sendable {
  let model: CausalModel
  /// Draws that may be thrown away before the model is said to have none that fits.
  static let attemptLimit = 10_000
  /// Settings of parents that are looked through for one draw.
  private static let paletteLimit = 4096

  /// One try at a setting that is allowed and gives a variable its value; nil where it failed.
  func attempt(
    _ draw: CausalSampling.Draw, _ goal: (variable: Int, value: CausalValue)?,
    using random: inout PhiloxStream
  ) throws(Refusal) -> [CausalValue]? {
    var aim = goal
    var given = [CausalValue?](repeating: nil, count: model.variables.count)
    if draw == .balanced {
      if aim == nil {
        let output = model.outputs[random.below(model.outputs.count)]
        if let values = model.values[output] {
          aim = (output, values[random.below(values.count)])
        }
      }
      if let aim, !walk(back: aim, into: &given, using: &random) { return nil }
    }
    drawInputs(&given, using: &random)
    let values = try model.run(given)
    if let aim, values[aim.variable] != aim.value { return nil }
    return try model.allows(values) ? values : nil
  }

  private func drawInputs(_ given: inout [CausalValue?], using random: inout PhiloxStream) {
    for input in model.inputs where given[input] == nil {
      given[input] = model.variables[input].domain?.draw(using: &random)
    }
  }

  /// Fixes inputs so that a variable gets its value: from it to settings of its parents, each as
  /// likely, and so back. Inputs that are not reached stay free, and so do the parents of a variable
  /// that has too many settings to look through: those tries often fail.
  ///
  /// Where the graph is no tree, a parent reached twice has the later value.
  ///
  /// - Returns: False where this draw found no way.
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
      guard let settings = parentSettings(of: place, giving: value, using: &random) else {
        continue
      }
      guard !settings.isEmpty else { return false }
      let setting = settings[random.below(settings.count)]
      for (parent, value) in zip(parents, setting).reversed() { goals.append((parent, value)) }
    }
    return true
  }

  /// Settings of the parents that give a value; nil where they cannot be looked through.
  private func parentSettings(
    of place: Int, giving value: CausalValue, using random: inout PhiloxStream
  ) -> [[CausalValue]]? {
    if let classes = model.classes[place] { return classes[value] ?? [] }
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
    return fitting
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
