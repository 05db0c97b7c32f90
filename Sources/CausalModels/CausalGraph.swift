internal import Inputs

/// The order in which variables are computed, found without recursion.
struct CausalGraph {
  /// The variables' numbers as declared, in the order of time, then name.
  let order: [Int]
  /// By number as declared.
  let timeSteps: [Int]

  init(_ declared: [CausalVariable]) throws(Refusal) {
    func refuse(_ variable: CausalVariable, _ part: String, _ found: String, _ expected: String)
      -> Refusal
    {
      Refusal(
        .job, field: "\(variable.name)\(part.isEmpty ? "" : ".\(part)")", found: found,
        expected: expected)
    }
    guard (1...CausalModel.variableLimit).contains(declared.count) else {
      throw Refusal(
        .job, field: "variables", found: "\(declared.count) variables",
        expected: "1 to \(CausalModel.variableLimit)")
    }
    var numbers: [String: Int] = [:]
    for (number, variable) in declared.enumerated() {
      guard !variable.name.isEmpty, variable.name.utf8.count <= 200 else {
        throw refuse(variable, "", "a name of \(variable.name.utf8.count) bytes", "1 to 200 bytes")
      }
      guard numbers.updateValue(number, forKey: variable.name) == nil else {
        throw refuse(variable, "", "the variable twice", "each name once")
      }
    }
    var parents: [[Int]] = []
    var children = [[Int]](repeating: [], count: declared.count)
    for (number, variable) in declared.enumerated() {
      try variable.domain?.check("\(variable.name).values")
      var own: [Int] = []
      for name in variable.parents {
        guard let parent = numbers[name] else {
          throw refuse(
            variable, "parents", "the unknown variable \(quoted(name))",
            CausalModel.offer(name, declared.map(\.name)))
        }
        guard !own.contains(parent) else {
          throw refuse(variable, "parents", "\(quoted(name)) twice", "each parent once")
        }
        own.append(parent)
        children[parent].append(number)
      }
      if let unknown = variable.function?.names.first(where: { !variable.parents.contains($0) }) {
        throw refuse(
          variable, "function", "the name \(quoted(unknown))",
          variable.parents.isEmpty
            ? "no names, since it has no parents" : CausalModel.offer(unknown, variable.parents))
      }
      if own.isEmpty, variable.domain == nil {
        throw refuse(variable, "values", "no values of an input", "its values, or a range")
      }
      if !own.isEmpty, variable.function == nil {
        throw refuse(
          variable, "function",
          "no function of \(variable.parents.map(escaped).joined(separator: ", "))",
          "how it follows from its parents")
      }
      parents.append(own)
    }
    try self.init(declared, parents, children)
  }

  private init(
    _ declared: [CausalVariable], _ parents: [[Int]], _ children: [[Int]]
  ) throws(Refusal) {
    var waiting = parents.map(\.count)
    var ready = declared.indices.filter { waiting[$0] == 0 }
    var depths = [Int](repeating: 0, count: declared.count)
    var done = 0
    while let next = ready.popLast() {
      done += 1
      for child in children[next] {
        depths[child] = max(depths[child], depths[next] + 1)
        waiting[child] -= 1
        if waiting[child] == 0 { ready.append(child) }
      }
    }
    guard done == declared.count else {
      let cycle = Self.cycle(declared, parents, waiting)
      throw Refusal(
        .job, field: cycle.first.map { "\($0).parents" } ?? "parents",
        found:
          "the cycle \((cycle + cycle.prefix(1)).prefix(20).map(escaped).joined(separator: " -> "))",
        expected: "no variable that is its own ancestor")
    }
    // Outputs come last, as in pyvene; a time that was told stands.
    let last = depths.max() ?? 0
    var steps: [Int] = []
    for number in declared.indices {
      let free = children[number].isEmpty && !parents[number].isEmpty ? last : depths[number]
      steps.append(declared[number].timeStep ?? free)
    }
    let latest = steps.max() ?? 0
    for number in declared.indices {
      let isOutput = children[number].isEmpty && !parents[number].isEmpty
      if isOutput, declared[number].timeStep == nil { steps[number] = latest }
    }
    for number in declared.indices {
      guard (0...CausalModel.variableLimit * 10).contains(steps[number]) else {
        throw Refusal(
          .job, field: "\(declared[number].name).time_step", found: "\(steps[number])",
          expected: "0 to \(CausalModel.variableLimit * 10)")
      }
      for parent in parents[number] where steps[parent] >= steps[number] {
        throw Refusal(
          .job, field: "\(declared[number].name).time_step", found: "\(steps[number])",
          expected:
            "a step after that of its parent \(escaped(declared[parent].name)), \(steps[parent])")
      }
    }
    timeSteps = steps
    order = declared.indices.sorted {
      (steps[$0], declared[$0].name) < (steps[$1], declared[$1].name)
    }
  }

  /// One cycle among the variables that never became ready: each waits for another such.
  private static func cycle(
    _ declared: [CausalVariable], _ parents: [[Int]], _ waiting: [Int]
  ) -> [String] {
    guard var at = waiting.firstIndex(where: { $0 > 0 }) else { return [] }
    var path: [Int] = []
    while !path.contains(at) {
      path.append(at)
      guard let next = parents[at].first(where: { waiting[$0] > 0 }) else { break }
      at = next
    }
    let start = path.firstIndex(of: at) ?? 0
    return path[start...].reversed().map { declared[$0].name }
  }
}
