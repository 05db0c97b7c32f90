internal import Checkpoints
internal import Cluster
internal import Inputs
internal import JobFiles
internal import Prompts
internal import ResultsStore

/// One kind of experiment: a job resolved against its model's head and its data, with all that
/// distinguishes the kind from the others. Journals, resumption, arrays, progress, checks and
/// figures follow from it, and are written once.
protocol Kind: Sendable {
  associatedtype Layout: Table
  /// What it is for, on one line.
  static var summary: String { get }

  /// Resolves a job; reads no weights.
  init(_ spec: Layout.Spec) throws(Refusal)

  /// Units and arrays.
  var table: Layout { get }
  /// What the job costs, by its plan.
  var cost: JobCost { get }
  /// Weights that the job reads; nil where it makes its own.
  var weights: JobWeights? { get }
  /// What else the numbers come from: the same on all ranks and in each start of a run.
  var inputs: [JobInput] { get }
  /// What `check` prints: prompts with the touched tokens marked, at most `limit` of them.
  func lines(limit: Int) throws(Refusal) -> [String]
  /// What had to be assumed of the data or left out of them, a line each; a run says it first.
  var assumptions: [String] { get }
  /// Makes ready to compute; weights are read here. Collective.
  func workers(_ place: WorkPlace) throws(Refusal) -> Workers

  /// What `show` can be asked for.
  static var choices: Set<ShowOptions.Choice> { get }
  /// What `show` draws of a run.
  static func views(_ run: RunView<Layout>, _ options: ShowOptions) throws(Refusal) -> RunPictures
  /// The table that `export` writes.
  static func rows(_ run: RunView<Layout>, _ options: ExportOptions) throws(Refusal) -> ExportRows
  /// What is said of a run's table beside it.
  static func notes(_ run: RunView<Layout>) -> [String]
  /// Whether `export --mean` means something.
  static var exportsMeans: Bool { get }
  /// Whether `export --safetensors` does.
  static var exportsTensors: Bool { get }
  /// What it writes; asked for where it does only.
  static func tensors(
    _ run: RunView<Layout>, _ options: ExportOptions
  ) throws(Refusal) -> SafetensorsWriter
}

extension Kind {
  var assumptions: [String] { [] }
  static var choices: Set<ShowOptions.Choice> { [] }
  static func notes(_ run: RunView<Layout>) -> [String] { [] }
  static var exportsMeans: Bool { false }
  static var exportsTensors: Bool { false }
  static func tensors(
    _ run: RunView<Layout>, _ options: ExportOptions
  ) throws(Refusal) -> SafetensorsWriter { SafetensorsWriter() }
  static var name: JobKind { Layout.Spec.jobKind }
  var spec: Layout.Spec { table.spec }
}

/// Units and arrays of a run, as its folder tells them: made of the job and its outline alone.
protocol Table: Sendable {
  associatedtype Spec: JobSpecification
  /// What the model and the data say that units, arrays and figures hang on; kept in the folder.
  associatedtype Outline: Codable & Sendable
  /// What a unit came to.
  associatedtype Result: Sendable

  /// - Throws: Where the outline does not fit the job.
  init(_ spec: Spec, _ outline: Outline) throws(Refusal)
  var spec: Spec { get }
  var outline: Outline { get }

  /// Units have the numbers from 0 to this, exclusive.
  var unitCount: Int { get }
  /// A unit's result from its journal record. Its bytes hang on the job and the unit alone.
  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> Result
  /// Whether it hangs on the unit's result what is to be done: progress reads these results only.
  func decides(_ unit: Int) -> Bool
  /// What can be done now, of what has neither a result nor failed; nil at the end. The same units
  /// for the same results, whatever the ranks.
  func next(_ results: Results<Result>) -> Phase?
  /// Units that the run comes to, by what is known; at most, where results decide.
  func planned(_ results: Results<Result>) -> [Int]
  /// What a unit costs, relative to the others.
  func cost(of unit: Int) -> Double
  /// What a unit is, in words.
  func name(of unit: Int) -> String

  /// The arrays, those that are written together in a group.
  var groups: [ArrayGroup] { get }
  /// What a group's arrays hold in a block of its grid, in their order; nil what is not known yet.
  /// Pure: the writer and the verifier are this one function.
  func values(
    _ group: Int, at block: [Int], _ results: Results<Result>
  ) throws(Refusal) -> [ArrayValues?]
  /// What the root of the results says beside kind, model and job.
  var attributes: [Attribute.Member] { get }

  /// What must hold of results beside the laws of the arrays: faults, and oddities worth a line.
  func audit(
    _ results: Results<Result>, in folder: RunFolder, isFinished: Bool
  ) -> (faults: [Refusal], notes: [String])
  /// Writes what is made of all results together, once all have ended.
  func conclude(_ results: Results<Result>, in folder: RunFolder) throws(Refusal)
  /// Files and folders that results stand for, with the digests that these tell.
  func files(_ results: Results<Result>, in folder: String) -> [RunFile]
  /// What `status` says of a run beside its units.
  func progress(_ results: Results<Result>) -> RunDetails
  /// What a checkpoint's steps are of.
  var stepName: String { get }
  /// The run that comes before this one, in a folder inside its own.
  func first(in folder: String) -> FirstRun?
}

extension Table {
  func decides(_ unit: Int) -> Bool { false }
  func next(_ results: Results<Result>) -> Phase? {
    Phase(over: Array(0..<unitCount), results) { WorkUnit(number: $0, cost: cost(of: $0)) }
  }
  func planned(_ results: Results<Result>) -> [Int] { Array(0..<unitCount) }
  func cost(of unit: Int) -> Double { 1 }
  func name(of unit: Int) -> String { "unit \(unit)" }
  var attributes: [Attribute.Member] { [] }
  func audit(
    _ results: Results<Result>, in folder: RunFolder, isFinished: Bool
  ) -> (faults: [Refusal], notes: [String]) { ([], []) }
  func conclude(_ results: Results<Result>, in folder: RunFolder) throws(Refusal) {}
  func files(_ results: Results<Result>, in folder: String) -> [RunFile] { [] }
  func progress(_ results: Results<Result>) -> RunDetails { RunDetails() }
  var stepName: String { "step" }
  func first(in folder: String) -> FirstRun? { nil }
}

/// A run that another one begins with.
struct FirstRun: Sendable {
  /// What comes of it.
  let what: String
  let kind: JobKind
  let path: String
}

/// A file or folder of a run with the SHA-256 that a unit's result tells.
struct RunFile: Sendable {
  let unit: Int
  let path: String
  let digest: String
  /// Whether it is a folder, digested over its files' names and theirs.
  var isFolder = false
}

/// What `status` says beside units: lines, and members of its JSON.
struct RunDetails: Sendable {
  var lines: [String] = []
  var members: [Attribute.Member] = []
}

/// Units that can be done now, and how they are counted.
struct Phase: Sendable {
  var name: String
  /// What is counted, in the plural.
  var unitName: String
  let units: [WorkUnit]
  /// Units of the phase, with those that have ended.
  var total: Int
  /// Those that had ended before it.
  var done: Int
  /// What every rank is told before the units begin.
  var handover: [UInt8] = []

  /// The units of a list that have not ended; nil where none is left.
  init?<R>(
    _ name: String = "units", of unitName: String = "units", over all: [Int],
    _ results: Results<R>, _ unit: (Int) -> WorkUnit
  ) {
    let left = all.filter { !results.hasEnded($0) }
    guard !left.isEmpty else { return nil }
    (self.name, self.unitName, total) = (name, unitName, all.count)
    done = all.count - left.count
    units = left.map(unit)
  }
}

/// Weights that a job reads, with what it says of them.
struct JobWeights: Sendable {
  let checkpoint: Checkpoint
  let section: ModelSection
  /// What is worth a word of the model though nothing is wrong; a run and `check` say it.
  let notes: [String]
  /// A dump whose activations must be of these weights.
  var dump: DumpReader?
}
