internal import CausalModels
internal import Inputs
internal import JobFiles

/// `[data.causal_model]`: a causal model declared in the job.
///
/// Each variable is a table under `variables`: an input has `values`, a `range` of numbers, or
/// `vectors` (their width, in `range`), of which `entities` draws so many; `like` takes the values of
/// another. A variable with a `function` follows from the variables that its formula names.
struct CausalModelSection: Sendable {
  package let task: CausalTask
  /// The variables that features are made of; nil: the inputs.
  package let read: [String]?

  package init(_ task: CausalTask) { (self.task, read) = (task, nil) }

  package init(_ f: inout Fields, seed: UInt64) throws(Refusal) {
    let declared = try f.required(
      "variables",
      .tables(named: "NAME") { (f, name) throws(Refusal) in
        try DeclaredVariable(&f, name, seed: seed)
      },
      "The variables, each a table: an input has values, a range or vectors; one with a function "
        + "follows from those that it names.")
    let require = try f.optional(
      "require", .formula, "A formula that is true of every setting there is, such as a != b.")
    let answer = try f.optional(
      "answer", .text, usually: "the only output",
      "The variable that is the label. A classifier's class is the number of its value, from 0: in the "
        + "order in which its values are declared, else by size or by name; false before true.")
    let prompt = try f.optional(
      "prompt", .text,
      "What is written of a setting: {name} stands for a variable's value, {name:2} for a number with "
        + "two decimals, {{ and }} for braces. Each mention is a place of that name, the second name_2."
    )
    let prompts = try f.optional(
      "prompts", .list(of: .text, "texts"), apartFrom: ["prompt"],
      "Several prompts, of which chooser takes one.")
    let chooser = try f.optional(
      "chooser", .text, needed: Fields.When(prompts != nil, "with prompts"),
      only: Fields.When(prompts != nil, "prompts"),
      "The variable whose value, from 0, is the number of the prompt.")
    read = try f.optional(
      "read", .list(of: .text, "variables"), usually: "the inputs, by name",
      "The variables that features are made of, in this order.")
    guard !f.isManual else {
      task = try BuiltInTask.hierarchicalEquality.task()
      return
    }
    let all = try f.written("variables")?.anyTable()
    let table = all ?? JobSection(table: JobTable(), place: f.place)
    let variables = try DeclaredVariable.resolved(declared, in: table)
    let constraint = try require.map { (text) throws(Refusal) in
      try f.place(of: "require").telling { () throws(Refusal) in
        try CausalConstraint(formula: text)
      }
    }
    let model: CausalModel
    do throws(Refusal) {
      model = try CausalModel(variables, constraint: constraint)
    } catch { throw Self.located(error, in: table) }
    var task = CausalTask(model, form: .features)
    if let answer {
      _ = try f.place(of: "answer").telling { () throws(Refusal) in try model.place(of: answer) }
      task.answer = answer
    }
    if let texts = prompts ?? prompt.map({ [$0] }) {
      let place = f.place(of: prompts == nil ? "prompt" : "prompts")
      task.prompt = try place.telling { () throws(Refusal) in
        try CausalRendering.Prompt(texts, chooser: chooser)
      }
      task.form = .text
    }
    self.task = task
  }

  /// A refusal of the model with the line of the variable's field that it names, or of the variable.
  private static func located(_ refusal: Refusal, in table: JobSection) -> Refusal {
    guard refusal.file.isEmpty else { return refusal }
    let name = table.table.keys.filter {
      refusal.field == $0 || refusal.field.hasPrefix($0 + ".")
    }.max { $0.utf8.count < $1.utf8.count }
    var origin = table.place.origin
    if let name, let variable = table.optional(name) {
      origin = variable.place.origin
      if case .table(let fields) = variable.value.content {
        // Parents that are not told are the names in the function.
        let key = String(refusal.field.dropFirst(name.count + 1))
        let own = fields[key] ?? (key == "parents" ? fields["function"] : nil)
        if let own, own.origin != .unknown { origin = own.origin }
      }
    }
    let path = [table.place.path, refusal.field].filter { !$0.isEmpty }.joined(separator: ".")
    return JobPlace(file: table.place.file, path: path, origin: origin).refusal(
      refusal.found, expected: refusal.expected)
  }
}

/// A variable as a job declares it.
private struct DeclaredVariable: Sendable {
  let domain: CausalDomain?
  /// The variable whose values it has.
  package let like: String?
  let function: CausalFunction?
  let parents: [String]?
  let timeStep: Int?

  package init(_ f: inout Fields, _ name: String, seed: UInt64) throws(Refusal) {
    let like = try f.optional(
      "like", .text, apartFrom: ["range", "vectors", "entities", "decimals", "values"],
      "Another variable, whose values it has, entities and all.")
    let values = try f.optional(
      "values", .list(of: .causalValue(), "values", count: 0...Int.max),
      apartFrom: ["range", "vectors", "entities"],
      "The values it can have, in the order of classes.")
    let decimals = try f.optional(
      "decimals", .int(0...12), usually: "all", "Decimals that drawn numbers are rounded to.")
    let range = try f.optional(
      "range", .interval, usually: "[-1, 1] for vectors", "Numbers between these two.")
    let width = try f.optional(
      "vectors", .int(1...CausalDomain.widthLimit), unit: "numbers",
      "Its values are vectors of this width, fresh ones in each example.")
    let entities = try f.optional(
      "entities", .int(1...CausalDomain.valueLimit),
      only: Fields.When(width != nil, "vectors beside them, their width"),
      "So many vectors, drawn once from the seed, which are all the values it has.")
    let formula = try f.optional(
      "function", .formula,
      "How it follows from others: numbers, 'text', true, false, names, lists [a, b] and their items "
        + "list[0]; + - * / // %; == != < <= > >= in; and, or, not; if(condition, a, b), min, max, abs, "
        + "floor, round(x, decimals), length(list), count(list, value). // rounds down, % has the sign "
        + "of the divisor; and, or and not take true and false alone.")
    parents = try f.optional(
      "parents", .list(of: .text, "variables", count: 0...Int.max),
      usually: "the names in its function", "The variables it follows from.")
    timeStep = try f.optional(
      "time_step", .int(0...100_000), usually: "by its parents",
      "When it is computed, for drawings.")
    self.like = like
    domain =
      if let values { .finite(values) } else if let width {
        if let entities {
          try f.place(of: "entities").telling { () throws(Refusal) in
            try CausalDomain.entities(
              entities, width: width, in: range ?? -1...1, decimals: decimals, seed: seed)
          }
        } else {
          .vectors(width: width, range ?? -1...1, decimals: decimals)
        }
      } else { range.map { .interval($0, decimals: decimals) } }
    let place = f.place(of: "function")
    function = try formula.map { (text) throws(Refusal) in
      try place.telling { () throws(Refusal) in try CausalFunction(formula: text) }
    }
  }

  /// The variables, those that are like another with its values.
  package static func resolved(
    _ declared: [(name: String, item: DeclaredVariable)], in table: JobSection
  ) throws(Refusal) -> [CausalVariable] {
    var variables: [CausalVariable] = []
    for (name, own) in declared {
      var domain = own.domain
      if let like = own.like {
        let place = try table.optional(name)?.anyTable().place(of: "like") ?? table.place
        guard like != name, let other = declared.first(where: { $0.name == like })?.item else {
          throw place.refusal(
            "the unknown variable \(quoted(like))", expected: "another variable of the model")
        }
        guard other.like == nil else {
          throw place.refusal(
            "\(quoted(like)), which is like another itself", expected: "a variable with values")
        }
        domain = other.domain
      }
      var variable = CausalVariable(name, domain)
      variable.timeStep = own.timeStep
      variable.function = own.function
      variable.parents = own.parents ?? own.function?.names ?? []
      variables.append(variable)
    }
    return variables
  }
}

extension FieldType where Value == String {
  /// A formula, which is parsed by what has it.
  fileprivate static var formula: FieldType { text.called("a formula between quotation marks") }
}

extension FieldType where Value == ClosedRange<Double> {
  fileprivate static var interval: FieldType {
    FieldType(
      "[least, greatest]", placeholder: -1...1,
      canonical: { .items([.real($0.lowerBound), .real($0.upperBound)]) }
    ) { (field, _) throws(Refusal) in
      let items = try field.items()
      guard items.count == 2 else { throw field.refusal(expected: "[least, greatest]") }
      let bounds = (try items[0].double(), try items[1].double())
      guard bounds.0 < bounds.1 else {
        throw field.place.refusal(
          "[\(bounds.0), \(bounds.1)]", expected: "[least, greatest]")
      }
      return bounds.0...bounds.1
    }
  }
}

extension FieldType where Value == CausalValue {
  fileprivate static func causalValue() -> FieldType {
    FieldType(
      "a number, a text, true, false, or a list of them", placeholder: .boolean(false),
      canonical: { .text($0.description) }
    ) { (field, _) throws(Refusal) in try value(field) }
  }

  private static func value(_ field: JobField, depth: Int = 0) throws(Refusal) -> CausalValue {
    switch field.value.content {
    case .bool(let flag): return .boolean(flag)
    case .string(let text): return .text(text)
    case .integer, .number:
      return .number(try field.double("a number below 2^53") { abs($0) <= 0x1p53 })
    case .list where depth < 8:
      var items: [CausalValue] = []
      for item in try field.items() { items.append(try value(item, depth: depth + 1)) }
      return .list(items)
    default: throw field.refusal(expected: "a number, a text, true, false, or a list of them")
    }
  }
}

extension JobPlace {
  /// What a part of the job is made into; a refusal of that names the job's file and this place.
  func telling<Result>(_ make: () throws(Refusal) -> Result) throws(Refusal) -> Result {
    do throws(Refusal) {
      return try make()
    } catch {
      guard error.file.isEmpty else { throw error }
      let path = [self.path, error.field].filter { !$0.isEmpty }.joined(separator: ".")
      throw JobPlace(file: file, path: path, origin: origin).refusal(
        error.found, expected: error.expected)
    }
  }
}
