internal import Inputs

/// A checked job, of any kind.
package protocol JobSpecification: Sendable {
  /// The kind of job, as `kind` names it.
  static var kind: String { get }
  /// The job file, as it was given.
  var file: String { get }
  /// The folder that the paths start from.
  var folder: String { get }
  var name: String? { get }
  /// The model as the job names it.
  var modelName: String { get }
  var save: SaveSection { get }
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
  /// digests of what they come from.
  ///
  /// - Parameter model: The digest of the weights that are read; nil where there are none.
  func runJSON(model: String?, inputs: [JobInput]) -> String {
    var table = JobTable()
    for (key, value) in numbers { table[key] = value }
    var digests = JobTable()
    digests["model"] = model.map { .text($0) }
    for input in inputs { digests[input.name] = input.digest }
    table["inputs"] = JobValue(.table(digests))
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
