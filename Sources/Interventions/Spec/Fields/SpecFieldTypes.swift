internal import Inputs
internal import JobFiles

extension Fields {
  /// The fields of a table of a specification; null leaves one out.
  init(_ field: JSONField, folder: String = "") throws(Refusal) {
    guard field.isObject else {
      throw field.refusal(field.value.kindName, expected: "an object")
    }
    try self.init(
      JobField(JobValue(json: field.value), at: .specification(field)), folder: folder)
  }
}

extension Fields {
  /// The whole table as JSON.
  var json: JSONField { whole.json }
}

extension JobField {
  /// The same as JSON, for what reads values of several forms.
  var json: JSONField {
    JSONField(value.json, file: place.file, path: place.path, kind: place.kind)
  }
}

extension FieldType {
  /// A value of a specification that a function reads from its JSON.
  static func json(
    _ words: String, _ placeholder: Value,
    _ read: @escaping (JSONField) throws(Refusal) -> Value
  ) -> FieldType {
    FieldType(words, placeholder: placeholder, canonical: { _ in JobValue(.null) }) {
      (field, _) throws(Refusal) in try read(field.json)
    }
  }
}

extension FieldType where Value == JSONField {
  /// A value of several forms, read where the model is known.
  static func json(_ words: String) -> FieldType {
    json(words, JSONField(.null, file: "", kind: .job)) { (field) in field }
  }
}

extension FieldType where Value == Void {
  /// A field of the reference that has no use here, and stands only as null.
  static func onlyNull(_ expected: String) -> FieldType {
    json("null", ()) { (field) throws(Refusal) in
      throw field.refusal(field.value.kindName, expected: "null: \(expected)")
    }
  }

  /// A note, whatever it holds.
  static var ignored: FieldType { json("anything", ()) { _ in } }
}

extension FieldType where Value == Double {
  static var finite: FieldType {
    FieldType("a number", placeholder: 0, canonical: JobValue.real) { (field, _) throws(Refusal) in
      try field.double()
    }
  }
}

extension FieldType where Value == [Double] {
  static func numbers(_ words: String) -> FieldType {
    json(words, []) { (field) throws(Refusal) in try field.numbers() }
  }
}
