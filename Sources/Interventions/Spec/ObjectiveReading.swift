internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors

/// Reads an objective against the model and the inputs whose logits it is of.
struct ObjectiveReading {
  let run: SpecRun
  /// How many rows of logits each example has.
  let lengths: [Int]
  /// What a mask leaves out before them, which positions count too; nothing where there is no mask.
  var paddingBefore: [Int] = []
  /// Whether the rows are new tokens, all of which have labels if there are so many.
  var isOfNewTokens = false
  /// The shape of each value that is collected, `[examples, units, width]`; nil where examples have
  /// unequal numbers of units.
  var collected: [[Int]?] = []

  private static let original = "original"

  /// - Parameter labels: Those that stand beside the objective.
  func callAsFunction(
    _ fields: ObjectiveFields, _ labels: JSONField?
  ) throws(Refusal) -> Objective {
    var terms: [Objective.Term] = []
    for item in fields.terms { terms.append(try term(item, item.labels ?? labels)) }
    return Objective(terms: terms, lengths: lengths)
  }

  private func term(
    _ item: ObjectiveFields.Term, _ labels: JSONField?
  ) throws(Refusal) -> Objective.Term {
    let weight = Float(item.weight)
    guard weight.isFinite else {
      throw item.place.member("weight").refusal("\(item.weight)", expected: "a number of 32 bits")
    }
    if let name = item.collected {
      return try collectedTerm(item, weight, number(of: name, item.place.member("of")))
    }
    var read: [[Int]]?
    if item.loss.readsLabels, let labels { read = try rows(of: labels) }
    var term = Objective.Term(
      loss: item.loss, weight: weight, positions: try positions(item.positions, labels: read))
    if item.loss.readsLabels {
      guard let labels, let read else { throw item.place.refusal("no labels", expected: "labels") }
      term.labels = try fitting(read, term.positions, labels)
    }
    if let foils = item.foils {
      term.foils = try fitting(rows(of: foils), term.positions, foils)
      for (label, foil) in zip(term.labels.joined(), term.foils.joined()) where label == foil {
        throw foils.refusal("\(foil), which is the label", expected: "other answers than labels")
      }
    }
    if let target = item.target { term.target = try self.target(target, term.positions) }
    return term
  }

  // MARK: Where it is read

  /// - Parameter labels: Labels by example, as they are written.
  private func positions(
    _ field: JSONField?, labels: [[Int]]?
  ) throws(Refusal) -> [[Int]] {
    guard let field else {
      let isOfAll = isOfNewTokens && labels?.map(\.count) == lengths
      return lengths.map { isOfAll ? Array(0..<$0) : [$0 - 1] }
    }
    let places = try field.placeNumbers()
    let items = field.isPlace ? [field] : try field.items()
    guard !places.isEmpty else { throw field.refusal("no positions", expected: "one at least") }
    var result: [[Int]] = []
    for (example, length) in lengths.enumerated() {
      let padding = paddingBefore.isEmpty ? 0 : paddingBefore[example]
      var own: [Int] = []
      for (place, item) in zip(places, items) {
        own += try place.behind(padding, at: item)
          .numbers(within: length, "position", at: item)
      }
      guard Set(own).count == own.count else {
        throw field.refusal("a position twice", expected: "each position once")
      }
      result.append(own)
    }
    return result
  }

  // MARK: Labels

  /// Labels by example: of each one alone, or a list.
  private func rows(of field: JSONField) throws(Refusal) -> [[Int]] {
    guard case .array = field.value else {
      let (shape, values) = try run.tensors.integers(field)
      guard (1...2).contains(shape.count) else {
        throw field.refusal(
          "integers of shape \(shape)", expected: "[examples], or [examples, positions]")
      }
      for label in values { _ = try checked(label, field) }
      let count = shape.count == 1 ? 1 : shape[1]
      return (0..<shape[0]).map { Array(values[$0 * count..<($0 + 1) * count]) }
    }
    var rows: [[Int]] = []
    for item in try field.items() {
      guard case .array = item.value else {
        rows.append([try checked(run.answer(item), item)])
        continue
      }
      var row: [Int] = []
      for one in try item.items() { row.append(try checked(run.answer(one), one)) }
      rows.append(row)
    }
    return rows
  }

  private func checked(_ label: Int, _ field: JSONField) throws(Refusal) -> Int {
    guard (0..<run.classCount).contains(label) else {
      throw field.refusal("label \(label)", expected: "0 to \(run.classCount - 1)")
    }
    return label
  }

  /// Labels of which each example has one for each of its positions.
  private func fitting(
    _ rows: [[Int]], _ positions: [[Int]], _ field: JSONField
  ) throws(Refusal) -> [[Int]] {
    guard rows.count == positions.count else {
      throw field.refusal(
        "\(rows.count) labels", expected: "\(positions.count), one for each example")
    }
    for (example, (row, own)) in zip(rows, positions).enumerated() where row.count != own.count {
      let steps = isOfNewTokens ? lengths[example] : own.count
      throw field.refusal(
        "\(row.count) labels of example \(example)",
        expected: steps == own.count
          ? "\(own.count), one for each position that is read"
          : "\(own.count), for the last step, or \(steps), for each step")
    }
    return rows
  }

  // MARK: Targets

  private func target(
    _ field: JSONField, _ positions: [[Int]]
  ) throws(Refusal) -> Objective.Target {
    let (count, classes) = (positions.reduce(0) { $0 + $1.count }, run.classCount)
    if case .string(Self.original) = field.value {
      guard !isOfNewTokens else {
        throw field.refusal("\"original\"", expected: "a tensor: generation has its own tokens")
      }
      guard !run.tensors.has(Self.original) else {
        throw field.refusal(
          "\"original\", which is also the name of a tensor", expected: "another name of the tensor"
        )
      }
      return .original
    }
    let value = try run.tensors.floats(field, for: .init(shape: [classes]))
    guard value.shape.last == classes, value.count == classes || value.count == count * classes
    else {
      throw field.refusal(
        "shape \(value.shape)",
        expected: "[\(classes)], or \([count, classes]), a row for each position")
    }
    let rows = value.reshaped([value.count / classes, classes])
    return .tensor(rows.rows == count ? rows : rows.gathered(Array(repeating: 0, count: count)))
  }

  private func number(of name: String, _ place: JobPlace) throws(Refusal) -> Int {
    let names = collected.indices.map { "collected.\($0)" }
    guard let number = names.firstIndex(of: name) else {
      throw place.refusal(
        quoted(name), expected: "one of \((["logits"] + names).joined(separator: ", "))")
    }
    return number
  }

  private func collectedTerm(
    _ item: ObjectiveFields.Term, _ weight: Float, _ number: Int
  ) throws(Refusal) -> Objective.Term {
    guard let shape = collected[number], let width = shape.last, let field = item.target else {
      throw item.place.member("of").refusal(
        "a value of examples with unequal numbers of units", expected: "as many in each")
    }
    // Of a piece a value that none of its examples has is not handed out, and others change numbers.
    if run.options.microbatches != nil, collected.contains(where: { $0 == nil }) {
      throw item.place.member("of").refusal(
        "microbatches beside collected values of unequal numbers of units",
        expected: "whole batches, or as many units in each example")
    }
    let value = try run.tensors.floats(field, for: .init(shape: [width]))
    guard value.shape == shape || value.shape == [width] else {
      throw field.refusal("shape \(value.shape)", expected: "\(shape) or [\(width)]")
    }
    let repeats = shape.reduce(1, *) / value.count
    var term = Objective.Term(loss: item.loss, weight: weight, positions: [])
    term.target = .tensor(
      value.shape == shape
        ? value
        : value.reshaped([1, width]).gathered(Array(repeating: 0, count: repeats)).reshaped(shape))
    term.collected = number
    return term
  }
}
