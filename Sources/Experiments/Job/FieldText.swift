internal import Inputs
internal import JobFiles

/// What the manual says of fields that several kinds have.
enum FieldText {
  static let save = "How results are stored."
  static let run = "How the job is run; nothing in it changes a number."
  static let slurm = "What the batch script of causeway submit asks for."
  static let microbatch = "What goes through the model together; part of the job, unlike ranks."
  static let skipped = "Positions left out at the start of each text."
}

extension Fields {
  /// The field `kind` of a job.
  mutating func kind(_ kind: JobKind) throws(Refusal) {
    _ = try required("kind", .choice(of: [kind]).called(quoted(kind.rawValue)), "The kind of job.")
  }

  /// The name that a job may have.
  mutating func jobName() throws(Refusal) -> String? {
    try optional("name", .name, "What the job is called; changes nothing.")
  }

  /// The section `[run]` with what some kinds have in it.
  mutating func run<More>(
    hasNaive: Bool = false, apartFrom inputs: [RunSection.Input],
    _ more: @escaping (inout Fields) throws(Refusal) -> More
  ) throws(Refusal) -> (RunSection, More) {
    try section("run", FieldText.run) { (f) throws(Refusal) in
      (try RunSection(&f, hasNaive: hasNaive, apartFrom: inputs), try more(&f))
    }
  }
}
