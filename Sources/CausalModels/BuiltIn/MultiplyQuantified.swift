package import Inputs

extension CausalTask {
  /// Multiply-quantified natural language inference: the relation of a premise to a hypothesis,
  /// composed along their syntax. Geiger et al., 2018, <https://arxiv.org/abs/1810.13033>.
  ///
  /// Each sentence is: quantifier, adjective, noun, negation, adverb, verb, quantifier, adjective,
  /// noun. `Adj_P_S` is the adjective of the premise's subject, `N_H_O` the noun of the hypothesis's
  /// object; `Adj_S` the relation of the two adjectives, `NP_S` of the noun phrases, `VP`, `QP_O`,
  /// `NegP` and `QP_S` of what is composed from them. Adjectives, adverbs and negation may be empty.
  package static func multiplyQuantified() throws(Refusal) -> CausalTask {
    var variables: [CausalVariable] = []
    for end in ["S", "O"] {
      let nouns = end == "S" ? ["sailor", "baker", "painter"] : ["bridge", "lamp", "ticket"]
      let adjectives = end == "S" ? ["tall", "young", ""] : ["old", "broken", ""]
      variables += pair("Q", end, Quantifier.allCases.map(\.rawValue))
      variables += pair("Adj", end, adjectives)
      variables += pair("N", end, nouns)
      variables.append(both("Q_\(end)", of: ["Q_P_\(end)", "Q_H_\(end)"]))
      variables.append(compared("Adj_\(end)", ["Adj_P_\(end)", "Adj_H_\(end)"]))
      variables.append(compared("N_\(end)", ["N_P_\(end)", "N_H_\(end)"]))
      variables.append(modified("NP_\(end)", ["Adj_\(end)", "N_\(end)"]))
    }
    variables += pair("Neg", nil, ["", "not"]) + pair("Adv", nil, ["slowly", "gladly", ""])
    variables += pair("V", nil, ["found", "sold", "painted"])
    variables.append(both("Neg", of: ["Neg_P", "Neg_H"]))
    variables.append(compared("Adv", ["Adv_P", "Adv_H"]))
    variables.append(compared("V", ["V_P", "V_H"]))
    variables.append(modified("VP", ["Adv", "V"]))
    variables.append(quantified("QP_O", "Q_O", "NP_O", "VP"))
    variables.append(
      CausalVariable(
        "NegP", relations, parents: ["Neg", "QP_O"],
        function: CausalFunction { values throws(Refusal) in
          guard case .list(let signs)? = values["Neg"], signs.count == 2,
            let relation = relation(values["QP_O"]),
            let negated = relation.negated(
              first: signs[0] == .text("not"), second: signs[1] == .text("not"))
          else { throw unknown(values["QP_O"]) }
          return .text(negated.rawValue)
        }))
    variables.append(quantified("QP_S", "Q_S", "NP_S", "NegP"))
    func sentence(_ letter: String) -> String {
      "{Q_\(letter)_S} {Adj_\(letter)_S} {N_\(letter)_S} {Neg_\(letter)} {Adv_\(letter)} {V_\(letter)} "
        + "{Q_\(letter)_O} {Adj_\(letter)_O} {N_\(letter)_O}"
    }
    var task = CausalTask(
      try CausalModel(variables), form: .tokens,
      prompt: try CausalRendering.Prompt(["\(sentence("P")) . \(sentence("H")) ."]))
    task.intervene = ["NP_S", "NP_O", "VP", "QP_O", "NegP"]
    return task
  }

  private static let relations = CausalDomain.finite(
    NaturalRelation.allCases.map { .text($0.rawValue) })

  private static func relation(_ value: CausalValue?) -> NaturalRelation? {
    guard case .text(let name)? = value else { return nil }
    return NaturalRelation(rawValue: name)
  }

  private static func unknown(_ value: CausalValue?) -> Refusal {
    Refusal(
      .job, field: "relation", found: value?.inWords ?? "nothing",
      expected: "one of " + NaturalRelation.allCases.map(\.rawValue).joined(separator: ", "))
  }

  /// The word of the premise and that of the hypothesis.
  private static func pair(_ name: String, _ end: String?, _ words: [String]) -> [CausalVariable] {
    ["P", "H"].map { letter in
      CausalVariable(
        "\(name)_\(letter)" + (end.map { "_\($0)" } ?? ""), .finite(words.map { .text($0) }))
    }
  }

  /// Two words side by side.
  private static func both(_ name: String, of parents: [String]) -> CausalVariable {
    CausalVariable(
      name, parents: parents,
      function: CausalFunction { values in .list(parents.compactMap { values[$0] }) })
  }

  /// Words of unrelated meanings, of which an empty one restricts nothing.
  private static func compared(_ name: String, _ parents: [String]) -> CausalVariable {
    CausalVariable(
      name, parents: parents,
      function: CausalFunction { values in
        let words = parents.map { values[$0] }
        let relation: NaturalRelation =
          words[0] == words[1]
          ? .equivalence
          : words[0] == .text("")
            ? .reverseEntails : words[1] == .text("") ? .entails : .independence
        return .text(relation.rawValue)
      })
  }

  /// A modifier's relation holds where the heads are the same, and none where they are not.
  private static func modified(_ name: String, _ parents: [String]) -> CausalVariable {
    CausalVariable(
      name, parents: parents,
      function: CausalFunction { values in
        values[parents[1]] == .text(NaturalRelation.equivalence.rawValue)
          ? values[parents[0]] ?? .text(NaturalRelation.independence.rawValue)
          : .text(NaturalRelation.independence.rawValue)
      })
  }

  private static func quantified(
    _ name: String, _ quantifiers: String, _ restrictor: String, _ scope: String
  ) -> CausalVariable {
    CausalVariable(
      name, relations, parents: [quantifiers, restrictor, scope],
      function: CausalFunction { values throws(Refusal) in
        guard case .list(let pair)? = values[quantifiers], pair.count == 2,
          let first = Quantifier(rawValue: pair[0].description),
          let second = Quantifier(rawValue: pair[1].description),
          let restrictors = relation(values[restrictor]), let scopes = relation(values[scope]),
          let found = Quantifier.relation(first, second, restrictors: restrictors, scopes: scopes)
        else { throw unknown(values[scope]) }
        return .text(found.rawValue)
      })
  }
}
