internal import Inputs

/// A table while its file is still being read: a class, since headers reopen tables all over it.
final class TOMLTable {
  /// How a table came to be, which decides how it may be added to.
  enum Kind {
    /// By a header below it, `[a.b]` for `a`: its own header may follow.
    case implied
    case header
    /// By a dotted key, `a.b = 1` for `a`: more dotted keys may follow, but no header.
    case dotted
  }

  var kind: Kind
  let line: Int
  private var members: [(key: String, node: TOMLNode, line: Int)] = []
  private var places: [ByteKey: Int] = [:]

  init(_ kind: Kind, line: Int) {
    self.kind = kind
    self.line = line
  }

  subscript(key: String) -> (node: TOMLNode, line: Int)? {
    places[ByteKey(key)].map { (members[$0].node, members[$0].line) }
  }

  /// Adds a member that is not there yet.
  func add(_ node: TOMLNode, forKey key: String, line: Int) {
    places[ByteKey(key)] = members.count
    members.append((key, node, line))
  }

  /// The table as a value, in the order of the file.
  var value: JobValue {
    var table = JobTable()
    for member in members {
      table[member.key] =
        switch member.node {
        case .value(let value): value
        case .table(let table): table.value
        case .list(let list):
          JobValue(.list(list.tables.map(\.value)), origin: .line(member.line))
        }
    }
    return JobValue(.table(table), origin: .line(line))
  }
}

/// What stands under a key of a table that is still being read.
enum TOMLNode {
  /// Read to its end: text, numbers, lists and inline tables.
  case value(JobValue)
  case table(TOMLTable)
  case list(TOMLTableList)
}

/// The tables of `[[name]]`, of which there is at least one.
final class TOMLTableList {
  private(set) var tables: [TOMLTable] = []
  /// The table that the next fields belong to.
  private(set) var last: TOMLTable

  init(_ first: TOMLTable) {
    tables = [first]
    last = first
  }

  func add(_ table: TOMLTable) {
    tables.append(table)
    last = table
  }
}
