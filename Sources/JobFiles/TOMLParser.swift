internal import Inputs

/// A reader of TOML 1.0 without dates and times, which no field of a job holds.
///
/// Every value knows its line and tables keep the order of the file. Nesting and the number of
/// values are bounded, so that no file ends the process. <https://toml.io/en/v1.0.0>.
struct TOMLParser {
  private var cursor: TOMLCursor
  private let depthLimit: Int
  private let valueLimit: Int
  private var valueCount = 0

  /// - Parameter text: Without a byte-order mark.
  static func parse(_ text: String, file: String) throws(Refusal) -> JobValue {
    var parser = TOMLParser(
      cursor: TOMLCursor(Array(text.utf8), file: file), depthLimit: JobDocument.depthLimit,
      valueLimit: JobDocument.valueLimit)
    return try parser.document()
  }

  private init(cursor: TOMLCursor, depthLimit: Int, valueLimit: Int) {
    self.cursor = cursor
    self.depthLimit = depthLimit
    self.valueLimit = valueLimit
  }

  private mutating func document() throws(Refusal) -> JobValue {
    let root = TOMLTable(.header, line: 1)
    var table = (node: root, path: "", depth: 0)
    try cursor.skipBlankLines()
    while let byte = cursor.next {
      if byte == UInt8(ascii: "[") {
        table = try header(in: root)
      } else if cursor.starts(with: "---") {
        throw cursor.refused("'---', as between two documents of YAML", "one document of TOML")
      } else {
        try member(of: table.node, path: table.path, depth: table.depth)
      }
      cursor.skipSpace()
      try cursor.skipComment()
      guard cursor.takeLineEnd() || cursor.next == nil else {
        throw cursor.fault("the end of the line")
      }
      try cursor.skipBlankLines()
    }
    return root.value
  }

  // MARK: Tables

  private mutating func header(
    in root: TOMLTable
  ) throws(Refusal) -> (node: TOMLTable, path: String, depth: Int) {
    cursor.path = ""
    try count()
    let isList = cursor.starts(with: "[[")
    cursor.at += isList ? 2 : 1
    let keys = try dottedKey()
    try cursor.take(UInt8(ascii: "]"))
    if isList { try cursor.take(UInt8(ascii: "]")) }
    var (table, path) = (root, "")
    for key in keys.dropLast() {
      path = JobPlace.path(path, key)
      table = try parent(key, of: table, path: &path)
    }
    let last = keys[keys.count - 1]
    path = JobPlace.path(path, last)
    cursor.path = path
    let new = TOMLTable(.header, line: cursor.line)
    switch (isList, table[last]?.node) {
    case (true, nil): table.add(.list(TOMLTableList(new)), forKey: last, line: cursor.line)
    case (true, .list(let list)): list.add(new)
    case (false, nil): table.add(.table(new), forKey: last, line: cursor.line)
    case (false, .table(let old)) where old.kind == .implied:
      old.kind = .header
      return (old, path, keys.count)
    default: throw duplicate("table", first: table[last]?.line)
    }
    if isList, case .list(let list)? = table[last]?.node { path += "[\(list.tables.count - 1)]" }
    return (new, path, keys.count)
  }

  /// The table on the way to the one that a header names.
  private func parent(
    _ key: String, of table: TOMLTable, path: inout String
  ) throws(Refusal) -> TOMLTable {
    switch table[key]?.node {
    case nil:
      let new = TOMLTable(.implied, line: cursor.line)
      table.add(.table(new), forKey: key, line: cursor.line)
      return new
    case .table(let next) where next.kind != .dotted: return next
    case .list(let list):
      path += "[\(list.tables.count - 1)]"
      return list.last
    default: throw duplicate("table", first: table[key]?.line)
    }
  }

  private func duplicate(_ what: String, first: Int?) -> Refusal {
    cursor.refused(
      "a duplicate \(what), first on line \(first ?? 1) and again on line \(cursor.line)",
      "each \(what) once")
  }

  /// `key = value`, with a table for each part of a dotted key.
  private mutating func member(
    of table: TOMLTable, path: String, depth: Int
  ) throws(Refusal) {
    cursor.path = path
    let line = cursor.line
    let keys = try dottedKey()
    try limit(depth + keys.count)
    var (table, path) = (table, path)
    for key in keys.dropLast() {
      path = JobPlace.path(path, key)
      switch table[key]?.node {
      case nil:
        let new = TOMLTable(.dotted, line: line)
        table.add(.table(new), forKey: key, line: line)
        table = new
      case .table(let next) where next.kind == .dotted: table = next
      default:
        cursor.path = path
        throw duplicate("key", first: table[key]?.line)
      }
    }
    let key = keys[keys.count - 1]
    path = JobPlace.path(path, key)
    cursor.path = path
    if let old = table[key] { throw duplicate("key", first: old.line) }
    try cursor.take(UInt8(ascii: "="), or: " after a key")
    cursor.skipSpace()
    let value = try value(path, depth: depth + keys.count)
    table.add(.value(value), forKey: key, line: line)
  }

  private mutating func dottedKey() throws(Refusal) -> [String] {
    var keys: [String] = []
    while true {
      cursor.skipSpace()
      keys.append(try key())
      try limit(keys.count)
      cursor.skipSpace()
      guard cursor.next == UInt8(ascii: ".") else { return keys }
      cursor.at += 1
    }
  }

  private mutating func key() throws(Refusal) -> String {
    if cursor.next == UInt8(ascii: "\"") || cursor.next == UInt8(ascii: "'") {
      return try cursor.oneLineText()
    }
    let start = cursor.at
    while let byte = cursor.next, JobPlace.isBare(byte) { cursor.at += 1 }
    guard cursor.at > start else { throw cursor.fault("a key") }
    return String(decoding: cursor.bytes[start..<cursor.at], as: UTF8.self)
  }

  // MARK: Values

  private mutating func value(_ path: String, depth: Int) throws(Refusal) -> JobValue {
    try count()
    let origin = JobOrigin.line(cursor.line)
    switch cursor.next {
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return JobValue(.string(try cursor.text()), origin: origin)
    case UInt8(ascii: "["):
      return JobValue(.list(try list(path, depth: depth + 1)), origin: origin)
    case UInt8(ascii: "{"): return try inlineTable(path, depth: depth + 1)
    default:
      let start = cursor.at
      while let byte = cursor.next, !" \t\r\n#,]}\"'[{=".utf8.contains(byte) { cursor.at += 1 }
      switch TOMLScalar.parse(cursor.bytes[start..<cursor.at]) {
      case .success(let content): return JobValue(content, origin: origin)
      case .failure(let problem): throw cursor.fault(problem.expected, from: start)
      }
    }
  }

  private mutating func list(_ path: String, depth: Int) throws(Refusal) -> [JobValue] {
    try limit(depth)
    cursor.at += 1
    var items: [JobValue] = []
    while true {
      try cursor.skipBlankLines()
      if cursor.next == UInt8(ascii: "]") { break }
      cursor.path = "\(path)[\(items.count)]"
      items.append(try value(cursor.path, depth: depth))
      cursor.path = path
      try cursor.skipBlankLines()
      if cursor.next == UInt8(ascii: "]") { break }
      try cursor.take(UInt8(ascii: ","), or: " or ']'")
    }
    cursor.at += 1
    return items
  }

  private mutating func inlineTable(_ path: String, depth: Int) throws(Refusal) -> JobValue {
    try limit(depth)
    let table = TOMLTable(.header, line: cursor.line)
    cursor.at += 1
    cursor.skipSpace()
    if cursor.next != UInt8(ascii: "}") {
      while true {
        try member(of: table, path: path, depth: depth)
        cursor.path = path
        cursor.skipSpace()
        if cursor.next == UInt8(ascii: "}") { break }
        try cursor.take(UInt8(ascii: ","), or: " or '}'")
      }
    }
    cursor.at += 1
    return table.value
  }

  // MARK: Limits

  private func limit(_ depth: Int) throws(Refusal) {
    guard depth <= depthLimit else {
      throw cursor.refused(
        "nesting deeper than \(depthLimit)", "a job nested at most \(depthLimit) deep (the limit)")
    }
  }

  private mutating func count() throws(Refusal) {
    valueCount += 1
    guard valueCount <= valueLimit else {
      throw cursor.refused(
        "more than \(valueLimit) values",
        "at most \(valueLimit) (the limit); data of any size goes in a file of its own")
    }
  }
}
