internal import Inputs
package import JobFiles
internal import Prompts
package import Slurm

/// What a job of any kind has beside its kind's own fields.
package struct CommonSections: Sendable {
  /// The job file, as it was given.
  package let file: String
  /// The folder that the paths start from.
  package let folder: String
  package let name: String?
  package let save: SaveSection
  package internal(set) var run: RunSection
  package let slurm: SlurmSection
  /// The whole job with its defaults, in the one form that has a digest.
  package internal(set) var canonical: JobTable
}

extension Fields {
  /// What a job begins with: its kind, and the name that it may have.
  mutating func begin(_ kind: JobKind) throws(Refusal) -> String? {
    _ = try required("kind", .choice(of: [kind]).called(quoted(kind.rawValue)), "The kind of job.")
    return try optional("name", .name, "What the job is called; changes nothing.")
  }

  /// The section `[model]` of a job that reads one.
  mutating func model() throws(Refusal) -> ModelSection {
    try required("model", .table(ModelSection.init), "The model.")
  }

  /// The sections that a job ends with; nothing is named after them.
  ///
  /// - Parameters:
  ///   - rounds: Whether the kind has results that can be rounded.
  ///   - levels: Those that the codec of the kind's arrays has.
  ///   - hasNaive: Whether the kind has a quick way, and so a naive one.
  ///   - model: Where no run folder may lie, nor in the job and the further inputs.
  ///   - more: What the kind has in `[run]`.
  mutating func common<More>(
    name: String?, rounds: Bool = false, levels: ClosedRange<Int> = 1...19, hasNaive: Bool = false,
    apartFrom model: ModelSection? = nil, and inputs: [RunSection.Input] = [],
    _ more: @escaping (inout Fields) throws(Refusal) -> More
  ) throws(Refusal) -> (CommonSections, More) {
    let save = try section("save", "How results are stored.") { (f) throws(Refusal) in
      try SaveSection(&f, rounds: rounds, levels: levels)
    }
    let read = model.map { [RunSection.Input("the model", $0.path.resolved)] } ?? []
    let all = read + [RunSection.Input("the job", place.file)] + inputs
    let (run, rest) = try section(
      "run", "How the job is run; nothing in it changes a number."
    ) { (f) throws(Refusal) in
      (try RunSection(&f, hasNaive: hasNaive, apartFrom: all), try more(&f))
    }
    let slurm = try section(
      "slurm", "What the batch script of causeway submit asks for.", SlurmSection.init)
    return (
      CommonSections(
        file: place.file, folder: folder, name: name, save: save, run: run, slurm: slurm,
        canonical: try end()), rest
    )
  }

  /// The same for a kind that has no more in `[run]`.
  mutating func common(
    name: String?, rounds: Bool = false, levels: ClosedRange<Int> = 1...19, hasNaive: Bool = false,
    apartFrom model: ModelSection, and source: DumpSource? = nil
  ) throws(Refusal) -> CommonSections {
    try common(
      name: name, rounds: rounds, levels: levels, hasNaive: hasNaive, apartFrom: model,
      and: source.map { [$0.input] } ?? []
    ) { _ in }.0
  }
}
