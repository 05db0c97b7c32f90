package import Inputs

/// A value of a job with its place, so that each misuse is refused by name.
package struct JobField: Sendable {
  package let value: JobValue
  package let place: JobPlace

  package init(_ value: JobValue, at place: JobPlace) {
    self.value = value
    self.place = place
  }

  package func refusal(expected: String) -> Refusal {
    place.refusal(value.kindName, expected: expected)
  }

  /// The table, whose keys may be anything.
  package func anyTable() throws(Refusal) -> JobSection {
    guard case .table(let table) = value.content else {
      throw refusal(expected: place.path.isEmpty ? "the fields of a job" : "a table")
    }
    return JobSection(table: table, place: place)
  }

  package func items() throws(Refusal) -> [JobField] {
    guard case .list(let items) = value.content else { throw refusal(expected: "a list") }
    return items.enumerated().map { JobField($1, at: place.item($0, origin: $1.origin)) }
  }

  package func string() throws(Refusal) -> String {
    guard case .string(let text) = value.content else {
      throw refusal(expected: "text between quotation marks")
    }
    return text
  }

  package func bool() throws(Refusal) -> Bool {
    guard case .bool(let flag) = value.content else { throw refusal(expected: "true or false") }
    return flag
  }

  /// An integer written as one (`3.0` and `"3"` are not), within the range.
  package func int(in range: ClosedRange<Int>) throws(Refusal) -> Int {
    guard case .integer(let int) = value.content, range.contains(int) else {
      throw refusal(expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  /// A finite number, which may be written as an integer.
  package func double(
    _ expected: String = "a finite number", where accepts: (Double) -> Bool = { _ in true }
  ) throws(Refusal) -> Double {
    let number: Double? =
      switch value.content {
      case .integer(let int): Double(int)
      case .number(let number, _): number
      default: nil
      }
    guard let number, number.isFinite, accepts(number) else { throw refusal(expected: expected) }
    return number == 0 ? 0 : number  // not -0, which would be another digest
  }

  /// One of the names of an enumeration, or of a part of it.
  package func choice<Choice: RawRepresentable & CaseIterable & Equatable>(
    of choices: [Choice] = Array(Choice.allCases)
  ) throws(Refusal) -> Choice where Choice.RawValue == String {
    let names = choices.map(\.rawValue)
    let list = "one of \(names.joined(separator: ", "))"
    guard case .string(let text) = value.content else { throw refusal(expected: list) }
    guard let choice = choices.first(where: { $0.rawValue == text }) else {
      let near = nearest(to: text, among: names).map { " (did you mean \($0)?)" }
      throw refusal(expected: list + (near ?? ""))
    }
    return choice
  }
}

/// A table of a job, read by key.
package struct JobSection: Sendable {
  package let table: JobTable
  package let place: JobPlace

  package init(table: JobTable, place: JobPlace) {
    self.table = table
    self.place = place
  }

  /// The member of that name, or nil; a null stands and is refused by its type.
  package func optional(_ key: String) -> JobField? {
    table[key].map { JobField($0, at: place.member(key, origin: $0.origin)) }
  }

  /// Where the member of that name stands, or would.
  package func place(of key: String) -> JobPlace { optional(key)?.place ?? place.member(key) }

  /// The member of that name, which must be there.
  package func required(_ key: String, expected: String) throws(Refusal) -> JobField {
    guard let field = optional(key) else {
      throw place.member(key).refusal("no such field", expected: expected)
    }
    return field
  }
}
