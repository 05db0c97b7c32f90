internal import Cluster
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models

/// Activation patching: each cell's value comes from the pair's other run.
struct PatchKind: SweepKind {
  static let summary =
    "what a value carries from one prompt's run into another's (activation patching)"

  let table: SweepTable<PatchSpec>
  let data: SweepData<PatchSpec>

  init(_ spec: PatchSpec) throws(Refusal) {
    data = try SweepData(spec)
    table = try SweepTable(spec, data.outline)
  }

  var cost: JobCost { table.cost(data.published) }
  var inputs: [JobInput] { data.inputs }
  func lines(limit: Int) throws(Refusal) -> [String] { data.lines(spec, limit: limit) }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(data.published, on: place.world)
    let runner = try place.world.agree {
      try SweepRunner(self.table, model, threads: place.threads)
    }
    let table = table
    return Workers(
      .apart { unit, isGivenUp in
        try runner.compute(
          unit,
          values: { patched, _, _, place in
            .run(table.changesCorrupted(patched.condition) ? 0 : 1, positions: place.sources)
          }, unless: isGivenUp)
      })
  }
}
