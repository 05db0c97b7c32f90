internal import CausalModels
internal import Inputs

/// `[data.causal_model]`: a causal model declared in the job.
///
/// Each variable is a table under `variables`: an input has `values`, a `range` of numbers, or
/// `vectors` (their width, in `range`), of which `entities` draws so many; `like` takes the values of
/// another. A variable with a `function` follows from the variables that its formula names.
enum CausalModelSection {
  private static let known = [
    "variables", "require", "answer", "prompt", "prompts", "chooser", "read",
  ]
  private static let knownOfVariable = [
    "values", "range", "decimals", "vectors", "entities", "like", "parents", "function",
    "time_step",
  ]

  static func task(
    _ field: JobField, seed: UInt64
  ) throws(Refusal) -> (task: CausalTask, read: [String]?) {
    let section = try field.table(known: known)
    let table = try section.required("variables", expected: "a table of variables").anyTable()
    var declared: [CausalVariable] = []
    for name in table.table.keys {
      guard let own = table.optional(name) else { continue }
      declared.append(try variable(name, own, in: table, seed: seed))
    }
    let require = try section.optional("require").map { (field) throws(Refusal) in
      let text = try field.string()
      return try field.place.telling { () throws(Refusal) in try CausalConstraint(formula: text) }
    }
    let model: CausalModel
    do throws(Refusal) {
      model = try CausalModel(declared, constraint: require)
    } catch { throw located(error, in: table) }
    var task = CausalTask(model, form: .features)
    if let answer = section.optional("answer") {
      let name = try answer.string()
      _ = try answer.place.telling { () throws(Refusal) in try model.place(of: name) }
      task.answer = name
    }
    if let prompt = try prompt(section) {
      task.prompt = prompt
      task.form = .text
    }
    let read = try section.optional("read").map { (field) throws(Refusal) in
      try names(field)
    }
    return (task, read)
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

  static func names(_ field: JobField) throws(Refusal) -> [String] {
    var names: [String] = []
    for item in try field.items() { names.append(try item.string()) }
    guard !names.isEmpty else {
      throw field.place.refusal("no names", expected: "one variable at least")
    }
    return names
  }

  private static func prompt(_ section: JobSection) throws(Refusal) -> CausalRendering.Prompt? {
    try section.refuse("prompts", besides: "prompt")
    if let field = section.optional("prompt") {
      let text = try field.string()
      return try field.place.telling { () throws(Refusal) in try CausalRendering.Prompt([text]) }
    }
    guard let field = section.optional("prompts") else { return nil }
    let texts = try names(field)
    let chooser = try section.required(
      "chooser", expected: "the variable whose value, from 0, is the number of the prompt"
    ).string()
    return try field.place.telling { () throws(Refusal) in
      try CausalRendering.Prompt(texts, chooser: chooser)
    }
  }

  private static func variable(
    _ name: String, _ field: JobField, in all: JobSection, seed: UInt64
  ) throws(Refusal) -> CausalVariable {
    let section = try field.table(known: knownOfVariable)
    var variable = CausalVariable(name, try domain(section, of: name, in: all, seed: seed))
    variable.timeStep = try section.optional("time_step")?.int(in: 0...100_000)
    if let function = section.optional("function") {
      let formula = try function.string()
      let parsed = try function.place.telling { () throws(Refusal) in
        try CausalFunction(formula: formula)
      }
      variable.function = parsed
      variable.parents = parsed.names
    }
    if let parents = section.optional("parents") {
      var own: [String] = []
      for item in try parents.items() { own.append(try item.string()) }
      variable.parents = own
    }
    return variable
  }

  /// The values of a variable; those of entities are of the variable that declares them.
  private static func domain(
    _ section: JobSection, of name: String, in all: JobSection, seed: UInt64
  ) throws(Refusal) -> CausalDomain? {
    for other in ["range", "vectors", "entities", "like"] {
      try section.refuse(other, besides: "values")
    }
    if let like = section.optional("like") {
      for other in ["range", "vectors", "entities", "decimals"] {
        try section.refuse(other, besides: "like")
      }
      let other = try like.string()
      guard let field = all.optional(other), other != name else {
        throw like.place.refusal(
          "the unknown variable \(quoted(other))", expected: "another variable of the model")
      }
      let own = try field.table(known: knownOfVariable)
      guard own.optional("like") == nil else {
        throw like.place.refusal(
          "\(quoted(other)), which is like another itself", expected: "a variable with values")
      }
      return try domain(own, of: other, in: all, seed: seed)
    }
    if let values = section.optional("values") {
      var list: [CausalValue] = []
      for item in try values.items() { list.append(try value(item)) }
      return .finite(list)
    }
    let decimals = try section.optional("decimals")?.int(in: 0...12)
    let range = try section.optional("range").map(range)
    guard let vectors = section.optional("vectors") else {
      if let entities = section.optional("entities") {
        throw entities.place.refusal("entities", expected: "vectors beside them, their width")
      }
      return range.map { .interval($0, decimals: decimals) }
    }
    let width = try vectors.int(in: 1...CausalDomain.widthLimit)
    guard let entities = section.optional("entities") else {
      return .vectors(width: width, range ?? -1...1, decimals: decimals)
    }
    let count = try entities.int(in: 1...CausalDomain.valueLimit)
    return try entities.place.telling { () throws(Refusal) in
      try CausalDomain.entities(
        count, width: width, in: range ?? -1...1, decimals: decimals, seed: seed)
    }
  }

  private static func range(_ field: JobField) throws(Refusal) -> ClosedRange<Double> {
    let items = try field.items()
    guard items.count == 2 else { throw field.refusal(expected: "[least, greatest]") }
    let bounds = (try items[0].double(), try items[1].double())
    guard bounds.0 < bounds.1 else {
      throw field.place.refusal(
        "[\(bounds.0), \(bounds.1)]", expected: "[least, greatest]")
    }
    return bounds.0...bounds.1
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
