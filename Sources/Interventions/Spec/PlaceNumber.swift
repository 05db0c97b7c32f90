internal import Inputs
internal import JobFiles
internal import Models

/// A place as a specification writes it: a number, from the end if below 0, `"last"`,
/// `"last_but_one"`, `"all"`, a range such as `"0:3"`, `"-2:"` or `"0:12:2"`, whose end is left out, or
/// a rectangle of pixels by its upper left corner and its size,
/// `{"y": 1, "x": 2, "height": 3, "width": 4}`, one pixel unless said.
enum PlaceNumber {
  case number(Int)
  case range(IndexSelection)
  case patch(ImagePatch, JSONField)

  init(_ field: JSONField) throws(Refusal) {
    if field.isNumber {
      self = .number(try field.int(in: -(1 << 30)...1 << 30))
      return
    }
    if case .object = field.value {
      try field.refuseUnknownKeys(known: ["y", "x", "height", "width"])
      self = .patch(
        ImagePatch(
          y: try field["y"].int(in: 0...1 << 30), x: try field["x"].int(in: 0...1 << 30),
          height: try field.optional("height")?.int(in: 1...1 << 30) ?? 1,
          width: try field.optional("width")?.int(in: 1...1 << 30) ?? 1), field)
      return
    }
    let text = try field.string()
    switch text {
    case "last": self = .number(-1)
    case "last_but_one": self = .number(-2)
    case "all": self = .range(.range(start: 0, end: nil, step: 1))
    default:
      guard let range = IndexSelection(range: text) else {
        throw field.refusal(
          quoted(text),
          expected: "a number, \"last_but_one\", \"last\", \"all\" or a range such as \"0:3\"")
      }
      self = .range(range)
    }
  }

  /// Whether it is the same number whatever the length.
  var fixed: Int? {
    if case .number(let number) = self, number >= 0 { return number }
    return nil
  }

  /// The numbers that it stands for among so many; those that are outside stay outside, and a range
  /// ends where they do.
  func numbers(of length: Int) -> [Int] {
    func counted(_ number: Int) -> Int { number < 0 ? number + length : number }
    func bound(_ number: Int) -> Int { min(max(counted(number), 0), length) }
    switch self {
    case .number(let number): return [counted(number)]
    case .range(.one(let number)): return [counted(number)]
    case .patch: preconditionFailure("a rectangle of an image of unknown size")
    case .range(.range(let first, let last, let step)):
      return Array(stride(from: bound(first), to: last.map(bound) ?? length, by: step))
    }
  }

  /// The place counted from the first position that a mask leaves, where it was counted from the start
  /// of the padding before that. A range passes over padding; numbers from the end stay, since the end
  /// is an example's own.
  func behind(_ padding: Int, at field: JSONField) throws(Refusal) -> PlaceNumber {
    func refusal(_ what: String) -> Refusal {
      field.refusal("\(what), which attention_mask leaves out", expected: "\(padding) or more")
    }
    if padding == 0 { return self }
    switch self {
    case .patch: return self
    case .number(let number), .range(.one(let number)):
      guard number < 0 || number >= padding else { throw refusal("position \(number)") }
      return .number(number < 0 ? number : number - padding)
    case .range(.range(let start, let end, let step)):
      if let end, end >= 0, end <= padding { throw refusal("positions to \(end)") }
      let steps = max(0, padding - start + step - 1) / step
      return .range(
        .range(
          start: start < 0 ? start : start + steps * step - padding,
          end: end.map { $0 < 0 ? $0 : $0 - padding }, step: step))
    }
  }

  /// The numbers that it stands for among so many, none of which may be outside.
  ///
  /// - Parameters:
  ///   - name: What is counted.
  ///   - field: Where it stands.
  func numbers(
    within length: Int, _ name: String, at field: JSONField
  ) throws(Refusal) -> [Int] {
    let selection: IndexSelection
    switch self {
    case .number(let number): selection = .one(number)
    case .range(let range): selection = range
    case .patch: throw field.refusal("a rectangle", expected: "a \(name)'s number or a range")
    }
    let expected = "0 to \(length - 1), or -\(length) to -1 from the end"
    switch selection.resolve(count: length) {
    case .failure(let fault):
      throw field.refusal("\(name) \(fault.index)", expected: expected)
    case .success(let numbers):
      guard !numbers.isEmpty else {
        throw field.refusal("\(quoted(selection.text)), which is no \(name)", expected: expected)
      }
      return numbers
    }
  }
}

extension JSONField {
  /// Whether it is text, such as `"last"`.
  var isName: Bool { if case .string = value { true } else { false } }

  /// Whether it is a place, not a list of them.
  var isPlace: Bool { isNumber || isName || isPatch }

  /// Whether it is a number, or a name or range of numbers, or a list of these and of nothing else.
  var isChoiceOfNumbers: Bool { isNumber || isName || value.isListOfNumbersOrNames }

  /// Whether it is a rectangle of pixels.
  var isPatch: Bool { if case .object = value { true } else { false } }

  /// Whether it is a list without anything but places in it.
  var isListOfPlaces: Bool {
    guard case .array(let items) = value else { return false }
    return items.allSatisfy {
      switch $0 {
      case .number, .string, .object: true
      default: false
      }
    }
  }

  /// A place, or a list of places.
  func placeNumbers() throws(Refusal) -> [PlaceNumber] {
    if isPlace { return [try PlaceNumber(self)] }
    var numbers: [PlaceNumber] = []
    for item in try items() { numbers.append(try PlaceNumber(item)) }
    return numbers
  }
}

extension JSON {
  /// Whether it is a list of numbers, names and ranges and of nothing else.
  var isListOfNumbersOrNames: Bool {
    guard case .array(let items) = self else { return false }
    return items.allSatisfy {
      switch $0 {
      case .number, .string: true
      default: false
      }
    }
  }
}
