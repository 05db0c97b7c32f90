internal import CausalModels
internal import Inputs
internal import JobFiles

/// Counterfactual examples read from a file.
///
/// `base` and `source` (or `sources`, a list) are a prompt, a list of token ids, or a list of
/// feature vectors. `label`, and `base_label` where it is known, are a text of one token, or the
/// number of a token or class; so is `foil`, a wrong answer that the loss `logit_difference` compares
/// the label with. Without it the loss takes the base's, and where that is the label the example weighs
/// nothing. `variables` names or numbers what each source sets. `places` gives names to positions of
/// the base; `source_places` does so for the sources, as one table for all or a list of tables, and
/// where it is missing the places of the base hold.
struct WrittenExamples {
  package private(set) var prompts: [WrittenPrompt] = []
  /// Every variable that a line names, behind those of other files, in the order of the lines.
  package private(set) var variables: [String]
  private let isIntervened: Bool

  /// Sources of one example.
  private static let sourceLimit = 256

  /// - Parameters:
  ///   - isIntervened: Whether each example needs a source.
  ///   - variables: Those that other files of the data have named.
  package init(isIntervened: Bool, variables: [String] = []) {
    (self.isIntervened, self.variables) = (isIntervened, variables)
  }

  /// - Returns: The digest of the file's bytes.
  package mutating func read(_ file: String) throws(Refusal) -> String {
    try DataFile.read(file, .examples) { (field) throws(Refusal) in try append(field) }
  }

  package mutating func append(_ field: JobField) throws(Refusal) {
    guard case .table = field.value.content else {
      throw field.refusal(
        expected: "an example, such as {\"base\": ..., \"source\": ..., \"label\": ...}")
    }
    var f = try Fields(field, folder: "")
    let prompt = try read(&f)
    _ = try f.end()
    let first = (prompts.first ?? prompt).example.base.isFeatures
    let inputs = [prompt.example.base] + prompt.example.sources
    guard inputs.allSatisfy({ $0.isFeatures == first }) else {
      throw prompt.place.refusal(
        first ? "tokens beside features" : "features beside tokens",
        expected: "inputs of one kind in a file")
    }
    prompts.append(prompt)
  }

  /// The fields of one example.
  package mutating func read(_ f: inout Fields) throws(Refusal) -> WrittenPrompt {
    let label = FieldType<ExampleLabel>.answer(isClass: true)
    let base = try f.required(
      "base", .input, "The input that interventions act on. No token is put before a text.")
    let source = try f.optional(
      "source", .input, "The input whose states are put into the base's run.")
    let several = try f.optional(
      "sources", .list(of: .input, "inputs", count: 0...Self.sourceLimit), apartFrom: ["source"],
      "Several sources, each for its variable or for its intervention.")
    let sources = several ?? source.map { [$0] } ?? []
    guard !isIntervened || !sources.isEmpty else {
      throw f.place(of: "source").refusal(
        "no source", expected: "a source, whose states are put into the base's run")
    }
    let baseLabel = try f.optional(
      "base_label", label,
      "What the model should say of the base without interventions: of it "
        + "comes the accuracy of the model itself.")
    var example = CounterfactualExample(
      base: PlacedInput(base), baseLabel: baseLabel,
      label: try f.required(
        "label", label,
        "What the model should say after the intervention. A text is one token; true is class 1. "
          + PromptForm.spacing))
    example.foil = try f.optional(
      "foil", label, usually: "base_label",
      "A wrong answer, which the loss logit_difference compares the label with; where it is the label "
        + "the example weighs nothing.")
    let names = try f.optional(
      "variables", .any("a list of names or numbers"), "The variable that each source sets.")
    let places = FieldType.any(PlacedInput.placesWords)
    _ = try f.optional("places", places, "Names for positions of the base.")
    let ofSources = try f.optional(
      "source_places", places.called("such a table for all sources, or a list of tables"),
      usually: "places, if the sources are as long", "The same for the sources.")
    guard !f.isManual else { return WrittenPrompt(example, id: "", at: f.place) }
    if names != nil, let field = f.written("variables") {
      example.variables = try number(field, sources: sources.count)
    }
    if let field = f.written("places") { try example.base.readPlaces(field) }
    example.sources = try Self.placed(sources, f.written("source_places") ?? f.written("places"))
    var prompt = WrittenPrompt(example, id: "\(prompts.count)", at: f.place)
    if ofSources == nil { prompt.sharing = .alike }
    return prompt
  }

  /// Sources with their places, of one table or one for each.
  private static func placed(
    _ sources: [ExampleInput], _ places: JobField?
  ) throws(Refusal) -> [PlacedInput] {
    var placed = sources.map { PlacedInput($0) }
    guard let places else { return placed }
    var tables = Array(repeating: places, count: placed.count)
    if case .list = places.value.content {
      tables = try places.items()
      guard tables.count == placed.count else {
        throw places.place.refusal(
          "\(tables.count) tables of places", expected: "\(placed.count), one for each source")
      }
    }
    for number in placed.indices { try placed[number].readPlaces(tables[number]) }
    return placed
  }

  /// The numbers of the variables that a line names.
  private mutating func number(_ field: JobField, sources: Int) throws(Refusal) -> [Int] {
    var numbers: [Int] = []
    for item in try field.items() {
      let name = try FieldType<String>.promptID.value(of: item)
      let number = variables.firstIndex(of: name) ?? variables.count
      guard number < 10_000 else {
        throw item.place.refusal("the variable number 10001", expected: "at most 10000")
      }
      guard !numbers.contains(number) else {
        throw item.place.refusal("\(quoted(name)) twice", expected: "each variable once")
      }
      if number == variables.count { variables.append(name) }
      numbers.append(number)
    }
    guard numbers.count == sources else {
      throw field.place.refusal(
        "\(numbers.count) variables", expected: "\(sources), one for each source")
    }
    return numbers
  }
}
