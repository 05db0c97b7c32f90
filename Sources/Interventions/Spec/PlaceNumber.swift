internal import Inputs
internal import Models

/// A place as a specification writes it: a number, from the end if below 0, `"last"`, `"all"`, a
/// range such as `"0:3"` or `"-2:"`, whose end is left out, or a rectangle of pixels by its upper left
/// corner and its size, `{"y": 1, "x": 2, "height": 3, "width": 4}`, one pixel unless said.
enum PlaceNumber {
  case number(Int)
  case range(Int?, Int?)
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
    if text == "last" {
      self = .number(-1)
      return
    }
    if text == "all" {
      self = .range(nil, nil)
      return
    }
    let ends = text.split(separator: ":", omittingEmptySubsequences: false)
    func end(_ text: Substring) -> Int?? { text.isEmpty ? .some(nil) : Int(text).map { .some($0) } }
    guard ends.count == 2, let first = end(ends[0]), let last = end(ends[1]),
      abs(first ?? 0) <= 1 << 30, abs(last ?? 0) <= 1 << 30
    else {
      throw field.refusal(
        quoted(text), expected: "a number, \"last\", \"all\" or a range such as \"0:3\"")
    }
    self = .range(first, last)
  }

  /// Whether it is the same number whatever the length.
  var fixed: Int? {
    if case .number(let number) = self, number >= 0 { return number }
    return nil
  }

  /// The numbers that it stands for among so many; those that are outside stay outside.
  func numbers(of length: Int) -> [Int] {
    func counted(_ number: Int) -> Int { number < 0 ? number + length : number }
    switch self {
    case .number(let number): return [counted(number)]
    case .patch: preconditionFailure("a rectangle of an image of unknown size")
    case .range(let first, let last):
      let from = min(max(counted(first ?? 0), 0), length)
      return Array(from..<max(from, min(max(counted(last ?? length), 0), length)))
    }
  }
}

extension JSONField {
  /// Whether it is text, such as `"last"`.
  var isName: Bool { if case .string = value { true } else { false } }

  /// Whether it is a place, not a list of them.
  var isPlace: Bool { isNumber || isName || isPatch }

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
