package import Inputs
package import JobFiles

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

    fileprivate var type: FieldType<String> {
      switch self {
      case .nodes, .tasksPerNode: .number(1...1_000_000)
      case .time: .slurmTime
      case .mem: .slurmMemory
      case .partition, .account, .qos, .constraint: .shellWord
      }
    }
  }

  /// What the job sets, checked to be fit for a line of a script.
  package let values: [Key: String]

  /// What fields set on a command line say, where there is no job to say it: `slurm.time=90`.
  ///
  /// - Throws: `job`, for fields that are not of `[slurm]`.
  package init(overrides: [String]) throws(Refusal) {
    guard !overrides.isEmpty else {
      values = [:]
      return
    }
    var f = try Fields(JobDocument([], file: "--set", overrides: overrides))
    self = try f.section("slurm", "What the batch script asks for.", SlurmSection.init)
    _ = try f.end()
  }

  package init(_ f: inout Fields) throws(Refusal) {
    var values: [Key: String] = [:]
    for key in Key.allCases {
      values[key] = try f.optional(
        key.rawValue, key.type, usually: "the cluster's", "sbatch \(key.option).")
    }
    self.values = values
  }
}

extension FieldType where Value == String {
  /// An integer, kept as text.
  fileprivate static func number(_ range: ClosedRange<Int>) -> FieldType {
    FieldType(
      FieldType<Int>.int(range).words, placeholder: "1",
      canonical: { Int($0).map(JobValue.int) ?? .text($0) }
    ) { (field, _) throws(Refusal) in "\(try field.int(in: range))" }
  }

  /// Text that a shell script can hold in single quotation marks.
  fileprivate static var shellWord: FieldType {
    let words = "printable ASCII without spaces, quotation marks, \\, ` and $, at most 200"
    return FieldType(words, placeholder: "", canonical: JobValue.text) {
      (field, _) throws(Refusal) in
      let text = try field.string()
      let isFit = text.utf8.allSatisfy { (33...126).contains($0) && !"'\"\\`$".utf8.contains($0) }
      guard !text.isEmpty, isFit, text.utf8.count <= 200 else {
        throw field.refusal(expected: words)
      }
      return text
    }
  }

  /// Minutes as an integer, or one of Slurm's texts: `90`, `90:00`, `01:30:00`, `1-12`, `1-12:00`.
  fileprivate static var slurmTime: FieldType {
    let words = "minutes, or a text such as \"01:30:00\" or \"1-12:00:00\""
    return FieldType(words, placeholder: "1", canonical: JobValue.text) {
      (field, _) throws(Refusal) in
      if case .integer = field.value.content { return "\(try field.int(in: 1...10_000_000))" }
      guard case .string(let text) = field.value.content else {
        throw field.refusal(expected: words)
      }
      let days = text.split(separator: "-", omittingEmptySubsequences: false)
      let clock = (days.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
      let parts = days.dropLast() + clock
      let isFit = parts.allSatisfy { part in
        (1...7).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
      }
      guard isFit, days.count <= 2, clock.count <= 3, parts.contains(where: { Int($0) != 0 })
      else { throw field.refusal(expected: words) }
      return text
    }
  }

  /// Megabytes as an integer, or digits with K, M, G or T.
  fileprivate static var slurmMemory: FieldType {
    let words = "megabytes, or a text such as \"16G\""
    return FieldType(words, placeholder: "1", canonical: JobValue.text) {
      (field, _) throws(Refusal) in
      if case .integer = field.value.content { return "\(try field.int(in: 1...1_000_000_000))" }
      let text = try field.string()
      let digits = "KMGT".contains(text.last ?? " ") ? text.dropLast() : text[...]
      guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
        Int(digits) != 0
      else { throw field.refusal(expected: words) }
      return text
    }
  }
}
