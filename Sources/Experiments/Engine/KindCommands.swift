internal import Checkpoints
internal import Inputs
internal import JobFiles
internal import ResultsStore

/// A kind as the commands see it: each command once, for every kind.
enum KindCommands<K: Kind>: Experiment {
  static var specification: any JobSpecification.Type { K.Layout.Spec.self }
  static var summary: String { K.summary }

  static func specification(_ document: JobDocument) throws(Refusal) -> any JobSpecification {
    try K.Layout.Spec(document)
  }

  static func plan(_ document: JobDocument) throws(Refusal) -> any CostReport {
    PlanReport(try K(K.Layout.Spec(document)))
  }

  static func check(_ document: JobDocument, limit: Int) throws(Refusal) -> [String] {
    let job = try K(K.Layout.Spec(document))
    if job.spec.run.output != nil { try PlanReport(job, measuring: false).checkDisk() }
    let notes = job.weights?.notes.map { "note: \($0)" } ?? []
    return try notes + job.lines(limit: limit) + [
      "ok: \(job.table.planned(Results(count: job.table.unitCount)).count) units"
    ]
  }

  static func run(_ document: JobDocument, _ launch: RunLaunch) throws(Refusal) -> RunOutcome {
    try RunEngine<K>(launch).run { () throws(Refusal) in try K.Layout.Spec(document) }
  }

  static func progress(_ folder: String) throws(Refusal) -> any RunProgress {
    try RunStatus(K.self, folder)
  }

  static func verify(
    _ folder: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport { try RunVerifier<K>.verify(folder, options) }

  static func show(_ folder: String, _ options: ShowOptions) throws(Refusal) -> RunPictures {
    try options.check(K.name, K.choices)
    return try K.views(RunView(K.self, folder), options)
  }

  static func export(
    _ folder: String, _ options: ExportOptions
  ) throws(Refusal) -> [String] {
    if !K.exportsMeans { try K.name.refuse(options.mean, "--mean") }
    if !K.exportsTensors { try K.name.refuse(options.safetensors != nil, "--safetensors") }
    guard options.csv != nil || options.safetensors != nil else {
      throw Refusal(
        .commandLine, field: "--csv", found: "no file to write",
        expected: "--csv FILE" + (K.exportsTensors ? " or --safetensors FILE" : ""))
    }
    for (isGiven, name) in [(options.site != nil, "--site"), (options.layer != nil, "--layer")]
    where isGiven && options.safetensors == nil {
      throw Refusal(
        .commandLine, field: name, found: "the option without --safetensors",
        expected: "no such option")
    }
    let run = try RunView(K.self, folder)
    var said: [String] = []
    if let csv = options.csv {
      let rows = try K.rows(run, options)
      var table = try TableFile(csv, replacing: options.force, heading: rows.heading)
      try rows.each { (line) throws(Refusal) in try table.add(line) }
      let count = table.count
      try table.commit()
      said.append("wrote \(count) lines to \(csv)")
      said += K.notes(run)
    }
    if let file = options.safetensors {
      try refuseReplacing(file, force: options.force)
      try K.tensors(run, options).write(to: file)
      said.append("wrote tensors to \(file)")
    }
    return said
  }
}
