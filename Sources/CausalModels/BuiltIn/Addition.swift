package import Inputs

extension CausalTask {
  /// Column addition of two numbers with carries, after the causal models of arithmetic in
  /// Geiger et al., 2021, <https://arxiv.org/abs/2106.02997>.
  ///
  /// Digits are `a_1` (ones), `a_2`, ... and `b_1`, ...; `carry_1` is what the ones hand on, `sum_1`
  /// the ones of the sum. As tokens, the token of a number is that number; an intervention can make
  /// a sum that no two numbers have, such as 199.
  package static func addition(digits: Int) throws(Refusal) -> CausalTask {
    precondition((1...5).contains(digits), "numbers of \(digits) digits")
    let digit = CausalDomain.finite((0...9).map { .number(Double($0)) })
    let flags = CausalDomain.finite([.boolean(false), .boolean(true)])
    var variables: [CausalVariable] = []
    var total = "0"
    var power = 1
    for place in 1...digits {
      variables.append(CausalVariable("a_\(place)", digit))
      variables.append(CausalVariable("b_\(place)", digit))
      let carried = place == 1 ? "" : " + if(carry_\(place - 1), 1, 0)"
      let column = "a_\(place) + b_\(place)\(carried)"
      variables.append(try CausalVariable("carry_\(place)", flags, formula: "\(column) >= 10"))
      variables.append(try CausalVariable("sum_\(place)", digit, formula: "(\(column)) % 10"))
      total += " + \(power) * sum_\(place)"
      power *= 10
    }
    total += " + if(carry_\(digits), \(power), 0)"
    let sums = CausalDomain.finite((0..<2 * power).map { .number(Double($0)) })
    variables.append(try CausalVariable("sum", sums, formula: total))
    func number(_ letter: String) -> String {
      (1...digits).reversed().map { "{\(letter)_\($0)}" }.joined()
    }
    var task = CausalTask(
      try CausalModel(variables), form: .tokens,
      prompt: try CausalRendering.Prompt(["\(number("a"))+\(number("b"))="]))
    // Every pair of numbers as often; the graph is no tree, so going back from sums is slow.
    task.draw = .uniform
    return task
  }
}
