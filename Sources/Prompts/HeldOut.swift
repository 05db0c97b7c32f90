/// What is said of examples that are to be held out and are not.
package enum HeldOut {
  /// A line for each other split of which examples have the inputs of training examples, base and
  /// sources alike: right answers to those can be learnt by heart.
  ///
  /// - Parameter items: By split; of long sets that are made as they are needed the first ones.
  package static func lines(_ items: [Split: [ResolvedPrompt]], of counts: [Split: Int]) -> [String]
  {
    func inputs(_ item: ResolvedPrompt) -> [ResolvedInput.Content] {
      ([item.base] + item.sources).map(\.content)
    }
    let known = Set((items[.train] ?? []).map(inputs))
    return Split.allCases.dropFirst().compactMap { split in
      let own = items[split] ?? []
      let shared = own.count { known.contains(inputs($0)) }
      guard shared > 0 else { return nil }
      let isWhole = [.train, split].allSatisfy { counts[$0] == items[$0]?.count }
      return "\(shared) of \(own.count) \(split.rawValue) examples have the inputs of training "
        + "examples\(isWhole ? "" : ", as far as the first of each were compared"): they are not held "
        + "out"
    }
  }
}
