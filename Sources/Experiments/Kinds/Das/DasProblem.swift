internal import Autodiff
internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Locks
internal import Models
internal import Prompts
internal import Tensors

/// One training made ready: interventions at a point of the sweep, and where they act in every
/// example.
struct DasProblem: Sendable {
  /// Where an intervention acts in an example, and what it reads.
  struct Site: Sendable {
    var base: [Int] = []
    var source: [Int] = []
    /// The number of its source; nil where the example does not intervene on its variable.
    var number: Int?
  }

  let job: any InterventionJob
  let point: DasGrid.Point
  let model: any TrainableModel<Float>
  let described: DescribedInterventions
  /// By split, example and intervention.
  private let sites: [Split: [[Site]]]
  private let coordinates: [Coordinates]
  private let heads: [[Int]?]

  /// - Parameters:
  ///   - seed: Of random starts; nil: the job's.
  ///   - learns: Whether the interventions are what is trained.
  init(
    _ job: any InterventionJob, _ point: DasGrid.Point, _ model: any TrainableModel<Float>,
    seed: Int? = nil,
    learns: Bool = true
  ) throws(Refusal) {
    let sites = try Self.sites(job, point)
    let described: DescribedInterventions
    do throws(Refusal) {
      described = try DescribedInterventions(
        Self.fields(job, sites) { item, units in
          item.description(
            layer: point.layer, width: point.width, units: units, seed: seed ?? job.seed)
        },
        in: model, tensors: job.tensors?.resolved)
    } catch { throw Self.located(error, job, point) }
    try self.init(job, point, model, described, sites, swapsWhole: false)
    if job.train.weightDecay > 0, let entry = described.entryOfLowRankRotation {
      throw job.interventions[entry].field("intervention_type").refusal(
        "a low-rank rotation with train.weight_decay \(job.train.weightDecay)",
        expected: "weight_decay = 0: decay would take the signs off the rotation's diagonal")
    }
    try checkLoss()
    if learns, described.trained.isEmpty {
      throw job.interventions[0].field("intervention_type").refusal(
        "nothing that can be trained", expected: "a trainable intervention")
    }
  }

  /// The same refusal with the line of the job: of the field, or of the width in the sweep.
  private static func located(
    _ refusal: Refusal, _ job: any InterventionJob, _ point: DasGrid.Point
  ) -> Refusal {
    for item in job.interventions {
      if let width = point.width, let open = item.openWidth,
        refusal.file == item.field(open).file, refusal.field == item.field(open).path,
        let place = job.trainingSpec.sweep.place(ofWidth: width)
      {
        return place.refusal(refusal.found, expected: refusal.expected)
      }
    }
    return job.interventions.reduce(refusal) { $1.located($0) }
  }

  /// Along what its runs are cut.
  var cut: RunCut { described.setup.cut(in: model) }

  /// Numbers of all interventions.
  var parameterCount: Int {
    described.setup.interventions.reduce(0) { sum, intervention in
      intervention.parameters.entries.reduce(sum) { $0 + $1.value.count }
    }
  }

  /// The same places with the whole vectors exchanged.
  func swapping() throws(Refusal) -> DasProblem {
    let point = point
    let described = try DescribedInterventions(
      Self.fields(job, sites) { item, units in
        item.swapDescription(layer: point.layer, units: units)
      }, in: model)
    return try DasProblem(job, point, model, described, sites, swapsWhole: true)
  }

  private init(
    _ job: any InterventionJob, _ point: DasGrid.Point, _ model: any TrainableModel<Float>,
    _ described: DescribedInterventions, _ sites: [Split: [[Site]]], swapsWhole: Bool
  ) throws(Refusal) {
    (self.job, self.point, self.model) = (job, point, model)
    (self.described, self.sites) = (described, sites)
    var coordinates: [Coordinates] = []
    var heads: [[Int]?] = []
    for (entry, item) in job.interventions.enumerated() {
      do throws(Refusal) {
        coordinates.append(
          try described.coordinates(
            of: entry, parts: swapsWhole ? nil : item.subspaces, at: item.subspacesField))
      } catch { throw item.located(error) }
      heads.append(item.heads)
      let needsHeads = [.head, .headPosition].contains(described.units[entry])
      guard needsHeads == (item.heads != nil) else {
        throw item.field("heads").refusal(
          needsHeads ? "no heads" : "heads",
          expected: needsHeads
            ? "heads, since its unit is \(described.units[entry].rawValue)"
            : "none, or unit = \"h.pos\"")
      }
    }
    (self.coordinates, self.heads) = (coordinates, heads)
    try check()
  }

  /// Refuses examples on which the interventions cannot be run.
  private func check() throws(Refusal) {
    for split in Split.allCases {
      guard let items = job.items[split] else { continue }
      _ = try concurrently(
        items.count, threads: ProcessInfo.processInfo.activeProcessorCount
      ) { (number) throws(Refusal) in
        do throws(Refusal) {
          try described.check(call([number], of: split), model)
        } catch {
          try refuseUnequal(number, of: split)
          let place = items[number].place
          throw place.refusal("\(error.found) (\(error.field))", expected: error.expected)
        }
      }
    }
  }

  /// Refuses an example whose place has another number of positions than that of the first, where
  /// the intervention takes them as one vector.
  private func refuseUnequal(_ number: Int, of split: Split) throws(Refusal) {
    guard let items = job.items[split] else { return }
    for (entry, item) in job.interventions.enumerated() {
      guard described.setup.intervention(of: entry).joinsUnits,
        let own = sites[split]?[number][entry], own.number != nil,
        let first = (sites[.train] ?? []).first(where: { $0[entry].number != nil })?[entry],
        own.base.count != first.base.count
      else { continue }
      let example = items[number]
      let label = (item.position ?? point.position)?.label ?? "last"
      let place =
        example.base.places.named[label] == nil
        ? example.place.member("base") : example.place.member("places").member(label)
      throw place.refusal(
        "\(own.base.count) positions at \(escaped(label))",
        expected: "\(first.base.count), as in the first example: \(item.typeName) "
          + "(\(item.field("position").path)) takes them as one vector")
    }
  }

  private static func fields(
    _ job: any InterventionJob, _ sites: [Split: [[Site]]],
    _ description: (InterventionItem, Int) -> JSONField
  ) -> [JSONField] {
    job.interventions.enumerated().map { entry, item in
      let acting = (sites[.train] ?? []).first { $0[entry].number != nil }
      return description(item, item.heads?.count ?? max(1, acting?[entry].base.count ?? 1))
    }
  }

  private static func sites(
    _ job: any InterventionJob, _ point: DasGrid.Point
  ) throws(Refusal) -> [Split: [[Site]]] {
    var all: [Split: [[Site]]] = [:]
    for split in Split.allCases {
      guard let items = job.items[split] else { continue }
      all[split] = try concurrently(
        items.count, threads: ProcessInfo.processInfo.activeProcessorCount
      ) { (number) throws(Refusal) in
        let example = items[number]
        var own: [Site] = []
        for (entry, intervention) in job.interventions.enumerated() {
          own.append(try site(of: intervention, entry, in: example, job, point))
        }
        try checkAllRead(own, example, job)
        return own
      }
    }
    return all
  }

  /// Refuses an example with a source that no intervention reads: its label could not be learnt.
  private static func checkAllRead(
    _ sites: [Site], _ example: ResolvedPrompt, _ job: any InterventionJob
  ) throws(Refusal) {
    let read = Set(sites.compactMap(\.number))
    if let unread = example.sources.indices.first(where: { !read.contains($0) }) {
      let name = unread < example.variables.count ? job.variables[example.variables[unread]] : nil
      throw example.place.member(name == nil ? "sources[\(unread)]" : "variables").refusal(
        name.map { "a source for \(quoted($0)), which no intervention reads" }
          ?? "a source that no intervention reads",
        expected: name.map {
          "an intervention with variable = \(quoted($0)), or data without it"
        } ?? "as many sources as interventions, or one")
    }
    guard example.sources.count == 1, job.variables.count > 1, !example.variables.isEmpty,
      let entry = job.interventions.firstIndex(where: { $0.variable == nil })
    else { return }
    throw job.interventions[entry].field("variable").refusal(
      "no variable, where the data set one of \(job.variables.count)",
      expected: "one of \(job.variables.prefix(20).map(escaped).joined(separator: ", "))")
  }

  private static func site(
    of intervention: InterventionItem, _ entry: Int, in example: ResolvedPrompt,
    _ job: any InterventionJob,
    _ point: DasGrid.Point
  ) throws(Refusal) -> Site {
    var site = Site()
    if let variable = intervention.variable {
      guard let number = job.variables.firstIndex(of: variable) else {
        let near = nearest(to: variable, among: job.variables).map { " (did you mean \($0)?)" }
        throw intervention.field("variable").refusal(
          quoted(variable),
          expected: "one of \(job.variables.prefix(20).map(escaped).joined(separator: ", "))"
            + (near ?? ""))
      }
      guard let source = example.variables.firstIndex(of: number) else { return site }
      site.number = source
    } else {
      let number = example.sources.count == 1 ? 0 : entry
      guard example.sources.indices.contains(number) else {
        throw example.place.member("sources").refusal(
          "\(example.sources.count) sources",
          expected: "one, or one for each of the \(job.interventions.count) interventions")
      }
      site.number = number
    }
    let place = intervention.position ?? point.position ?? .last(at: job.sweepPlace)
    let source = site.number ?? 0
    site.base = try place.resolve(in: example.base.places, called: "the base of \(example.name)")
    let name = example.name(ofSource: source)
    site.source = try (intervention.sourcePosition ?? place).resolve(
      in: example.sources[source].places, called: "\(name) of \(example.name)")
    guard site.source.count == site.base.count else {
      throw example.place.member(name).refusal(
        "\(site.source.count) positions at \(place.label)",
        expected: "\(site.base.count), as many as in the base")
    }
    return site
  }

  // MARK: Calls

  /// What the interventions are run on, for some examples of a split.
  ///
  /// - Parameter sources: By example, the example whose sources are taken; nil: its own.
  func call(
    _ numbers: [Int], of split: Split, sources others: [Int]? = nil
  ) -> InterventionCall<Float> {
    let items = job.items[split] ?? []
    let sites = sites[split] ?? []
    let from = others ?? numbers
    let entries = described.setup.entries
    var sources: [ModelInputs<Float>?] = []
    for group in 0..<described.setup.groupCount {
      let entry = entries.firstIndex { $0.group == group } ?? 0
      sources.append(
        ModelInputs(
          zip(numbers, from).map { own, other in
            // An example that does not intervene here has no source; nothing is read of its base.
            sites[other][entry].number.map { items[other].sources[$0] }
              ?? items[own].base
          }))
    }
    var call = InterventionCall(
      base: ModelInputs(numbers.map { items[$0].base }), sources: sources, places: [])
    for entry in entries.indices {
      let isActing = zip(numbers, from).map { own, other in
        sites[own][entry].number != nil && sites[other][entry].number != nil
      }
      func places(_ numbers: [Int], _ positions: (Site) -> [Int]) -> UnitPlaces {
        let lists = zip(numbers, isActing).map { $1 ? positions(sites[$0][entry]) : [] }
        guard let heads = heads[entry] else { return UnitPlaces(positions: .each(lists)) }
        let own = isActing.map { $0 ? heads : [] }
        return described.units[entry] == .head
          ? UnitPlaces(blocks: .each(own)) : UnitPlaces(blocks: .each(own), positions: .each(lists))
      }
      call.places.append(
        InterventionCall.Places(
          source: places(from) { $0.source }, base: places(numbers) { $0.base },
          coordinates: coordinates[entry]))
    }
    return call
  }

  /// The sources alone, of which a loss may compare with the logits.
  func references(_ numbers: [Int], of split: Split) -> Tensor<Float>? {
    guard job.train.readsSource else { return nil }
    let inputs = ModelInputs<Float>(numbers.map { (job.items[split] ?? [])[$0].sources[0] })
    let logits = model.run(inputs, on: Tape(), visit: nil)
    return InterventionRun.lastRows(logits, of: inputs, on: Tape()).value
  }

  /// The unchanged model's logits of last positions.
  func unchanged(_ numbers: [Int], of split: Split) -> Tensor<Float> {
    let inputs = ModelInputs<Float>(numbers.map { (job.items[split] ?? [])[$0].base })
    let tape = Tape<Float>()
    return InterventionRun.lastRows(
      model.run(inputs, on: tape, visit: nil), of: inputs, on: tape
    ).value
  }

  // MARK: Labels

  func labels(_ numbers: [Int], of split: Split) -> [Int] {
    numbers.map { (job.items[split] ?? [])[$0].answer }
  }

  /// What the labels are compared with. An example without a foil whose base has the same answer
  /// stands for no difference, and weighs nothing.
  func foils(_ numbers: [Int], of split: Split) -> [Int] {
    numbers.map { number in
      let example = (job.items[split] ?? [])[number]
      return example.foil ?? example.baseAnswer ?? example.answer
    }
  }

  /// What the model should say without interventions; nil where an example does not tell.
  func baseLabels(_ numbers: [Int], of split: Split) -> [Int]? {
    var labels: [Int] = []
    for number in numbers {
      guard let label = (job.items[split] ?? [])[number].baseAnswer else { return nil }
      labels.append(label)
    }
    return labels
  }
}
