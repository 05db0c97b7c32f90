package import Inputs

/// `[slurm]`: what the batch script asks for; not in the digest.
package struct SlurmSection: Sendable, Equatable {
  /// The options of `sbatch`, by the job's name of each.
  package enum Key: String, CaseIterable, Sendable {
    case partition, account, qos, constraint, time, mem, nodes
    case tasksPerNode = "tasks_per_node"

    /// The option of `sbatch`, such as `--ntasks-per-node`.
    package var option: String {
      switch self {
      case .tasksPerNode: "--ntasks-per-node"
      default: "--\(rawValue)"
      }
    }
  }

  /// What the job sets, checked to be fit for a line of a script.
  package let values: [Key: String]

  package init(_ field: JobField?) throws(Refusal) {
    let known = Key.allCases.map(\.rawValue)
    let section = try field?.table(known: known)
    var values: [Key: String] = [:]
    for key in Key.allCases {
      guard let field = section?.optional(key.rawValue) else { continue }
      values[key] =
        switch key {
        case .nodes, .tasksPerNode: "\(try field.int(in: 1...1_000_000))"
        case .time: try Self.time(field)
        case .mem: try Self.memory(field)
        case .partition, .account, .qos, .constraint: try Self.word(field)
        }
    }
    self.values = values
  }

  /// Text that a shell script can hold in single quotation marks.
  private static func word(_ field: JobField) throws(Refusal) -> String {
    let text = try field.string()
    let isFit = text.utf8.allSatisfy { (33...126).contains($0) && !"'\"\\`$".utf8.contains($0) }
    guard !text.isEmpty, isFit, text.utf8.count <= 200 else {
      throw field.refusal(
        expected: "printable ASCII without spaces, quotation marks, \\, ` and $, at most 200")
    }
    return text
  }

  /// Minutes as an integer, or one of Slurm's texts: `90`, `90:00`, `01:30:00`, `1-12`, `1-12:00`.
  private static func time(_ field: JobField) throws(Refusal) -> String {
    if case .integer = field.value.content { return "\(try field.int(in: 1...10_000_000))" }
    let expected = "minutes, or a text such as \"01:30:00\" or \"1-12:00:00\""
    guard case .string(let text) = field.value.content else {
      throw field.refusal(expected: expected)
    }
    let days = text.split(separator: "-", omittingEmptySubsequences: false)
    let clock = (days.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
    let parts = days.dropLast() + clock
    let isFit = parts.allSatisfy { part in
      (1...7).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
    }
    guard isFit, days.count <= 2, clock.count <= 3, parts.contains(where: { Int($0) != 0 }) else {
      throw field.refusal(expected: expected)
    }
    return text
  }

  /// Megabytes as an integer, or digits with K, M, G or T.
  private static func memory(_ field: JobField) throws(Refusal) -> String {
    if case .integer = field.value.content { return "\(try field.int(in: 1...1_000_000_000))" }
    let text = try field.string()
    let digits = "KMGT".contains(text.last ?? " ") ? text.dropLast() : text[...]
    guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
      Int(digits) != 0
    else { throw field.refusal(expected: "megabytes, or a text such as \"16G\"") }
    return text
  }

  package var canonical: JobValue {
    var table = JobTable()
    for key in Key.allCases { table[key.rawValue] = values[key].map(value(of: key)) }
    return JobValue(.table(table))
  }

  private func value(of key: Key) -> (String) -> JobValue {
    { text in
      switch key {
      case .nodes, .tasksPerNode: Int(text).map(JobValue.int) ?? .text(text)
      default: .text(text)
      }
    }
  }
}
