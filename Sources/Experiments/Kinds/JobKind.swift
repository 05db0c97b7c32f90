package import Inputs
internal import Interventions
package import JobFiles
internal import ResultsStore

/// The kinds of job, as `kind` of a job names them. A new kind is a case here and an `Experiment`.
package enum JobKind: String, CaseIterable, Sendable {
  case basis
  case lens
  case trace
  case dump
  case das
  case train
  case patch
  case ablate
  /// A specification with a grid.
  case intervene

  /// What stands behind the commands for jobs of this kind.
  package var experiment: any Experiment.Type {
    switch self {
    case .basis: KindCommands<BasisKind>.self
    case .lens: KindCommands<LensKind>.self
    case .trace: KindCommands<TraceKind>.self
    case .dump: KindCommands<DumpKind>.self
    case .das: KindCommands<DasKind>.self
    case .train: KindCommands<TrainKind>.self
    case .patch: KindCommands<PatchKind>.self
    case .ablate: KindCommands<AblateKind>.self
    case .intervene: KindCommands<InterveneKind>.self
    }
  }

  /// The kind of a job that has not been understood yet.
  package init(of document: JobDocument) throws(Refusal) {
    let table = try document.field.anyTable()
    // The kind of a specification says what each of its cells is.
    if table.table["grid"] != nil {
      self = .intervene
      return
    }
    try Self.refuseSpecification(document)
    let field = try table.required(
      "kind", expected: "one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    self = try field.choice(of: Self.allCases.filter { $0 != .intervene })
  }

  /// Refuses a specification of one intervened run, which another command runs.
  private static func refuseSpecification(_ document: JobDocument) throws(Refusal) {
    guard case .table(let table) = document.root.content, case .string? = table["model"]?.content,
      SpecRun.interventionFields.contains(where: { table[$0] != nil })
    else { return }
    throw document.field.place.refusal(
      "a specification of one intervened run",
      expected:
        "a job, with [model]; causeway intervene runs specifications, and [grid] makes one a job")
  }

  /// The kind of the job that a run's folder was made for.
  package init(ofRun path: String) throws(Refusal) {
    let folder = try RunFolder.open(path)
    let file = folder.path + "/spec.json"
    let whole = try JSON.parse(Array(folder.spec.json.utf8), file: file, kind: .store)
    let job = JSONField(whole, file: file, kind: .store)
    if try job.optional("grid") != nil {
      self = .intervene
      return
    }
    let name = try job["kind"]
    guard let kind = Self(rawValue: try name.string()) else {
      throw name.refusal(
        quoted(try name.string()),
        expected: "one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = kind
  }
}
