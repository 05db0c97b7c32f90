internal import Inputs
internal import TOMLKit

/// TOML 1.0, read by TOMLKit, with the lines and the order that `TOMLKeyScanner` finds.
enum TOMLReading {
  /// - Parameter text: Without a byte-order mark or NUL.
  static func parse(
    _ text: String, file: String, depthLimit: Int
  ) throws(Refusal) -> JobValue {
    let bytes = Array(text.utf8)
    let scanner = try TOMLKeyScanner(bytes, file: file, depthLimit: depthLimit)
    var source = text
    if let fault = scanner.faultLine {
      source = try beginning(of: bytes, through: fault, file: file)
    }
    let root: TOMLTable
    do {
      root = try TOMLTable(string: source)
    } catch let error as TOMLParseError {
      let (line, column) = (error.source.begin.line, error.source.begin.column)
      throw Refusal(
        .job, file: file, field: "line \(line), column \(column)",
        found: escaped(error.description),
        expected: "TOML")
    } catch {
      throw Refusal(.job, file: file, found: escaped("\(error)"), expected: "TOML")
    }
    if let fault = scanner.faultLine {
      throw Refusal(
        .job, file: file, field: "line \(fault)", found: "text that is not TOML", expected: "TOML")
    }
    return value(root, path: "", parent: .unknown, lines: scanner.lines)
  }

  /// The text up to the end of a line: all that the scanner has seen, and the line that stopped it.
  private static func beginning(
    of bytes: [UInt8], through line: Int, file: String
  ) throws(Refusal) -> String {
    let newline = UInt8(ascii: "\n")
    var (start, passed) = (0, 1)
    while passed < line, let end = bytes[start...].firstIndex(of: newline) {
      (start, passed) = (end + 1, passed + 1)
    }
    let end = bytes[start...].firstIndex(of: newline) ?? bytes.count
    // What the scanner could not follow has no known nesting; a short line cannot nest far.
    guard end - start <= 4096 else {
      throw Refusal(
        .job, file: file, field: "line \(line)", found: "a long line that is not TOML",
        expected: "TOML")
    }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  /// - Parameters:
  ///   - path: As the scanner writes it.
  ///   - parent: The origin of a value whose own line is not known.
  private static func value(
    _ toml: any TOMLValueConvertible, path: String, parent: JobOrigin, lines: [ByteKey: Int]
  ) -> JobValue {
    let origin = lines[ByteKey(path)].map(JobOrigin.line) ?? parent
    let content: JobValue.Content =
      switch toml.type {
      case .bool: toml.bool.map { .bool($0) } ?? .null
      case .int: toml.int.map { .integer($0) } ?? .null
      case .double: toml.double.map { .number($0, text: $0.description) } ?? .null
      case .string: toml.string.map { .string($0) } ?? .null
      case .date, .time, .dateTime: .date
      case .array:
        .list(
          (toml.array.map(Array.init) ?? []).enumerated().map {
            let item = TOMLKeyScanner.item($0, in: path)
            return value($1, path: item, parent: origin, lines: lines)
          })
      case .table:
        .table(
          toml.table.map { table($0, path: path, parent: origin, lines: lines) } ?? JobTable())
      }
    return JobValue(content, origin: origin)
  }

  /// The members in the order of their lines; the parser has sorted them by name.
  private static func table(
    _ toml: TOMLTable, path: String, parent: JobOrigin, lines: [ByteKey: Int]
  ) -> JobTable {
    let members = toml.keys.enumerated().map { (place, key) in
      let path = TOMLKeyScanner.key(key, in: path)
      return (key: key, path: path, order: (lines[ByteKey(path)] ?? Int.max, place))
    }
    var table = JobTable()
    for member in members.sorted(by: { $0.order < $1.order }) {
      guard let toml = toml[member.key] else { continue }
      table[member.key] = value(toml, path: member.path, parent: parent, lines: lines)
    }
    return table
  }
}
