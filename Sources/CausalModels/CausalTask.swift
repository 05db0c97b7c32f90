package import Inputs

/// A causal model with what its data look like.
package struct CausalTask: Sendable {
  package let model: CausalModel
  package var prompt: CausalRendering.Prompt?
  /// The variable that the label is; nil for the only output.
  package var answer: String?
  /// The variable whose value, where nothing intervenes, is a wrong answer to compare the label with
  /// where the base's own answer is the right one; nil for none.
  package var foil: String?
  /// What data are made as, unless told.
  package var form: CausalRendering.Form
  package var draw: CausalSampling.Draw = .balanced
  /// The inputs that sources have from their bases, unless told.
  package var shared: [String] = []
  /// The variables that are worth an intervention; nil for all inner ones.
  package var intervene: [String]?

  package init(
    _ model: CausalModel, form: CausalRendering.Form, prompt: CausalRendering.Prompt? = nil,
    answer: String? = nil
  ) {
    (self.model, self.form, self.prompt, self.answer) = (model, form, prompt, answer)
  }
}

extension CausalRendering {
  /// A run without interventions as an example without sources.
  package func example(_ values: [CausalValue]) throws(Refusal) -> CounterfactualExample {
    let label = try label(values)
    return CounterfactualExample(base: try input(values), baseLabel: label, label: label)
  }

  /// - Parameter variables: The data's list of intervened variables, by place in the model.
  package func example(
    _ made: CausalCounterfactual, of variables: [Int]
  ) throws(Refusal) -> CounterfactualExample {
    var example = try example(made.base)
    example.label = try label(made.result)
    example.foil = try foil(of: made.result, base: made.base)
    example.variables = made.variables.compactMap(variables.firstIndex(of:))
    for source in made.sources {
      example.sources.append(try input(source))
      example.sourcesAgree.append(try label(source) == example.label)
    }
    return example
  }
}
