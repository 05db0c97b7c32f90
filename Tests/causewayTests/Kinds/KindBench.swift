import Experiments
import Foundation
import Testing
import _TestSupport

/// A kind of experiment as the suite over all kinds runs it: jobs that find what they need on a
/// `DasBench` of GPT-2's plan.
struct KindBench: Sendable, CustomTestStringConvertible {
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
<<<<<<< HEAD
      kind: .patch, job: prompted("patch", data: "pairs", "head_attention_value_output"),
      long: [], large: [("mlp_output", "attention_output")],
      useless: ("show", ["--fact", "f0"]), change: (0, 4)),
    KindBench(
      kind: .ablate,
      job: "ablations = [\"zero\", \"mean\"]\n"
        + prompted("ablate", data: "prompts", "head_attention_value_output"),
      long: [], large: [("mlp_output", "attention_output")],
      useless: ("show", ["--fact", "f0"]), change: (0, 4)),
    KindBench(
      kind: .dump, job: EndToEnd.Dump.job(), long: [], large: [("[0, 2]", "[0, 1, 2, 3]")],
      useless: ("show", ["--fact", "f0"]), change: (0, 4)),
=======
      kind: .patch, job: SweepJobs.patch, long: SweepJobs.long, large: SweepJobs.large,
      useless: ("show", ["--average"]), change: (3, 5)),
    KindBench(
      kind: .ablate, job: SweepJobs.ablate, long: SweepJobs.long, large: SweepJobs.large,
      useless: ("export", ["--mean", "--csv", "table.csv"]), change: (4, 5)),
>>>>>>> main
  ]

  /// A job over pairs of prompts, or over prompts.
  private static func prompted(_ kind: String, data: String, _ site: String) -> String {
    """
    kind = "\(kind)"
    [model]
    path = "model"
    [data]
    \(data) = "prompts.json"
    [[\(kind)]]
    site = "mlp_output"
    [[\(kind)]]
    site = "\(site)"

    """
  }

  private static let prompts = """
    [{"clean_ids": [5, 300, 41, 77, 12, 9], "corrupted_ids": [5, 301, 44, 77, 12, 9],
      "answer_id": 17, "foil_id": 3},
     {"clean_ids": [88, 3, 19, 44], "corrupted_ids": [81, 3, 19, 44], "answer_id": 4, "foil_id": 6}]
    """

  private static let run = "\n[run]\ncheckpoint_steps = 3\n"

  func bench(_ changes: [(String, String)] = []) throws -> Workbench {
    let text = changes.reduce(job) { $0.replacing($1.0, with: $1.1) }
    let bench = try DasBench(TinyModel(.gpt2), job: text).bench
    try bench.put(Self.prompts, "prompts.json")
    return bench
  }
}
