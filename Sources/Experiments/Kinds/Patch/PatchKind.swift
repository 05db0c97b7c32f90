internal import Cluster
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Prompts

/// Activation patching: each cell's value comes from the pair's other run.
struct PatchKind: SweepKind {
  static let summary =
    "what a value carries from one prompt's run into another's (activation patching)"

  let table: SweepTable<PatchSpec>
  let data: SweepData<PatchSpec>
  /// The dump that values come from; nil: they come from the pairs' other runs.
  private let dumped: DumpedTexts?

  init(_ spec: PatchSpec) throws(Refusal) {
    data = try SweepData(spec)
    let table = try SweepTable(spec, data.outline)
    let shape = data.published.shape
    dumped = try spec.source.map { (source) throws(Refusal) in
      try DumpedTexts(source, patching: table, shape)
    }
    self.table = table
  }

  var cost: JobCost {
    table.cost(
      data.published, extraBytes: dumped?.reader.byteCount ?? 0, skippedLine: data.skippedLine)
  }
  var dump: DumpReader? { dumped?.reader }
  var inputs: [JobInput] { data.inputs + [JobInput("source", dumped?.digest)] }
  func lines(limit: Int) throws(Refusal) -> [String] {
    data.lines(spec, limit: limit) + (dumped.map { [$0.line("values")] } ?? [])
  }

  var assumptions: [String] { data.notes }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(data.published, on: place.world)
    let runner = try place.world.agree {
      try SweepRunner(
        self.table, model, by: data.resolver.prompts, threads: place.threads,
        keepsValues: dumped == nil)
    }
    if let dumped { place.observer?.note(dumped.line("values")) }
    let (table, source) = (table, dumped.map { PatchSource($0, threads: place.threads) })
    return Workers(
      .apart { unit, isGivenUp in
        try runner.compute(
          unit,
          values: { (patched, layer, coordinate, place) throws(Refusal) in
            guard let source else {
              return .run(
                table.changesCorrupted(patched.condition) ? 0 : 1, positions: place.sources)
            }
            return try source.value(
              table.spec.items[patched.item], layer: layer, coordinate: coordinate,
              of: patched.prompt, at: place.sources)
          }, unless: isGivenUp)
      })
  }
}
