package import Inputs

/// What a field may hold: how it is read and refused, what it is in words, and its canonical form.
package struct FieldType<Value> {
  /// One function that names the fields of a table.
  package typealias Reading = (inout Fields) throws(Refusal) -> Value

  /// In a refusal, behind "expected".
  package let words: String
  let form: FieldEntry.Form
  /// The value and its canonical form; paths start from the folder.
  let read: (JobField, _ folder: String) throws(Refusal) -> (Value, JobValue)
  /// Of a default; what has none gives an empty table.
  package let canonical: (Value) -> JobValue
  /// What stands for a value where there is no job, and the fields inside it.
  let manual: () throws(Refusal) -> (Value, [FieldEntry])

  private init(
    words: String, form: FieldEntry.Form,
    read: @escaping (JobField, String) throws(Refusal) -> (Value, JobValue),
    canonical: @escaping (Value) -> JobValue,
    manual: @escaping () throws(Refusal) -> (Value, [FieldEntry])
  ) {
    (self.words, self.form, self.read) = (words, form, read)
    (self.canonical, self.manual) = (canonical, manual)
  }

  /// A value of one field.
  package init(
    _ words: String, placeholder: Value, canonical: @escaping (Value) -> JobValue,
    read: @escaping (JobField, _ folder: String) throws(Refusal) -> Value
  ) {
    self.init(
      words: words, form: .value,
      read: { (field, folder) throws(Refusal) in
        let value = try read(field, folder)
        return (value, canonical(value))
      },
      canonical: canonical, manual: { () throws(Refusal) in (placeholder, []) })
  }

  /// Reads a value that no table's field is.
  package func value(of field: JobField, folder: String = "") throws(Refusal) -> Value {
    try read(field, folder).0
  }

  /// The same type, in other words.
  package func called(_ words: String) -> FieldType {
    FieldType(words: words, form: form, read: read, canonical: canonical, manual: manual)
  }

  /// The same type, read in another way.
  package func reading(
    _ words: String, _ read: @escaping (JobField, _ folder: String) throws(Refusal) -> Value
  ) -> FieldType {
    FieldType(
      words: words, form: form,
      read: { [canonical] (field, folder) throws(Refusal) in
        let value = try read(field, folder)
        return (value, canonical(value))
      }, canonical: canonical, manual: manual)
  }

  /// The same type, held to a further condition.
  package func checked(
    _ check: @escaping (Value, JobField) throws(Refusal) -> Void
  ) -> FieldType {
    FieldType(
      words: words, form: form,
      read: { [read] (field, folder) throws(Refusal) in
        let result = try read(field, folder)
        try check(result.0, field)
        return result
      }, canonical: canonical, manual: manual)
  }

  /// A table, by the function that names its fields.
  package static func table(_ reading: @escaping Reading) -> FieldType {
    FieldType(
      words: "a table", form: .table,
      read: { (field, folder) throws(Refusal) in
        var fields = try Fields(field, folder: folder)
        let value = try reading(&fields)
        return (value, JobValue(.table(try fields.end()), origin: field.value.origin))
      },
      canonical: { _ in .fields([:]) }, manual: { () throws(Refusal) in try describe(reading) })
  }

  /// The same type, with a canonical form of its own.
  package func written(_ canonical: @escaping (JobField) -> JobValue) -> FieldType {
    FieldType(
      words: words, form: form,
      read: { [read] (field, folder) throws(Refusal) in
        (try read(field, folder).0, canonical(field))
      }, canonical: self.canonical, manual: manual)
  }

  /// The same type, of which the manual tells that a file or a list holds tables with these fields.
  package func holding<Item>(
    _ reading: @escaping (inout Fields) throws(Refusal) -> Item
  ) -> FieldType {
    FieldType(
      words: words, form: form, read: read, canonical: canonical,
      manual: { [manual] () throws(Refusal) in
        (try manual().0, try FieldType<Item>.describe(reading).1)
      })
  }

  /// A table whose members have names of the job's own, each a table, in the order of the job.
  package static func tables<Item>(
    named what: String, _ reading: @escaping (inout Fields, String) throws(Refusal) -> Item
  ) -> FieldType where Value == [(name: String, item: Item)] {
    FieldType(
      words: "a table", form: .table,
      read: { (field, folder) throws(Refusal) in
        var values: Value = []
        var written = JobTable()
        let all = try field.anyTable()
        for name in all.table.keys {
          guard let own = all.optional(name) else { continue }
          var fields = try Fields(own, folder: folder)
          values.append((name, try reading(&fields, name)))
          written[name] = JobValue(.table(try fields.end()))
        }
        return (values, JobValue(.table(written)))
      },
      canonical: { _ in .fields([:]) },
      manual: { () throws(Refusal) in
        let (value, fields) = try FieldType<Item>.describe { (f) throws(Refusal) in
          try reading(&f, what)
        }
        let entry = FieldEntry(
          key: what, type: "a table", form: .table, need: .none, unit: "", condition: "",
          excludes: [], says: "", fields: fields)
        return ([(what, value)], [entry])
      })
  }

  /// A list of tables, each with its number.
  package static func tables<Item>(
    atLeast least: Int = 1, _ nothing: String = "an empty list",
    _ reading: @escaping (inout Fields, Int) throws(Refusal) -> Item
  ) -> FieldType where Value == [Item] {
    FieldType(
      words: "a list of tables", form: .tables,
      read: { (field, folder) throws(Refusal) in
        var (values, written): ([Item], [JobValue]) = ([], [])
        for item in try field.items() {
          var fields = try Fields(item, folder: folder)
          values.append(try reading(&fields, values.count))
          written.append(JobValue(.table(try fields.end()), origin: item.value.origin))
        }
        guard values.count >= least else {
          throw field.place.refusal(
            nothing, expected: "at least \(least == 1 ? "one" : "\(least)")")
        }
        return (values, .items(written))
      },
      canonical: { _ in .items([]) },
      manual: { () throws(Refusal) in
        let (value, entries) = try FieldType<Item>.describe { (f) throws(Refusal) in
          try reading(&f, 0)
        }
        return ([value], entries)
      })
  }

  fileprivate static func describe(_ reading: Reading) throws(Refusal) -> (Value, [FieldEntry]) {
    var fields = Fields.manual
    let value = try reading(&fields)
    return (value, fields.entries)
  }

  /// A list.
  ///
  /// - Parameters:
  ///   - nothing: What an empty list is, in a refusal.
  ///   - isSet: Whether each value may stand once only.
  package static func list<Item>(
    of item: FieldType<Item>, _ what: String, count: ClosedRange<Int> = 1...Int.max,
    isSet: Bool = false
  ) -> FieldType where Value == [Item] {
    let words =
      count.lowerBound == count.upperBound
      ? "a list of \(count.lowerBound) \(what), each \(item.words)"
      : "a list of \(what), each \(item.words)"
    return FieldType(
      words: words, form: .value,
      read: { (field, folder) throws(Refusal) in
        var (values, written): ([Item], [JobValue]) = ([], [])
        var seen: Set<String> = []
        for part in try field.items() {
          let (value, canonical) = try item.read(part, folder)
          if isSet {
            let text = JobText.canonicalJSON(canonical)
            guard seen.insert(text).inserted else {
              throw part.place.refusal("\(text) a second time", expected: "each once")
            }
          }
          values.append(value)
          written.append(canonical)
        }
        guard count.contains(values.count) else {
          throw field.place.refusal(
            values.isEmpty ? "an empty list, no \(what)" : "a list of \(values.count)",
            expected: count.upperBound == .max ? "at least one of the \(what)" : words)
        }
        return (values, .items(written))
      },
      canonical: { .items($0.map(item.canonical)) }, manual: { () throws(Refusal) in ([], []) })
  }
}

extension FieldType where Value == String {
  /// Any text.
  package static var text: FieldType {
    FieldType("text between quotation marks", placeholder: "", canonical: JobValue.text) {
      (field, _) throws(Refusal) in try field.string()
    }
  }

  /// A name that can be a file's: letters, digits, `_`, `-`, `.`, not first a dot, at most 100.
  package static var name: FieldType {
    let words = "a name of letters, digits, _, - and ., at most 100 of them"
    return FieldType(words, placeholder: "name", canonical: JobValue.text) {
      (field, _) throws(Refusal) in
      let text = try field.string()
      let isFit = text.utf8.allSatisfy { JobPlace.isBare($0) || $0 == 46 }
      guard isFit, !text.isEmpty, !text.hasPrefix("."), text.utf8.count <= 100 else {
        throw field.refusal(expected: words)
      }
      return text
    }
  }

  /// SHA-256 in lower case.
  package static var digest: FieldType {
    let words = "SHA-256 as 64 hexadecimal digits"
    return FieldType(words, placeholder: "", canonical: JobValue.text) {
      (field, _) throws(Refusal) in
      let text = try field.string().lowercased()
      guard text.utf8.count == 64, text.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
      else { throw field.refusal(expected: words) }
      return text
    }
  }
}

extension FieldType where Value == Bool {
  package static var flag: FieldType {
    FieldType("true or false", placeholder: false, canonical: JobValue.flag) {
      (field, _) throws(Refusal) in try field.bool()
    }
  }
}

extension FieldType where Value == Int {
  /// An integer written as one (`3.0` and `"3"` are not).
  package static func int(_ range: ClosedRange<Int>) -> FieldType {
    let words =
      range.upperBound == .max
      ? "an integer of at least \(range.lowerBound)"
      : "an integer from \(range.lowerBound) to \(range.upperBound)"
    return FieldType(words, placeholder: range.lowerBound, canonical: JobValue.int) {
      (field, _) throws(Refusal) in try field.int(in: range)
    }
  }

  /// A seed, whose digits a double keeps.
  package static var seed: FieldType { int(0...1 << 53) }

  /// A number of bytes: an integer, or text such as `1GiB`, `512 MB`, `1.5GiB`.
  package static func bytes(_ range: ClosedRange<Int>) -> FieldType {
    FieldType(
      "a size such as \"1GiB\" or a number of bytes, from \(ByteCount.text(range.lowerBound)) to "
        + ByteCount.text(range.upperBound), placeholder: range.lowerBound,
      canonical: { .text(ByteCount.text($0)) }
    ) { (field, _) throws(Refusal) in try field.byteCount(in: range) }
  }
}

extension FieldType where Value == Double {
  package static func number(_ range: ClosedRange<Double>) -> FieldType {
    number("a number from \(text(range.lowerBound)) to \(text(range.upperBound))") {
      range.contains($0)
    }
  }

  package static func number(_ range: Range<Double>) -> FieldType {
    number("a number from \(text(range.lowerBound)) to below \(text(range.upperBound))") {
      range.contains($0)
    }
  }

  package static func number(above least: Double, to most: Double = .infinity) -> FieldType {
    number(
      "a finite number above \(text(least))"
        + (most.isFinite ? " and at most \(text(most))" : "")
    ) { $0 > least && $0 <= most }
  }

  package static func number(from least: Double) -> FieldType {
    number("a finite number of at least \(text(least))") { $0 >= least }
  }

  private static func number(
    _ words: String, where accepts: @escaping (Double) -> Bool
  ) -> FieldType {
    FieldType(words, placeholder: 1, canonical: JobValue.real) { (field, _) throws(Refusal) in
      try field.double(words, where: accepts)
    }
  }

  private static func text(_ value: Double) -> String {
    abs(value) < 1e6 && value == value.rounded()
      ? "\(Int(value))" : String("\(value)".filter { $0 != "+" })
  }
}

extension FieldType
where Value: RawRepresentable & CaseIterable & Equatable, Value.RawValue == String {
  /// One of the names of an enumeration.
  package static func choice(of choices: [Value] = Array(Value.allCases)) -> FieldType {
    let names = choices.map(\.rawValue)
    return FieldType(
      "one of \(names.joined(separator: ", "))", placeholder: choices[0],
      canonical: { .text($0.rawValue) }
    ) { (field, _) throws(Refusal) in try field.choice(of: choices) }
  }
}

extension FieldType {
  /// Names of an enumeration, each once; they are kept in its order.
  package static func set<Choice>(of _: Choice.Type) -> FieldType
  where
    Choice: RawRepresentable & CaseIterable & Equatable, Choice.RawValue == String,
    Value == [Choice]
  {
    let list = FieldType.list(of: .choice(of: Array(Choice.allCases)), "names", isSet: true)
    return FieldType(
      list.words, placeholder: Array(Choice.allCases), canonical: list.canonical
    ) { (field, folder) throws(Refusal) in
      let chosen = try list.value(of: field, folder: folder)
      return Choice.allCases.filter(chosen.contains)
    }
  }
}

extension FieldType where Value == JobPath {
  /// A path from the job's folder.
  package static var path: FieldType { path("a path") }

  package static func path(_ words: String) -> FieldType {
    FieldType(
      words, placeholder: JobPath(written: "", resolved: ""), canonical: { .text($0.written) }
    ) { (field, folder) throws(Refusal) in try field.path(from: folder) }
  }
}

extension FieldType where Value == JobValue {
  /// Anything, kept as it is written; what reads it refuses it.
  package static func any(_ words: String) -> FieldType {
    FieldType(words, placeholder: JobValue(.null), canonical: { $0 }) { (field, _) in field.value }
  }
}
