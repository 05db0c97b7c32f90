internal import Inputs
internal import JobFiles

extension FieldType where Value == InterventionType {
  static var interventionType: FieldType {
    json("a type", .vanilla) { (field) throws(Refusal) in try field.choice() }
  }
}

extension FieldType where Value == UnitAxis {
  static var unitAxis: FieldType {
    FieldType("a unit", placeholder: .position, canonical: { .text($0.rawValue) }) {
      (field, _) throws(Refusal) in try field.json.choice()
    }
  }
}

extension FieldType where Value == RepresentationSpec.Interchange {
  static var interchange: FieldType {
    json("a number, or a list of latents", .first(1)) { (field) throws(Refusal) in
      if case .array = field.value { return .indices(try field.integers()) }
      return .first(try field.int(in: 1...1 << 30))
    }
  }
}

extension FieldType where Value == [[Int]] {
  /// Two integers are a range, anything else a list.
  static var partition: FieldType {
    json("a list of lists", []) { (field) throws(Refusal) in
      var parts: [[Int]] = []
      for item in try field.items() {
        let part = try item.integers()
        guard part.count == 2 else {
          parts.append(part)
          continue
        }
        guard part[0] <= part[1], part[1] <= 1 << 24 else {
          throw item.refusal("the range \(part[0]) to \(part[1])", expected: "an ascending range")
        }
        parts.append(Array(part[0]..<part[1]))
      }
      return parts
    }
  }
}

extension FieldType where Value == String {
  /// A number or a text; a number is not the text of its digits.
  static var linkName: FieldType {
    json("a number or a text", "") { (field) throws(Refusal) in
      field.isNumber ? "\(try field.int())" : quoted(try field.string())
    }
  }
}

extension FieldType where Value == [RepresentationSpec.Parameter] {
  static var parameters: FieldType {
    FieldType("tensors by name", placeholder: [], canonical: { _ in .fields([:]) }) {
      (field, _) throws(Refusal) in
      var parameters: Value = []
      for (name, tensor) in try field.json.members() where !tensor.isNull {
        parameters.append(RepresentationSpec.Parameter(name: name, tensor: tensor))
      }
      return parameters
    }
  }
}
