import Experiments
import Foundation
import Testing
import _TestSupport

/// A kind of experiment as the suite over all kinds runs it: jobs that find what they need on a
/// `DasBench` of GPT-2's plan.
struct KindBench: Sendable, CustomTestStringConvertible, CustomStringConvertible {
  let kind: JobKind
  /// Of a second or less.
  let job: String
  /// Parts of the job and what stands there where units must last, to be killed or stopped amid one.
  let long: [(String, String)]
  /// The same where the run must be larger: more units, or more in each.
  let large: [(String, String)]
  /// A command with an option that the kind has no use for; nil where it has one for all.
  let useless: (command: String, option: [String])?
  /// A byte of a unit's record that nothing but the unit itself can know.
  let change: (unit: UInt64, place: Int)
  /// The folder of the files that each unit writes for others to read.
  var products: String?

  var testDescription: String { kind.rawValue }
  var description: String { testDescription }

  /// All kinds of experiment, a line or so each.
  static let all: [KindBench] = [
    KindBench(
      kind: .trace, job: Workbench.job, long: [("samples = 6", "samples = 96")],
      large: [("samples = 6", "samples = 60"), ("layers = \"1:3\"", "layers = \"0:4\"")],
      useless: nil, change: (4, 8)),
    KindBench(
      kind: .das, job: DasBench.job, long: [("epochs = 3", "epochs = 60")],
      large: [("widths = [1, 4]", "widths = [1, 2, 3, 4]"), ("epochs = 3", "epochs = 6")],
      useless: ("export", ["--mean", "--csv", "table.csv"]), change: (0, 5),
      products: "interventions"),
    KindBench(
      kind: .train, job: EndToEnd.ModelTrain.jobs[1].text + run,
      long: [("steps = 7", "steps = 600")], large: [("steps = 7", "steps = 70")],
      useless: ("show", ["--average"]), change: (0, 5)),
    KindBench(
      kind: .basis, job: EndToEnd.Basis.job(lens: "model", more: run),
      long: [("iterations = 5", "iterations = 100")],
      large: [("directions = 2", "directions = 4"), ("layers = \"1:3\"", "layers = \"0:4\"")],
      useless: ("show", ["--metric", "energy"]), change: (0, 0)),
    KindBench(
      kind: .lens, job: EndToEnd.Lens.job + run,
      long: [("steps = 12", "steps = 800")],
      large: [("steps = 12", "steps = 60"), ("layers = [1, 3]", "layers = [0, 1, 2, 3]")],
      useless: ("show", ["--fact", "f0"]), change: (0, 16)),
    KindBench(
      kind: .patch, job: SweepJobs.patch, long: SweepJobs.long, large: SweepJobs.large,
      useless: ("show", ["--average"]), change: (3, 5)),
    KindBench(
      kind: .ablate, job: SweepJobs.ablate, long: SweepJobs.long, large: SweepJobs.large,
      useless: ("export", ["--mean", "--csv", "table.csv"]), change: (4, 5)),
    KindBench(
      kind: .dump, job: EndToEnd.Dump.job(), long: [(documents(1), documents(200))],
      large: [(documents(1), documents(8)), ("[0, 2]", "[0, 1, 2, 3]")],
      useless: ("show", ["--fact", "f0"]), change: (1, 167), products: "activations.zarr"),
    KindBench(
      kind: .intervene, job: GridJobs.intervene,
      long: GridJobs.sized(200) + [("naive = false", "naive = true")],
      large: [("= [1, 3]", "= [0, 1, 2, 3]"), ("= [2, 5]", "= [1, 2, 3, 4, 5, 6]")],
      useless: ("show", ["--average"]), change: (1, 4)),
  ]

  /// The texts of a dump so many times.
  private static func documents(_ times: Int) -> String {
    "items = \((0..<times).flatMap { _ in EndToEnd.Dump.documents })\n"
  }

  private static let run = "\n[run]\ncheckpoint_steps = 3\n"

  func bench(_ changes: [(String, String)] = []) throws -> Workbench {
    try DasBench(
      TinyModel(.gpt2), job: changes.reduce(job) { $0.replacing($1.0, with: $1.1) }
    ).bench
  }
}
