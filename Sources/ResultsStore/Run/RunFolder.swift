package import Inputs

/// The specification of a job, in the forms that a run folder keeps.
package struct RunSpec: Sendable, Equatable {
  /// The job as its author wrote it, with what the command line changed.
  package let toml: String
  /// The canonical form: what decides whether two jobs are the same.
  package let json: String
  /// What model and data say that the run's units and arrays hang on, as JSON.
  package let outline: String

  package init(toml: String, json: String, outline: String = "{}") {
    self.toml = toml
    self.json = json
    self.outline = outline
  }

  /// SHA-256 of the canonical form, 64 hexadecimal digits: the job's digest in every journal.
  package var digest: String { Digest.of(Array(json.utf8)) }
}

/// A folder that holds one run of one job, from its specification to its figures.
///
///     spec.toml spec.json outline.json provenance.json
///     journal/  results.zarr/  activations.zarr/  interventions/  figures/  log/  lease/
///     pretrain/, where the job trains its model first: a run's folder in itself
///
/// `spec.json` is written last when a folder is made: a folder that has it is a run's. Nothing in
/// it depends on where it lies. Files of other makers are never touched.
package struct RunFolder: Sendable {
  package let path: String
  package let spec: RunSpec

  package var journal: String { path + "/journal" }
  package var results: String { path + "/results.zarr" }
  package var log: String { path + "/log" }
  package var provenance: String { path + "/provenance.json" }

  /// The folder of the run in which the model of another one was trained.
  package static func pretraining(of path: String) -> String {
    withoutTrailingSlash(path) + "/pretrain"
  }

  /// The folders that every run has; those of arrays appear with their first array.
  static let folders = ["journal", "interventions", "figures", "log", "lease"]
  static let names =
    folders + [
      "results.zarr", "activations.zarr", "pretrain", "spec.toml", "spec.json", "outline.json",
      "provenance.json",
    ]
  private static let specLimit = 64 << 20

  /// A folder that this process may write, and how it came to that.
  package struct Claim: Sendable {
    package let folder: RunFolder
    package let lock: RunLock
    /// Whether the folder was made now; otherwise the run is resumed.
    package let isNew: Bool
    /// Temporary files of earlier runs that were removed.
    package let removed: [String]
  }

  /// Makes a run's folder, or takes up the run that is in it. One process of a run does this.
  ///
  /// - Parameters:
  ///   - provenance: What made the results (model digest, versions, hosts); kept from the first
  ///     start on, with the digests of both forms of the job added.
  /// - Throws: `job` where the folder is another job's, naming what changed; `store` where it is no
  ///   run's, or held by another run, or damaged; `resources` where the disk is full.
  package static func claim(
    _ path: String, spec: RunSpec, provenance: [Attribute.Member], by files: FileWriter,
    patience: RunLock.Patience = RunLock.Patience()
  ) throws(Refusal) -> Claim {
    let path = withoutTrailingSlash(path)
    if try FileKind.of(path + "/spec.json") != .missing {
      // Refused before anything is written.
      try open(path).check(spec)
    } else {
      try checkIsFree(path)
      try makeRoot(path, by: files)
    }
    for name in folders { try files.makeFolder("\(path)/\(name)") }
    let lock = try RunLock.acquire(path + "/lease", by: files, patience: patience)
    // Another run may have made the folder between the look and the lease.
    let isNew = try FileKind.of(path + "/spec.json") == .missing
    if isNew {
      try checkIsFree(path)
      let digests = [
        Attribute.Member("spec_digest", .text(spec.digest)),
        Attribute.Member("toml_digest", .text(Digest.of(Array(spec.toml.utf8)))),
        Attribute.Member("outline_digest", .text(Digest.of(Array(spec.outline.utf8)))),
      ]
      try files.write(
        SealedRecord.text(digests + provenance), to: path + "/provenance.json")
      try files.write(spec.toml, to: path + "/spec.toml")
      try files.write(spec.outline, to: path + "/outline.json")
      try files.write(spec.json, to: path + "/spec.json")
    }
    let folder = try open(path)
    try folder.check(spec)
    let removed = try TemporaryFiles.remove(below: path, of: lock.earlier)
    return Claim(folder: folder, lock: lock, isNew: isNew, removed: removed)
  }

  /// What made the results, checked against its own digest, and it against `spec.toml`.
  package func checkedProvenance() throws(Refusal) -> JSONField {
    let record = try SealedRecord.read(provenance)
    for (key, file, text) in [
      ("toml_digest", "spec.toml", spec.toml), ("outline_digest", "outline.json", spec.outline),
    ] {
      let digest = try record[key]
      guard try digest.string() == Digest.of(Array(text.utf8)) else {
        throw Refusal(
          .store, file: "\(path)/\(file)", found: "another SHA-256 (damaged or edited)",
          expected: "\(escaped(try digest.string())), as provenance.json says")
      }
    }
    return record
  }

  /// Folders and leases that every run has from its start on, and this one has not; figures are for
  /// who reads it.
  package func missingFolders() throws(Refusal) -> [String] {
    var missing: [String] = []
    for name in Self.folders where name != "figures" {
      let path = "\(path)/\(name)"
      if try FileKind.of(path) == .missing { missing.append(path) }
    }
    let leases = path + "/lease"
    if !missing.contains(leases), try RunLock.leaseNumbers(leases).isEmpty {
      missing.append(leases)
    }
    return missing
  }

  /// Opens a run's folder for reading, also while another process writes it.
  package static func open(_ path: String) throws(Refusal) -> RunFolder {
    let path = withoutTrailingSlash(path)
    guard try FileKind.of(path + "/spec.json") == .regular else {
      throw Refusal(
        .store, file: path,
        found: try FileKind.of(path) == .missing ? "nothing" : "no spec.json: not a run folder",
        expected: "a run folder")
    }
    for name in names where !name.hasPrefix("spec.") && !name.hasSuffix(".json") {
      let kind = try FileKind.of("\(path)/\(name)")
      guard kind == .folder || kind == .missing else {
        throw Refusal(.store, file: "\(path)/\(name)", found: kind.name, expected: "a folder")
      }
    }
    guard try FileKind.of(path + "/outline.json") != .missing else { throw outlineless(path) }
    let spec = RunSpec(
      toml: try text(path + "/spec.toml"), json: try text(path + "/spec.json"),
      outline: try text(path + "/outline.json"))
    let folder = RunFolder(path: path, spec: spec)
    try folder.checkDigest()
    return folder
  }

  /// A run of a version that kept no outline; what it holds is read by that version alone.
  private static func outlineless(_ path: String) -> Refusal {
    let record = try? JSONField.load(path + "/provenance.json", kind: .store, limit: specLimit)
    let version = (try? record?.optional("causeway")?.string()) ?? nil
    guard record != nil, (try? record?.optional("outline_digest")) ?? nil == nil, let version else {
      return Refusal(
        .store, file: path + "/outline.json", found: "nothing",
        expected: "what the run's units and arrays hang on; the run cannot be read without it")
    }
    return Refusal(
      .store, file: path, found: "a run of causeway \(escaped(version))",
      expected: "a run of this version: finish it with the version that began it, or run the job "
        + "into a new folder")
  }

  private init(path: String, spec: RunSpec) {
    self.path = path
    self.spec = spec
  }

  /// Refuses a job that is not the folder's, naming the fields that differ.
  private func check(_ new: RunSpec) throws(Refusal) {
    guard new.digest != spec.digest else { return }
    let file = path + "/spec.json"
    let changes = SpecChange.between(
      try JSON.parse(Array(spec.json.utf8), file: file, kind: .store),
      try JSON.parse(Array(new.json.utf8), file: "the job", kind: .job))
    let shown = changes.prefix(20).map(\.description).joined(separator: "; ")
    let more = changes.count > 20 ? "; and \(changes.count - 20) more" : ""
    throw Refusal(
      .job, file: file, field: changes.first?.field ?? "",
      found: changes.isEmpty ? "another text of the same job" : "a changed job: \(shown)\(more)",
      expected: "the job that this folder was made for, or another folder")
  }

  /// The digest in the provenance tells a damaged specification from a changed one.
  private func checkDigest() throws(Refusal) {
    let record = try JSONField.load(provenance, kind: .store, limit: Self.specLimit)
    let digest = try record["spec_digest"]
    guard try digest.string() == spec.digest else {
      // Either of the two can be the damaged one; the record knows of itself.
      _ = try SealedRecord.read(provenance)
      throw Refusal(
        .store, file: path + "/spec.json", found: "the SHA-256 \(spec.digest) (damaged or edited)",
        expected: "\(escaped(try digest.string())), as provenance.json says")
    }
  }

  private static func text(_ path: String) throws(Refusal) -> String {
    let bytes = try BoundedFile(path, kind: .store).readAll(limit: specLimit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Refusal(.store, file: path, found: "bytes that are not UTF-8", expected: "UTF-8 text")
    }
    return text
  }

  /// Refuses a folder without `spec.json` that holds anything but what a start leaves behind.
  private static func checkIsFree(_ path: String) throws(Refusal) {
    guard try FileKind.of(path + "/.") == .folder else { return }
    for name in try namesInFolder(path) where TemporaryName(name) == nil {
      guard names.contains(name) else {
        throw Refusal(
          .store, file: path, found: "a folder with \(quoted(name)) in it, which no run has made",
          expected: "an empty folder, a new one, or a run's")
      }
    }
    for name in ["journal", "results.zarr", "activations.zarr", "pretrain"]
    where try FileKind.of("\(path)/\(name)") == .folder {
      let inside = try namesInFolder("\(path)/\(name)")
      guard inside.isEmpty else {
        throw Refusal(
          .store, file: path, found: "no spec.json, but \(name)/\(escaped(inside[0]))",
          expected: "a run's folder with its spec.json, or an empty one")
      }
    }
  }

  /// Makes the folder with those above it; a link to a folder, given by the user, is followed.
  private static func makeRoot(_ path: String, by files: FileWriter) throws(Refusal) {
    guard try FileKind.of(path + "/.") != .folder else { return }
    let above = parent(of: path)
    if above != path, try FileKind.of(above + "/.") != .folder {
      try makeRoot(above, by: files)
    }
    try files.makeFolder(path)
  }

  private static func withoutTrailingSlash(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
