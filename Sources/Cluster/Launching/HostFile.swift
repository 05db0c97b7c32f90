public import Inputs

/// Open MPI's list of hosts: a name a line, with `slots=N` and what else `mpirun` reads.
public struct HostFile: Sendable, Equatable {
  private struct Line: Sendable, Equatable {
    let text: String
    let host: String
    let slots: Int?
  }

  private let lines: [Line]
  private static let sizeLimit = 16 << 20

  /// Reads a file.
  ///
  /// - Throws: `commandLine`, where there is no host in it, or where a number is none.
  public init(_ path: String) throws(Refusal) {
    let bytes = try BoundedFile(path, kind: .commandLine).readAll(limit: Self.sizeLimit)
    var lines: [Line] = []
    for (number, text) in String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = text.prefix { $0 != "#" }.split { " \t\r".contains($0) }
      guard let host = words.first else { continue }
      let slots = words.dropFirst().first { $0.hasPrefix("slots=") }?.dropFirst(6)
      let count = slots.flatMap { Int($0) }
      guard slots == nil || count.map({ (1...1_000_000).contains($0) }) == true else {
        throw Refusal(
          .commandLine, file: path, field: "line \(number + 1)",
          found: "slots=\(escaped(String(slots ?? "")))", expected: "slots= and a number from 1")
      }
      lines.append(Line(text: String(text), host: String(host), slots: count))
    }
    guard !lines.isEmpty else {
      throw Refusal(.commandLine, file: path, found: "no host", expected: "a host name a line")
    }
    self.lines = lines
  }

  private init(_ lines: [Line]) { self.lines = lines }

  /// Each host once, in the order of the file.
  public var hosts: [String] {
    var seen: Set<String> = []
    return lines.map(\.host).filter { seen.insert($0).inserted }
  }

  /// The ranks that fit; nil where a line leaves it to `mpirun`, which counts the host's cores.
  public var slots: Int? {
    lines.reduce(into: Int?(0)) { sum, line in
      sum = sum.flatMap { sum in line.slots.map { sum + $0 } }
    }
  }

  /// The same without some hosts.
  public func without(_ hosts: Set<String>) -> HostFile {
    HostFile(lines.filter { !hosts.contains($0.host) })
  }

  /// As `mpirun` reads it.
  public var text: String { lines.map { $0.text + "\n" }.joined() }
}
