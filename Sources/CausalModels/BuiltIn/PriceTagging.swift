package import Inputs

extension CausalTask {
  /// Whether an amount of money lies in a range, after Wu et al., 2023,
  /// <https://arxiv.org/abs/2305.08809>, section 4.
  ///
  /// The range is 2.50 to 7.50 wide and lies within 0.05 and 9.95, as in their data.
  package static func priceTagging() throws(Refusal) -> CausalTask {
    func money(_ range: ClosedRange<Double>) -> CausalDomain { .interval(range, decimals: 2) }
    let flags = CausalDomain.finite([.boolean(true), .boolean(false)])
    let model = try CausalModel(
      [
        CausalVariable("lower", money(0.05...7.45)), CausalVariable("width", money(2.5...7.5)),
        CausalVariable("amount", money(0.01...9.99)),
        try CausalVariable("upper", formula: "round(lower + width, 2)"),
        try CausalVariable("above_lower", flags, formula: "amount >= lower"),
        try CausalVariable("below_upper", flags, formula: "amount <= upper"),
        try CausalVariable(
          "answer", .finite([.text("No"), .text("Yes")]),
          formula: "if(above_lower and below_upper, \"Yes\", \"No\")"),
      ], constraint: try CausalConstraint(formula: "upper <= 9.95"))
    var task = CausalTask(
      model, form: .text,
      prompt: try CausalRendering.Prompt([
        "Answer Yes if the price is from {lower:2} to {upper:2} dollars, and No if it is not.\n"
          + "The price is {amount:2} dollars.\nAnswer:"
      ]))
    task.intervene = ["above_lower", "below_upper"]
    return task
  }
}
