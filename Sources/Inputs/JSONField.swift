/// A JSON value with the file and path it came from, so that each misuse refuses by name.
public struct JSONField: Sendable {
  public let file: String
  /// The path of the value inside its file, such as `model.vocab`; empty at the root.
  public let path: String
  public let value: JSON
  public let kind: Refusal.Kind

  public init(_ value: JSON, file: String, path: String = "", kind: Refusal.Kind) {
    self.value = value
    self.file = file
    self.path = path
    self.kind = kind
  }

  /// Parses a file of at most `limit` bytes.
  public static func load(
    _ path: String, kind: Refusal.Kind, limit: Int = 256 << 20
  ) throws(Refusal) -> JSONField {
    let bytes = try BoundedFile(path, kind: kind).jsonBytes(limit: limit)
    return JSONField(try JSON.parse(bytes, file: path, kind: kind), file: path, kind: kind)
  }

  public func refusal(_ found: String, expected: String) -> Refusal {
    Refusal(kind, file: file, field: path, found: found, expected: expected)
  }

  private func child(_ name: String, _ value: JSON) -> JSONField {
    let full = name.hasPrefix("[") || path.isEmpty ? path + name : "\(path).\(name)"
    return JSONField(value, file: file, path: full, kind: kind)
  }

  /// The member of that name; null and absent are both nil.
  public func optional(_ key: String) throws(Refusal) -> JSONField? {
    guard let value = try object()[key] else { return nil }
    if case .null = value { return nil }
    return child(key, value)
  }

  /// The member of that name, which must be there.
  public subscript(key: String) -> JSONField {
    get throws(Refusal) {
      guard let value = try object()[key] else {
        throw child(key, .null).refusal("no such field", expected: "a value")
      }
      return child(key, value)
    }
  }

  public func object() throws(Refusal) -> JSONObject {
    guard case .object(let object) = value else {
      throw refusal(value.kindName, expected: "an object")
    }
    return object
  }

  public var isNull: Bool { if case .null = value { true } else { false } }

  /// The members with their paths, in the order of the file.
  public func members() throws(Refusal) -> [(key: String, field: JSONField)] {
    try object().members.map { ($0.key, child($0.key, $0.value)) }
  }

  /// The items with their paths, `[0]`, `[1]`, ...
  public func items() throws(Refusal) -> [JSONField] {
    guard case .array(let items) = value else {
      throw refusal(value.kindName, expected: "an array")
    }
    return items.enumerated().map { child("[\($0)]", $1) }
  }

  public func string() throws(Refusal) -> String {
    guard case .string(let text) = value else {
      throw refusal(value.kindName, expected: "a string")
    }
    return text
  }

  public func bool() throws(Refusal) -> Bool {
    guard case .bool(let flag) = value else {
      throw refusal(value.kindName, expected: "true or false")
    }
    return flag
  }

  /// An integer written as one (`2.0` is not), within the range.
  public func int(in range: ClosedRange<Int> = 0...Int(Int32.max)) throws(Refusal) -> Int {
    guard case .number(let number) = value, let int = number.int, range.contains(int) else {
      throw refusal(
        value.kindName,
        expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  /// A finite number.
  public func double() throws(Refusal) -> Double {
    guard case .number(let number) = value, number.double.isFinite else {
      throw refusal(value.kindName, expected: "a finite number")
    }
    return number.double
  }

  /// Refuses members that are in no list of known ones, naming the nearest.
  public func refuseUnknownKeys(known: some Collection<String>) throws(Refusal) {
    for (key, field) in try members() where !known.contains(key) {
      let near = nearest(to: key, among: known).map { "\($0) (did you mean that?)" }
      throw field.refusal(
        "an unknown field \(quoted(key))",
        expected: near ?? "one of \(known.sorted().joined(separator: ", "))")
    }
  }
}
