internal import Inputs

/// A value of a job, however the job was written: TOML, JSON or an option of the command line.
package struct JobValue: Sendable {
  package enum Content: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    /// A number that is no 64-bit integer, with its text where that says more than the double.
    case number(Double, text: String)
    case string(String)
    case list([JobValue])
    case table(JobTable)
  }

  package var content: Content
  package var origin: JobOrigin

  package init(_ content: Content, origin: JobOrigin = .unknown) {
    self.content = content
    self.origin = origin
  }

  /// How many values it holds, itself among them.
  var count: Int {
    switch content {
    case .list(let items): items.reduce(1) { $0 + $1.count }
    case .table(let table): table.members.reduce(1) { $0 + $1.value.count }
    default: 1
    }
  }

  /// What the value is, in words, for a refusal.
  package var kindName: String {
    switch content {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .integer(let value): "the number \(value)"
    case .number(_, let text): "the number \(escaped(text))"
    case .string(let text): "the text \(quoted(text))"
    case .list(let items): "a list of \(items.count)"
    case .table: "a table"
    }
  }
}

/// Where a value was written.
package enum JobOrigin: Sendable, Equatable {
  /// The line of its file, from 1.
  case line(Int)
  /// `--set` on the command line.
  case option
  case unknown
}

extension JobValue {
  package static func flag(_ value: Bool) -> JobValue { JobValue(.bool(value)) }
  package static func int(_ value: Int) -> JobValue { JobValue(.integer(value)) }
  package static func text(_ value: String) -> JobValue { JobValue(.string(value)) }
  package static func items(_ items: [JobValue]) -> JobValue { JobValue(.list(items)) }

  package static func real(_ value: Double) -> JobValue {
    JobValue(.number(value, text: value.description))
  }

  /// A table of the members that have a value.
  package static func fields(_ members: KeyValuePairs<String, JobValue?>) -> JobValue {
    var table = JobTable()
    for (key, value) in members {
      guard let value else { continue }
      let isNew = table.insert(value, forKey: key)
      precondition(isNew, "a table with two members \(key)")
    }
    return JobValue(.table(table))
  }
}

/// The members of a table in the order of the file, found by their exact bytes.
package struct JobTable: Sendable {
  package private(set) var members: [(key: String, value: JobValue)] = []
  private var places: [ByteKey: Int] = [:]

  package init() {}

  package var keys: [String] { members.map(\.key) }

  package subscript(key: String) -> JobValue? {
    get { places[ByteKey(key)].map { members[$0].value } }
    set {
      guard let newValue else { return remove(key) }
      if let place = places[ByteKey(key)] {
        members[place].value = newValue
      } else {
        places[ByteKey(key)] = members.count
        members.append((key, newValue))
      }
    }
  }

  /// Adds a member, or returns false and leaves the table as it is if the key is there.
  package mutating func insert(_ value: JobValue, forKey key: String) -> Bool {
    guard places[ByteKey(key)] == nil else { return false }
    self[key] = value
    return true
  }

  private mutating func remove(_ key: String) {
    guard let place = places.removeValue(forKey: ByteKey(key)) else { return }
    members.remove(at: place)
    for (later, member) in members.enumerated().dropFirst(place) {
      places[ByteKey(member.key)] = later
    }
  }
}
