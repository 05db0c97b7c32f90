package import Inputs
package import JobFiles
package import Models
package import Prompts

/// `[model]` of a job that trains a model's own weights: an architecture and its sizes, to begin from
/// random weights, or the path of a folder, to go on from trained ones.
package struct NewModelSection: Sendable {
  package enum Start: Sendable {
    case new(NewModel)
    case folder(ModelSection)
  }

  package let start: Start
  /// The folder as it is written, or the architecture.
  package let name: String

  /// The folder, where training goes on from one.
  var folder: ModelSection? { if case .folder(let section) = start { section } else { nil } }

  package init(_ f: inout Fields) throws(Refusal) {
    let folder = try ModelSection.ofFolder(&f, unless: "architecture")
    let architecture: NewArchitecture? = try f.optional(
      "architecture", .choice(),
      "The kind of a model that begins from random weights.")
    let sizes = try Self.sizes(&f, architecture)
    if let folder {
      (start, name) = (.folder(folder), folder.path.written)
      return
    }
    guard let architecture else {
      throw f.place.member("architecture").refusal(
        "no architecture and no path", expected: "one of the two")
    }
    if let (field, found, expected) = architecture.missing(sizes) {
      throw f.place(of: field.rawValue).refusal(found, expected: expected)
    }
    let config = architecture.configuration(sizes)
    let json = JSONField(.object(config), file: f.place.file, path: f.place.path, kind: .job)
    (start, name) = (.new(try NewModel(json)), architecture.rawValue)
  }

  private static func sizes(
    _ f: inout Fields, _ architecture: NewArchitecture?
  ) throws(Refusal) -> NewArchitecture.Sizes {
    func optional<Value>(
      _ field: NewArchitecture.Field, _ type: FieldType<Value>, _ says: String
    ) throws(Refusal) -> Value? {
      let need = Conditions(field, \.needed, architecture)
      let either = Conditions(field, \.fields, architecture)
      let value = try f.optional(
        field.rawValue, type,
        needed: need.architectures.isEmpty
          ? nil : Fields.When(need.when.holds, "with \(need.when.text)"),
        usually: usual(field), only: either.when, says)
      return f.has(field.rawValue) ? value : nil
    }
    var sizes = NewArchitecture.Sizes()
    func number(
      _ field: NewArchitecture.Field, _ says: String, _ range: ClosedRange<Int> = 1...1 << 20
    ) throws(Refusal) {
      sizes.numbers[field] = try optional(field, .int(range), says)
    }
    try number(.layers, "Layers.", 1...1000)
    try number(.width, "Width of the states between layers; of an mlp, of its input.")
    try number(.heads, "Heads of attention in a layer.")
    try number(.keyValueHeads, "Heads of keys and values, which queries share.")
    try number(.mlpWidth, "Hidden units of each MLP.")
    try number(.vocabulary, "Tokens.", 1...1 << 24)
    try number(.positions, "Tokens of a context.")
    try number(.classes, "Answers of a classifier.")
    sizes.activation = try optional(
      .activation, .text, "The nonlinearity, as transformers calls it.")
    sizes.bias = try optional(.bias, .flag, "Whether layers have one.")
    return sizes
  }

  /// The architectures to which a field belongs.
  private struct Conditions {
    let architectures: [NewArchitecture]
    let when: Fields.When

    init(
      _ field: NewArchitecture.Field, _ fields: (NewArchitecture) -> Set<NewArchitecture.Field>,
      _ architecture: NewArchitecture?
    ) {
      architectures = NewArchitecture.allCases.filter { fields($0).contains(field) }
      let names = architectures.map { quoted($0.rawValue) }.joined(separator: " or ")
      when = Fields.When(
        architecture.map { fields($0).contains(field) } ?? false,
        architectures.count == NewArchitecture.allCases.count
          ? "an architecture" : "architecture = \(names)",
        of: architecture.map { quoted($0.rawValue) } ?? "a model that is gone on with")
    }
  }

  /// What holds where a field is left out, of each architecture that differs.
  private static func usual(_ field: NewArchitecture.Field) -> String? {
    let all = NewArchitecture.allCases.compactMap { architecture in
      architecture.optional[field]?.map { (architecture.rawValue, $0) }
    }
    guard let first = all.first else { return nil }
    let isNeededElsewhere = NewArchitecture.allCases.contains { $0.needed.contains(field) }
    if !isNeededElsewhere, all.allSatisfy({ $0.1 == first.1 }) { return first.1 }
    return all.map { "\($1) of \($0)" }.joined(separator: ", ")
  }
}

extension NewArchitecture {
  /// All fields that it has.
  fileprivate var fields: Set<Field> { needed.union(optional.keys) }
}
