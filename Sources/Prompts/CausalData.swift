internal import CausalModels
internal import Inputs
internal import JobFiles

/// The part of `[data]` that a causal model's examples are made by.
struct CausalData: Sendable {
  private let task: CausalTask
  private let rendering: CausalRendering
  private let sizes: [(split: Split, count: Int)]
  private let seed: UInt64
  /// The variables to intervene on: those that the job names, and those of the task otherwise.
  private let named: [String]?
  private let isNamed: Bool
  private let usual: [String]?
  private let choice: CausalSampling.Choice
  private let draw: CausalSampling.Draw
  private let sources: CausalSampling.SourceDraw
  private let shared: [String]
  private let keep: CausalConstraint?
  private let place: JobPlace
  /// Where the job would say that the task's tokens are the model's, which it does not.
  let assumedTokens: JobPlace?

  /// - Parameter sizes: Examples of each split; empty where there is no causal model.
  /// - Returns: Nil where there is none.
  package init?(_ f: inout Fields, _ sizes: [Split: Int]) throws(Refusal) {
    let causal = Fields.When(!sizes.isEmpty, "causal_model", of: "files of examples")
    let seed = UInt64(
      try f.field(
        "seed", .int(0...Int.max), or: 0, only: causal,
        "Example i of a split hangs on this, the split and i alone."))
    let model = try f.optional(
      "causal_model", .causalModel(seed: seed),
      "A causal model of one's own, or the name of a built-in one: "
        + (f.isManual ? try Self.builtIns() : ""))
    var task = model?.task
    let usual = task?.intervene
    named = try f.optional(
      "intervene", .list(of: .text, "variables"),
      orWritten: usual.map { .items($0.map(JobValue.text)) },
      usually: "those that interventions name, or else the task's", only: causal,
      "The variables that sources set.")
    choice = try f.field(
      "choice", .choice(), or: .any, only: causal,
      "How many of them an example sets: any of them, one or more; one; all.")
    draw = try f.field(
      "draw", .choice(), or: task?.draw ?? .balanced, usually: "the task's", only: causal,
      "balanced: the answer first, each as often, then inputs that lead to it; uniform: inputs.")
    sources = try f.field(
      "sources", .choice(), or: .byValue, only: causal,
      "by_value: from the variable's value back to inputs, the others by themselves; like_bases: as "
        + "bases are drawn, until the variable has the value.")
    shared = try f.field(
      "shared", .list(of: .text, "inputs", count: 0...Int.max), or: task?.shared ?? [],
      usually: "the task's", only: causal, "Inputs that a source has from its base.")
    assumedTokens = f.has("form") || task?.form != .tokens ? nil : f.place(of: "form")
    let form = try f.field(
      "form", .choice(), or: task?.form ?? .features,
      usually: "the task's; of an own model text where it has a prompt, else features",
      only: causal,
      "What the network reads. features: the numbers that values are made of, true as 1; one_hot: for "
        + "each input a 1 among as many places as it has values; text: the prompt; tokens: a token for "
        + "each value and each word of the prompt, numbered from 0, first the answer's values in the "
        + "order of classes, then those of the prompt's variables, then its words.")
    let layout = try f.field(
      "layout", .choice(), or: CausalRendering.Layout.row, only: causal,
      "row: all features side by side in one position; sequence: a position for each input.")
    let formula = try f.optional(
      "keep", .text, only: causal, "A formula that is true of every setting that is drawn.")
    guard let model, task != nil else { return nil }
    task?.form = form
    let finished = task ?? model.task
    let field = f.written("causal_model")
    place = field?.place ?? f.place
    rendering = try place.telling { () throws(Refusal) in
      try CausalRendering(
        finished.model, form, layout: layout, prompt: finished.prompt, read: model.read,
        answer: finished.answer, foil: finished.foil)
    }
    let keepPlace = f.place(of: "keep")
    keep = try formula.map { (text) throws(Refusal) in
      try keepPlace.telling { () throws(Refusal) in
        let keep = try CausalConstraint(formula: text)
        for name in keep.names { _ = try finished.model.place(of: name) }
        return keep
      }
    }
    (self.task, self.usual, self.seed) = (finished, usual, seed)
    isNamed = f.has("intervene")
    self.sizes = Split.allCases.compactMap { split in sizes[split].map { (split, $0) } }
    _ = try sampling(.train, named)
  }

  /// The built-in models with what interventions can be of.
  private static func builtIns() throws(Refusal) -> String {
    var names: [String] = []
    for builtIn in BuiltInTask.allCases {
      let model = try builtIn.task().model
      let inner = model.inner.map { model.variables[$0].name }
      names.append("\(builtIn.rawValue) (inner variables: \(inner.joined(separator: ", ")))")
    }
    return names.joined(separator: "; ") + "."
  }

  private func sampling(
    _ split: Split, _ intervene: [String]?
  ) throws(Refusal) -> CausalSampling {
    let dataPlace = JobPlace(file: place.file, path: "data", origin: place.origin)
    var filter: CausalSampling.Filter?
    if let keep {
      filter = { (_, setting) throws(Refusal) in try keep.holds(setting) }
    }
    return try dataPlace.telling { () throws(Refusal) in
      try CausalSampling(
        task.model, seed: seed, name: split.rawValue, draw: draw, sources: sources,
        intervene: intervene, choice: choice, shared: shared, filter: filter)
    }
  }

  /// - Parameter variables: Those that the job's interventions are of; what else a source could set,
  ///   nothing would read. Empty where they name none.
  package func sets(isIntervened: Bool, of read: [String]) throws(Refusal) -> ExampleSets {
    let known = Set(task.model.variables.map(\.name))
    let own = read.filter(known.contains)
    let intervene = isNamed ? named : own.isEmpty ? usual : own

    var sets: [ExampleSet] = []
    var variables: [String] = []
    for (split, count) in sizes {
      let sampling = try sampling(split, intervene)
      variables = sampling.intervened.map { task.model.variables[$0].name }
      sets.append(
        ExampleSet(split, count: count) { [rendering, place] (number) throws(Refusal) in
          let own = JobPlace(
            file: place.file, path: "data.\(split.rawValue)[\(number)]", origin: place.origin)
          let example = try own.telling { () throws(Refusal) in
            isIntervened
              ? try rendering.example(sampling.counterfactual(number), of: sampling.intervened)
              : try rendering.example(sampling.factual(number))
          }
          return WrittenPrompt(example, id: "\(number)", at: own)
        })
    }
    return ExampleSets(
      sets, variables: variables,
      answerCount: rendering.answerCount == 0 ? nil : rendering.answerCount,
      vocabulary: rendering.vocabulary.map(\.description))
  }
}

extension FieldType where Value == CausalModelSection {
  /// The name of a built-in model, or a table; kept as it is written.
  fileprivate static func causalModel(seed: UInt64) -> FieldType {
    let table = FieldType.table { (f) throws(Refusal) in try CausalModelSection(&f, seed: seed) }
    return table.reading("a name, or a table") { (field, folder) throws(Refusal) in
      guard case .table = field.value.content else {
        let builtIn: BuiltInTask = try field.choice()
        return CausalModelSection(try builtIn.task())
      }
      return try table.value(of: field, folder: folder)
    }.written(\.value)
  }
}
