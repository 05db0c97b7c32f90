/// A JSON value as written: integers keep their digits, objects their order.
///
/// Strict where Foundation is not: duplicate keys, byte-order marks, UTF-16, `NaN`, trailing
/// text and nesting past a limit are refused, and two keys that differ only in their Unicode form
/// stay two keys. RFC 8259.
public enum JSON: Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// What the value is, in words, for a refusal.
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let number): "the number \(escaped(number.text))"
    case .string(let text): "the string \(quoted(text))"
    case .array(let items): "an array of \(items.count)"
    case .object: "an object"
    }
  }
}

/// A number as it stands in the file.
public struct JSONNumber: Sendable, Equatable {
  /// The digits and signs.
  public let text: String

  /// A number as it would be written.
  public init(text: String) { self.text = text }

  /// The value, if it is written as an integer and fits 64 bits.
  public var int: Int? { Int(text) }
  /// The nearest double; infinite where the text is past its range.
  public var double: Double { Double(text) ?? .nan }
}

/// The members of an object, in the order of the file, found by their exact bytes.
public struct JSONObject: Sendable {
  public private(set) var members: [(key: String, value: JSON)] = []
  /// Where each key stands; empty for the few members that are found as quickly without.
  private var places: [ByteKey: Int] = [:]
  private static let fewMembers = 8

  public init() {}

  public var keys: [String] { members.map(\.key) }

  public subscript(key: String) -> JSON? { place(of: key).map { members[$0].value } }

  private func place(of key: String) -> Int? {
    members.count <= Self.fewMembers
      ? members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) } : places[ByteKey(key)]
  }

  /// Adds a member, or returns false and leaves the object as it is if the key is there.
  public mutating func insert(_ value: JSON, forKey key: String) -> Bool {
    guard place(of: key) == nil else { return false }
    members.append((key, value))
    if members.count == Self.fewMembers + 1 {
      for (place, member) in members.enumerated() { places[ByteKey(member.key)] = place }
    } else if members.count > Self.fewMembers {
      places[ByteKey(key)] = members.count - 1
    }
    return true
  }
}

/// A string compared byte by byte, not by canonical equivalence as Swift's own comparison does.
public struct ByteKey: Hashable, Sendable {
  public let text: String

  public init(_ text: String) { self.text = text }

  public static func == (a: ByteKey, b: ByteKey) -> Bool {
    a.text.utf8.elementsEqual(b.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
