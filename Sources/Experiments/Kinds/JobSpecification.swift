package import Inputs
package import JobFiles
package import Slurm

/// A checked job, of any kind.
package protocol JobSpecification: Sendable {
  static var jobKind: JobKind { get }
  /// The model as the job names it.
  var modelName: String { get }
  var common: CommonSections { get }
  /// Names each of its fields, once; what it returns for `Fields.manual` means nothing.
  init(_ f: inout Fields) throws(Refusal)
}

extension JobSpecification {
  package static var kind: String { jobKind.rawValue }
  package var file: String { common.file }
  package var folder: String { common.folder }
  package var name: String? { common.name }
  package var save: SaveSection { common.save }
  package var run: RunSection { common.run }
  package var slurm: SlurmSection { common.slurm }
  package var canonical: JobTable { common.canonical }

  package init(_ document: JobDocument) throws(Refusal) {
    var fields = try Fields(document)
    try self.init(&fields)
  }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: JobTable {
    var table = canonical
    for key in ["name", "run", "slurm"] { table[key] = nil }
    return table
  }

  /// What a run folder is the run of, as canonical JSON: all that decides the numbers, and the
  /// digests of what they come from.
  ///
  /// - Parameter model: The digest of the weights that are read; nil where there are none.
  func runJSON(model: String?, inputs: [JobInput]) -> String {
    var table = numbers
    let weights = model.map { [JobInput("model", $0)] } ?? []
    table["inputs"] = JobInput.table(weights + inputs)
    return JobText.canonicalJSON(JobValue(.table(table))) + "\n"
  }

  /// SHA-256 of the canonical JSON of what decides the numbers. Two jobs with one digest give the
  /// same results on the same model and data, whose own digests a run keeps beside it.
  package var digest: String { JobText.digest(JobValue(.table(numbers))) }

  /// The whole job as canonical JSON, for `spec.json`.
  package var json: String { JobText.canonicalJSON(JobValue(.table(canonical))) + "\n" }

  /// The whole job as TOML, for `spec.toml`.
  package var toml: String {
    JobText.toml(canonical, comment: "Paths start from \(escaped(folder))\nDigest \(digest)")
  }
}
