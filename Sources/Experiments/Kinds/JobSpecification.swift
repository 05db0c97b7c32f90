internal import Inputs

/// A checked job, of any kind.
package protocol JobSpecification: Sendable {
  /// The folder that the paths start from.
  var folder: String { get }
  var name: String? { get }
  var run: RunSection { get }
  var slurm: SlurmSection { get }
  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  var numbers: KeyValuePairs<String, JobValue?> { get }
  /// `[run]` as it is written out, with what only some kinds have in it.
  var canonicalRun: JobValue { get }
}

extension JobSpecification {
  package var canonicalRun: JobValue { run.canonical }

  /// What a run folder is the run of, as canonical JSON: all that decides the numbers, and the
  /// digests of the files that they come from.
  package func runJSON(inputs: KeyValuePairs<String, JobValue?>) -> String {
    var table = JobTable()
    for (key, value) in numbers { table[key] = value }
    table["inputs"] = .fields(inputs)
    return JobText.canonicalJSON(JobValue(.table(table))) + "\n"
  }

  /// SHA-256 of the canonical JSON of what decides the numbers. Two jobs with one digest give the
  /// same results on the same model and data, whose own digests a run keeps beside it.
  package var digest: String { JobText.digest(.fields(numbers)) }

  /// The whole job, defaults and all.
  private var whole: JobTable {
    var table = JobTable()
    table["name"] = name.map(JobValue.text)
    for (key, value) in numbers { table[key] = value }
    table["run"] = canonicalRun
    table["slurm"] = slurm.canonical
    return table
  }

  /// The whole job as canonical JSON, for `spec.json`.
  package var json: String { JobText.canonicalJSON(JobValue(.table(whole))) + "\n" }

  /// The whole job as TOML, for `spec.toml`.
  package var toml: String {
    JobText.toml(whole, comment: "Paths start from \(escaped(folder))\nDigest \(digest)")
  }
}
