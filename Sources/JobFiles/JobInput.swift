/// What the numbers of a job come from beside weights: a file's digest, or digests.
package struct JobInput: Sendable {
  /// As `spec.json` names it.
  package let name: String
  /// As a refusal names it.
  package let what: String
  /// Nil where there is none, as with data in the job itself.
  package let digest: JobValue?

  package init(_ name: String, _ what: String, _ digest: JobValue?) {
    (self.name, self.what, self.digest) = (name, what, digest)
  }

  package init(_ name: String, _ digest: String?) {
    self.init(name, "\(name) digest", digest.map { .text($0) })
  }

  /// Digests by name.
  package static func table(_ inputs: [JobInput]) -> JobValue {
    var table = JobTable()
    for input in inputs { table[input.name] = input.digest }
    return JobValue(.table(table))
  }
}
