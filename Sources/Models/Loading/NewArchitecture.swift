package import Inputs

/// A family whose models may begin from random weights by a few sizes alone, and the configuration that
/// those stand for.
///
/// Another one is a new value beside its family, and its name in `allCases`.
package struct NewArchitecture: Sendable, CaseIterable, RawRepresentable, Equatable {
  package static let allCases: [NewArchitecture] = [mlp, gru, gpt2, llama]

  /// What is said of a new model, by the name that jobs have for it.
  package enum Field: String, CaseIterable, Sendable {
    case layers, width, heads
    case keyValueHeads = "key_value_heads"
    case mlpWidth = "mlp_width"
    case vocabulary, positions, classes, activation, bias
  }

  /// What a job says of a new model.
  package struct Sizes: Sendable {
    package var numbers: [Field: Int] = [:]
    package var activation: String?
    package var bias: Bool?

    package init() {}

    subscript(_ field: Field) -> Int? { numbers[field] }

    /// The number of a field as JSON.
    func json(_ field: Field, or other: Int? = nil) -> JSON? {
      (numbers[field] ?? other).map { .number(JSONNumber(text: "\($0)")) }
    }
  }

  /// What jobs call it.
  package let rawValue: String
  package let needed: Set<Field>
  /// What may be left out, with what then holds; nil: nothing does.
  package let optional: [Field: String?]
  /// What is missing of sizes that are each as they should be.
  package let missing: @Sendable (Sizes) -> (field: Field, found: String, expected: String)?
  private let members: @Sendable (Sizes) -> [(key: String, value: JSON?)]

  init(
    _ name: String, needs needed: Set<Field>, or optional: [Field: String?] = [:],
    missing: @escaping @Sendable (Sizes) -> (field: Field, found: String, expected: String)? = {
      _ in
      nil
    },
    members: @escaping @Sendable (Sizes) -> [(key: String, value: JSON?)]
  ) {
    (rawValue, self.needed, self.optional) = (name, needed, optional)
    (self.missing, self.members) = (missing, members)
  }

  package init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }

  package static func == (one: Self, other: Self) -> Bool { one.rawValue == other.rawValue }

  /// What the `config.json` of a new model holds, in the words of transformers or pyvene.
  package func configuration(_ sizes: Sizes) -> JSONObject {
    var object = JSONObject()
    for case (let key, let value?) in members(sizes) + [("dtype", .string("float32"))] {
      _ = object.insert(value, forKey: key)
    }
    return object
  }
}
