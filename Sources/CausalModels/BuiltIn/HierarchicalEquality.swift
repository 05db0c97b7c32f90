package import Inputs

extension CausalTask {
  /// Whether two pairs of objects are alike in being pairs of equal objects: O = ((W = X) = (Y = Z)).
  ///
  /// Objects are vectors without meaning; each example has fresh ones, so that only equality counts.
  /// Geiger et al., 2024, <https://arxiv.org/abs/2303.02536>, section 4.
  ///
  /// - Parameter width: Numbers of an object, from -1 to 1 with two decimals.
  package static func hierarchicalEquality(width: Int = 4) throws(Refusal) -> CausalTask {
    let object = CausalDomain.vectors(width: width, -1...1, decimals: 2)
    let flags = CausalDomain.finite([.boolean(true), .boolean(false)])
    return CausalTask(
      try CausalModel(
        ["W", "X", "Y", "Z"].map { CausalVariable($0, object) }
          + [
            try CausalVariable("WX", flags, formula: "W == X"),
            try CausalVariable("YZ", flags, formula: "Y == Z"),
            try CausalVariable("O", flags, formula: "WX == YZ"),
          ]), form: .features)
  }
}
