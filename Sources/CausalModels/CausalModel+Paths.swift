public import Inputs

extension CausalModel {
  /// For each value of a variable, the settings of its parents that give it, in the parents' order.
  ///
  /// - Throws: For an input, and where the parents have too many settings to try.
  public func equivalenceClasses(
    of name: String
  ) throws(Refusal) -> [CausalValue: [[CausalValue]]] {
    let place = try place(of: name)
    guard let classes = classes[place] else {
      throw Refusal(
        .job, field: name,
        found: parents[place].isEmpty ? "an input" : "parents with too many or unlisted settings",
        expected: "a variable with parents of at most \(Self.settingLimit) settings")
    }
    return classes
  }

  /// Paths along which a cause has its effect in the run of an intervention.
  ///
  /// A step from a variable to its child is live where some other value of the variable, put in
  /// beside the intervention, changes the child. A child that the intervention fixes never changes.
  ///
  /// - Returns: By the number of variables on the path, 2 or more; each in the order of time.
  /// - Throws: Where a variable on the way has no list of values, or there are too many paths.
  public func livePaths(_ intervention: [String: CausalValue]) throws(Refusal) -> [Int: [[String]]]
  {
    let live = try liveEdges(placed(intervention))
    var paths: [Int: [[Int]]] = [:]
    var last = variables.indices.map { [$0] }
    var count = 0
    while !last.isEmpty {
      last = last.flatMap { path in live[path[path.count - 1]].map { path + [$0] } }
      count += last.count
      guard count <= Self.settingLimit else {
        throw Refusal(
          .job, field: "paths", found: "more than \(Self.settingLimit) live paths",
          expected: "fewer (the limit)")
      }
      if let length = last.first?.count { paths[length] = last }
    }
    return paths.mapValues { $0.map { $0.map { variables[$0].name } } }
  }

  /// The children of each variable that it moves.
  private func liveEdges(_ given: [CausalValue?]) throws(Refusal) -> [[Int]] {
    let actual = try run(given)
    var live = [[Int]](repeating: [], count: variables.count)
    for place in variables.indices where !children[place].isEmpty {
      guard let values = values[place] else {
        throw Refusal(
          .job, field: variables[place].name, found: "a variable without a list of values",
          expected: "finite values, to find live paths")
      }
      var moved: Set<Int> = []
      for value in values where moved.count < children[place].count {
        var other = given
        other[place] = value
        let changed = try run(other)
        for child in children[place] where changed[child] != actual[child] { moved.insert(child) }
      }
      live[place] = children[place].filter(moved.contains)
    }
    return live
  }

  /// Whether the longest live path has one of these lengths, in variables.
  public func hasLongestPath(
    of lengths: Set<Int>, in intervention: [String: CausalValue]
  ) throws(Refusal) -> Bool {
    try livePaths(intervention).keys.max().map(lengths.contains) ?? false
  }

  /// Whether a live path leads from one variable to another.
  public func hasLivePath(
    from start: String, to end: String, in intervention: [String: CausalValue]
  ) throws(Refusal) -> Bool {
    try livePaths(intervention).values.contains { paths in
      paths.contains { $0[0] == start && $0[$0.count - 1] == end }
    }
  }
}
