internal import Inputs

/// A representation as it stands in `config.json`: a list whose places have meanings.
extension SavedRepresentation {
  /// Places of the list since `latent_dim` was added, and before.
  private static let placeCounts = [14, 13]
  private static let sizes = 0...(1 << 30)

  /// - Parameters:
  ///   - field: The list, of 14 places or, of older versions, 13.
  ///   - type: From the list of types beside the representations.
  init(
    _ field: JSONField, type: SavedInterventionType, isSourceConstant: Bool,
    interchangeDimensions: Dimensions?
  ) throws(Refusal) {
    let places = try field.items()
    guard Self.placeCounts.contains(places.count) else {
      throw field.refusal(
        "\(places.count) places", expected: "a representation as pyvene saves it, of 13 or 14")
    }
    for (place, name) in [
      (5, "intervention_type"), (6, "intervention"), (11, "source_representation"),
    ] where !places[place].isNull {
      throw places[place].refusal(
        "\(places[place].value.kindName) as \(name)", expected: "null, as pyvene saves it")
    }
    func optionalSize(_ place: Int) throws(Refusal) -> Int? {
      guard place < places.count, !places[place].isNull else { return nil }
      return try places[place].int(in: Self.sizes)
    }
    var partition: [[Int]]?
    if !places[7].isNull {
      var parts: [[Int]] = []
      for part in try places[7].items() { parts.append(try Self.integers(part)) }
      partition = parts
    }
    var link: LinkKey?
    if case .string(let text) = places[9].value {
      link = .text(text)
    } else {
      link = try optionalSize(9).map { .number($0) }
    }
    let flag = places[12]
    self.init(
      layer: try places[0].int(in: Self.sizes), component: try Self.name(places[1]),
      unit: try Self.name(places[2]), maxUnits: try places[3].int(in: 1...Self.sizes.upperBound),
      interventionType: type, lowRankDimension: try optionalSize(4), subspacePartition: partition,
      groupKey: try optionalSize(8), linkKey: link,
      moeKey: try Self.expert(places[10]), hasConstantSource: flag.isNull ? false : try flag.bool(),
      latentDimension: try optionalSize(13), isSourceConstant: isSourceConstant,
      interchangeDimensions: interchangeDimensions)
  }

  /// The list of 14 places.
  var config: PythonJSON {
    func optional(_ value: Int?) -> PythonJSON { value.map { .integer($0) } ?? .null }
    let parts = subspacePartition.map { parts in
      PythonJSON.array(parts.map { .array($0.map { .integer($0) }) })
    }
    let link: PythonJSON =
      switch linkKey {
      case nil: .null
      case .number(let number): .integer(number)
      case .text(let text): .string(text)
      }
    return .array([
      .integer(layer), .string(component), .string(unit), .integer(maxUnits),
      optional(lowRankDimension), .null, .null, parts ?? .null, optional(groupKey),
      link, optional(moeKey), .null, hasConstantSource ? .bool(true) : .null,
      optional(latentDimension),
    ])
  }

  static func integers(_ field: JSONField) throws(Refusal) -> [Int] {
    var result: [Int] = []
    for item in try field.items() { result.append(try item.int(in: sizes)) }
    return result
  }

  /// A component or unit: it becomes part of a file's name, and so must not leave the folder.
  private static func name(_ field: JSONField) throws(Refusal) -> String {
    let name = try field.string()
    guard isPlain(name) else {
      throw field.refusal(
        "the name \(quoted(name))", expected: "letters, digits and the signs _ . [ ] -")
    }
    return name
  }

  static func isPlain(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "_.[]-".utf8.contains(byte)
      }
    }
    return isPlain && (1...160).contains(name.utf8.count)
  }

  /// The expert's number, which pyvene also takes as a string of digits.
  private static func expert(_ field: JSONField) throws(Refusal) -> Int? {
    if case .string(let text) = field.value, let number = Int(text), sizes.contains(number) {
      return number
    }
    return field.isNull ? nil : try field.int(in: sizes)
  }
}
