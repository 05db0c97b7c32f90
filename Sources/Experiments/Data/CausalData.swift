internal import CausalModels
internal import Inputs

/// The part of `[data]` that a causal model's examples are made by.
struct CausalData: Sendable {
  private let task: CausalTask
  private let rendering: CausalRendering
  private let sizes: [(split: Split, count: Int)]
  private let seed: UInt64
  /// The variables to intervene on: those that the job names, and those of the task otherwise.
  private let named: [String]?
  private let usual: [String]?
  private let choice: CausalSampling.Choice
  private let draw: CausalSampling.Draw
  private let sources: CausalSampling.SourceDraw
  private let shared: [String]
  private let keep: CausalConstraint?
  private let place: JobPlace
  let canonical: JobValue
  /// Where the job would say that the task's tokens are the model's, which it does not.
  let assumedTokens: JobPlace?

  init(_ section: JobSection) throws(Refusal) {
    let field = try section.required("causal_model", expected: "a name or a table")
    let seed = try section.optional("seed")?.int(in: 0...Int.max) ?? 0
    self.seed = UInt64(seed)
    place = field.place
    var task: CausalTask
    var read: [String]?
    if case .table = field.value.content {
      (task, read) = try CausalModelSection.task(field, seed: self.seed)
    } else {
      let builtIn: BuiltInTask = try field.choice()
      task = try builtIn.task()
    }
    if let form = section.optional("form") { task.form = try form.choice() }
    assumedTokens =
      section.optional("form") == nil && task.form == .tokens ? section.place(of: "form") : nil
    let layout: CausalRendering.Layout =
      try section.optional("layout").map { (field) throws(Refusal) in try field.choice() } ?? .row
    let finished = task
    rendering = try field.place.telling { () throws(Refusal) in
      try CausalRendering(
        finished.model, finished.form, layout: layout, prompt: finished.prompt, read: read,
        answer: finished.answer, foil: finished.foil)
    }
    self.task = task
    var sizes: [(Split, Int)] = []
    for split in Split.allCases {
      guard let field = section.optional(split.rawValue) else { continue }
      sizes.append((split, try field.int(in: 1...Int(Int32.max))))
    }
    self.sizes = sizes
    named =
      try section.optional("intervene").map { (field) throws(Refusal) in
        try CausalModelSection.names(field)
      }
    usual = task.intervene
    choice =
      try section.optional("choice").map { (field) throws(Refusal) in try field.choice() } ?? .any
    draw =
      try section.optional("draw").map { (field) throws(Refusal) in try field.choice() }
      ?? task.draw
    sources =
      try section.optional("sources").map { (field) throws(Refusal) in try field.choice() }
      ?? .byValue
    shared =
      try section.optional("shared").map { (field) throws(Refusal) in
        var names: [String] = []
        for item in try field.items() { names.append(try item.string()) }
        return names
      } ?? task.shared
    keep = try section.optional("keep").map { (field) throws(Refusal) in
      let text = try field.string()
      let keep = try field.place.telling { () throws(Refusal) in
        try CausalConstraint(formula: text)
      }
      for name in keep.names {
        _ = try field.place.telling { () throws(Refusal) in try finished.model.place(of: name) }
      }
      return keep
    }
    var canonical = JobTable()
    canonical["causal_model"] = field.value
    for (split, count) in sizes { canonical[split.rawValue] = .int(count) }
    canonical["seed"] = .int(seed)
    canonical["intervene"] = (named ?? usual).map { .items($0.map(JobValue.text)) }
    canonical["choice"] = .text(choice.rawValue)
    canonical["draw"] = .text(draw.rawValue)
    canonical["sources"] = .text(sources.rawValue)
    canonical["shared"] = .items(shared.map(JobValue.text))
    canonical["form"] = .text(task.form.rawValue)
    canonical["layout"] = .text(layout.rawValue)
    canonical["keep"] = keep?.formula.map(JobValue.text)
    self.canonical = JobValue(.table(canonical))
    _ = try sampling(.train, named ?? usual)
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
  func sets(isIntervened: Bool, of read: [String]) throws(Refusal) -> ExampleSets {
    let known = Set(task.model.variables.map(\.name))
    let own = read.filter(known.contains)
    let intervene = named ?? (own.isEmpty ? usual : own)

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
          return ExampleFile.Entry(example: example, place: own, sharesPlaces: false)
        })
    }
    return ExampleSets(
      sets, variables: variables,
      answerCount: rendering.answerCount == 0 ? nil : rendering.answerCount,
      vocabulary: rendering.vocabulary.map(\.description))
  }
}
