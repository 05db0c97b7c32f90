package import Inputs

/// The fields of one table of a job, each named once, in the function that reads the section.
///
/// That one naming says how the field is read, its range and default, its canonical form, and what the
/// manual tells of it; fields that nothing has named are refused at the end. To make the manual, the
/// same function is run on `Fields.manual`, which gives defaults, and placeholders for what has none.
package struct Fields {
  package let place: JobPlace
  /// Where paths start from.
  package let folder: String
  /// Whether no job is read: then what a section refuses of several fields together is passed over.
  package let isManual: Bool
  private let table: JobTable
  private var keys: [String] = []
  /// Fields that are read and never told of.
  private var untold: Set<String> = []
  /// What the manual tells; empty where a job is read.
  package private(set) var entries: [FieldEntry] = []
  /// The fields in the order of their naming, defaults filled in.
  package private(set) var canonical = JobTable()

  /// The fields of a whole job.
  package init(_ document: JobDocument) throws(Refusal) {
    try self.init(document.field, folder: document.folder)
  }

  package init(_ field: JobField, folder: String) throws(Refusal) {
    let section = try field.anyTable()
    (place, table, self.folder, isManual) = (section.place, section.table, folder, false)
  }

  private init() {
    (place, table, folder, isManual) = (JobPlace(file: ""), JobTable(), "", true)
  }

  /// Fields that are only named.
  package static var manual: Fields { Fields() }

  /// A condition on other fields, and how a job would meet it.
  package struct When: Sendable {
    package let holds: Bool
    package let text: String
    package let subject: String
    /// Whether a field without effect has its default in the canonical form all the same.
    package let keepsUsual: Bool

    /// - Parameters:
    ///   - text: Such as `optimizer = "sgd"`.
    ///   - subject: What has no use for the field where it does not hold, for the refusal.
    package init(_ holds: Bool, _ text: String, of subject: String = "", keepsUsual: Bool = false) {
      (self.holds, self.text, self.subject) = (holds, text, subject)
      self.keepsUsual = keepsUsual
    }

    package static let always = When(true, "")
  }

  /// The table itself, as it is written.
  package var whole: JobField { JobField(JobValue(.table(table)), at: place) }

  /// Whether the job gives the field.
  package func has(_ key: String) -> Bool { written(key) != nil }

  /// The field as it is written, if it is.
  package func written(_ key: String) -> JobField? {
    guard let value = table[key] else { return nil }
    if place.leavesOutByNull, case .null = value.content { return nil }
    return JobField(value, at: place(of: key))
  }

  /// Where the field stands, or would.
  package func place(of key: String) -> JobPlace {
    place.member(key, origin: table[key]?.origin ?? .unknown)
  }

  /// Where each field that was named stands, by its path in the job.
  package var places: [String: JobPlace] {
    keys.reduce(into: [:]) { $0[place(of: $1).path] = place(of: $1) }
  }

  // MARK: Naming a field

  /// A field with a default.
  ///
  /// - Parameters:
  ///   - usually: The default in words where it hangs on other fields.
  ///   - isImplied: Whether the canonical form is without the default, as it was before the field.
  ///   - when: Refused where this does not hold.
  ///   - others: Fields that exclude this one.
  ///   - says: One line for the manual.
  package mutating func field<Value>(
    _ key: String, _ type: FieldType<Value>, or usual: Value, usually: String? = nil,
    isImplied: Bool = false, unit: String = "", only when: When = .always,
    apartFrom others: [String] = [], _ says: String
  ) throws(Refusal) -> Value {
    let written = type.canonical(usual)
    let need = FieldEntry.Need.usual(isManual ? usually ?? JobText.inline(written) : "")
    guard let field = try name(key, type, need, unit, when, others, says, usual: written).field
    else {
      if !isImplied, when.holds || when.keepsUsual { canonical[key] = written }
      return usual
    }
    let value = try take(key, field, type)
    if isImplied, canonical[key].map(JobText.canonicalJSON) == JobText.canonicalJSON(written) {
      canonical[key] = nil
    }
    return value
  }

  /// A field whose default is a value as a job would write it.
  package mutating func field<Value>(
    _ key: String, _ type: FieldType<Value>, orWritten usual: JobValue, usually: String? = nil,
    unit: String = "", only when: When = .always, apartFrom others: [String] = [], _ says: String
  ) throws(Refusal) -> Value {
    let need = FieldEntry.Need.usual(isManual ? usually ?? JobText.inline(usual) : "")
    let (field, placeholder) = try name(key, type, need, unit, when, others, says)
    if let placeholder { return placeholder }
    return try take(key, field ?? JobField(usual, at: place.member(key)), type)
  }

  /// A table, all of whose fields may be left out, and so it too.
  package mutating func section<Value>(
    _ key: String, _ says: String, _ read: @escaping FieldType<Value>.Reading
  ) throws(Refusal) -> Value {
    try field(key, .table(read), orWritten: .fields([:]), usually: "", says)
  }

  /// A field that must be there.
  package mutating func required<Value>(
    _ key: String, _ type: FieldType<Value>, unit: String = "", _ says: String
  ) throws(Refusal) -> Value {
    let (field, placeholder) = try name(key, type, .required, unit, .always, [], says)
    if let placeholder { return placeholder }
    guard let field else { throw missing(key, type) }
    return try take(key, field, type)
  }

  /// A field that may be left out.
  ///
  /// - Parameters:
  ///   - usual: What stands for it, as a job would write it.
  ///   - needed: Refused as missing where this holds; the manual then has a placeholder.
  ///   - usually: What its absence means, in words.
  package mutating func optional<Value>(
    _ key: String, _ type: FieldType<Value>, orWritten usual: JobValue? = nil, needed: When? = nil,
    usually: String? = nil,
    unit: String = "", only when: When = .always, apartFrom others: [String] = [], _ says: String
  ) throws(Refusal) -> Value? {
    let need: FieldEntry.Need =
      if let needed { .needed(needed.text) } else if let usually { .usual(usually) } else { .none }
    let (field, placeholder) = try name(key, type, need, unit, when, others, says)
    if isManual { return needed == nil ? nil : placeholder }
    guard let field = field ?? usual.map({ JobField($0, at: place.member(key)) }) else {
      if needed?.holds == true { throw missing(key, type) }
      return nil
    }
    let value = try take(key, field, type)
    // A table that says nothing is as if it were left out.
    if case .table(let own)? = canonical[key]?.content, own.members.isEmpty { canonical[key] = nil }
    return value
  }

  /// A field of files that tests compare with: neither the manual nor a list of fields names it.
  package mutating func untold<Value>(
    _ key: String, _ type: FieldType<Value>
  ) throws(Refusal) -> Value? {
    untold.insert(key)
    guard !isManual, let field = written(key) else { return nil }
    return try type.value(of: field, folder: folder)
  }

  /// Ends the reading: refuses fields that nothing has named.
  ///
  /// - Returns: The table in its canonical form.
  package func end() throws(Refusal) -> JobTable {
    for (key, _) in table.members where !keys.contains(key) && !untold.contains(key) {
      let near = nearest(to: key, among: keys).map { "\($0) (did you mean that?)" }
      throw place(of: key).refusal(
        "an unknown field \(quoted(key))",
        expected: near ?? "one of \(keys.sorted().joined(separator: ", "))")
    }
    return canonical
  }

  private mutating func name<Value>(
    _ key: String, _ type: FieldType<Value>, _ need: FieldEntry.Need, _ unit: String, _ when: When,
    _ others: [String], _ says: String, usual: JobValue? = nil
  ) throws(Refusal) -> (field: JobField?, placeholder: Value?) {
    precondition(!keys.contains(key), "the field \(key) is named twice")
    keys.append(key)
    if isManual {
      let (placeholder, fields) = try type.manual()
      entries.append(
        FieldEntry(
          key: key, type: type.words, form: type.form, need: need, unit: unit,
          condition: when.text, excludes: others, says: says, fields: fields))
      return (nil, placeholder)
    }
    guard let field = written(key) else { return (nil, nil) }
    for other in others where has(other) {
      throw field.place.refusal(
        "\(key) beside \(other)", expected: "one of the two, since they exclude each other")
    }
    guard when.holds || isUsual(field, type, when, usual) else {
      throw field.place.refusal(
        when.subject.isEmpty
          ? "\(key), which is read only with \(when.text)"
          : "\(key) for \(when.subject), which does not read it",
        expected: "none, or \(when.text)")
    }
    return (field, nil)
  }

  /// Whether a field without effect has the default that the canonical form gives it.
  private func isUsual<Value>(
    _ field: JobField, _ type: FieldType<Value>, _ when: When, _ usual: JobValue?
  ) -> Bool {
    guard when.keepsUsual, let usual, let (_, written) = try? type.read(field, folder) else {
      return false
    }
    return JobText.canonicalJSON(written) == JobText.canonicalJSON(usual)
  }

  private mutating func take<Value>(
    _ key: String, _ field: JobField, _ type: FieldType<Value>
  ) throws(Refusal) -> Value {
    let (value, written) = try type.read(field, folder)
    canonical[key] = written
    return value
  }

  private func missing<Value>(_ key: String, _ type: FieldType<Value>) -> Refusal {
    let others = table.keys.filter { !keys.contains($0) }
    let near = nearest(to: key, among: others).map { ", not \(quoted($0))" } ?? ""
    let expected =
      switch type.form {
      case .value: type.words
      case .table: "a table [\(place.member(key).path)]"
      case .tables: "tables [[\(place.member(key).path)]]"
      }
    return place.member(key).refusal("no such field", expected: expected + near)
  }
}
