package import Inputs
internal import Models

/// What a specification's run takes, before it runs.
package struct SpecCost: Sendable {
  /// Of the base, or of all batches of a training.
  package internal(set) var examples = 0
  /// Positions of base and sources, each input once; steps of a training use them again and again.
  package internal(set) var tokens = 0
  /// Forward passes of a batch: sources, the unchanged base and the changed one; a backward pass counts
  /// for two, a pass of a generation over one new token for one.
  package internal(set) var passes = 0
  /// Rows through a block, if every pass ran whole, and as it runs; nil of models that are no decoders.
  package internal(set) var blockRows: (naive: Double, reused: Double)?
  /// Rows of logits.
  package internal(set) var logitRows = 0
  /// Rows of the largest pass, and of its longest example.
  package internal(set) var widestPass = (rows: 0, longest: 0)
  package internal(set) var newTokens = 0
  package internal(set) var steps = 0
  package internal(set) var trainedCount = 0
  package internal(set) var hasGradients = false
}

/// A specification that was read and checked against its model, and not run.
package struct SpecResolution: Sendable {
  package let kind: String
  package let model: String
  package let entries: [ReportedEntry]
  /// Base and sources, example by example; of a training those of its batches.
  package let inputs: [ReportedInput]
  /// Of each of those, the number of the batch; 0 where there is one call.
  package let batches: [Int]
  package let cost: SpecCost
}

extension SpecRun {
  /// Reads and checks everything, and runs nothing.
  package func resolved() throws(Refusal) -> SpecResolution {
    var run = self
    run.options.onlyReads = true
    let seen = try told { () throws(Refusal) in try run.all().seen }
    let inputs = seen.calls.map { run.reportedInputs($0) }
    return SpecResolution(
      kind: spec.kind.rawValue, model: run.modelPath, entries: run.entries(seen.calls),
      inputs: inputs.flatMap(\.self),
      batches: inputs.enumerated().flatMap { number, list in list.map { _ in number } },
      cost: run.cost(seen))
  }

  private func cost(_ seen: SpecSeen) -> SpecCost {
    var cost = SpecCost()
    cost.newTokens = seen.newTokens
    cost.steps = seen.steps
    cost.hasGradients = seen.gradientPasses > 0
    cost.trainedCount = seen.trainedCount
    let shape = (model as? DecoderModel<Float>)?.shape
    if shape != nil { cost.blockRows = (0, 0) }
    for (number, call) in seen.calls.enumerated() {
      cost.examples += call.base.lengths.count
      cost.tokens += ([call.base] + call.sources.compactMap(\.self))
        .reduce(0) { $0 + $1.positionCount }
      let times =
        seen.steps == 0
        ? 1 : (0..<seen.steps).count { $0 % seen.calls.count == number }
      add(call.repeated(seen.beams), seen, shape, times: times, to: &cost)
      if seen.compared.contains(number) { addUnchanged(call, shape, to: &cost) }
    }
    return cost
  }

  /// The run whose logits a loss compares with: once, though a training takes many steps.
  private func addUnchanged(
    _ call: InterventionCall<Float>, _ shape: DecoderShape?, to cost: inout SpecCost
  ) {
    cost.passes += 1
    cost.logitRows += rows(call.base).reduce(0, +)
    guard let shape, let old = cost.blockRows else { return }
    let all = Double(call.base.extents[shape.extent].reduce(0, +) * shape.layers)
    cost.blockRows = (old.naive + all, old.reused + all)
  }

  private func add(
    _ call: InterventionCall<Float>, _ seen: SpecSeen, _ shape: DecoderShape?, times: Int,
    to cost: inout SpecCost
  ) {
    let entries = setup.setup.entries
    let run = InterventionRun(model, setup.setup)
    let layers = shape?.layers ?? 0
    func add(naive: Int, reused: Int) {
      guard shape != nil, let old = cost.blockRows else { return }
      let (naive, reused) = (Double(naive * times), Double(reused * times))
      cost.blockRows = (old.naive + naive, old.reused + (options.isNaive ? naive : reused))
    }
    func widen(_ inputs: ModelInputs<Float>, _ lengths: [Int]) {
      // A decoder of images runs their parts, every other model the positions of its inputs.
      let rows = shape == nil ? inputs.positionCount : lengths.reduce(0, +)
      let longest = max(lengths.max() ?? 0, shape == nil ? inputs.extents.encoder.max() ?? 0 : 0)
      if rows > cost.widestPass.rows { cost.widestPass = (rows, longest) }
    }
    for group in 0..<setup.setup.groupCount {
      let readers = entries.indices.filter {
        entries[$0].group == group && call.places[$0].given == nil
          && setup.setup.intervention(of: $0).needsSource
      }
      guard let source = call.source(of: group), !readers.isEmpty else { continue }
      let lengths = source.extents[shape?.extent ?? .inputs]
      let touches = readers.map {
        Cone.Touch(
          site: entries[$0].sourceSite, layer: entries[$0].layer,
          places: call.places[$0].source ?? .whole)
      }
      cost.passes += times
      widen(source, lengths)
      let all = lengths.reduce(0, +) * layers
      add(
        naive: all, reused: shape.map { Self.rows(reading: touches, in: $0, source.extents) } ?? all
      )
    }

    let lengths = call.base.extents[shape?.extent ?? .inputs]
    let rows = lengths.reduce(0, +)
    let isUnchangedWanted =
      spec.kind == .generate
      ? wants("original.ids") && !isSoftGeneration
      : spec.kind != .gradient && spec.kind != .train && wants("original.logits")
    widen(call.base, lengths)
    let runs = isUnchangedWanted ? 2 : 1
    if seen.newTokens > 0 {
      cost.passes += times * runs * seen.newTokens * (1 + seen.gradientPasses)
      let grown = (0..<seen.newTokens).reduce(0) { $0 + rows + $1 * lengths.count }
      let kept = isSoftGeneration ? grown : rows + (seen.newTokens - 1) * lengths.count
      cost.logitRows += times * runs * seen.newTokens * lengths.count
      add(
        naive: runs * grown * layers * (1 + seen.gradientPasses),
        reused: runs * kept * layers * (1 + seen.gradientPasses))
      return
    }
    cost.passes += times * (runs + seen.gradientPasses)
    cost.logitRows += times * runs * self.rows(call.base).reduce(0, +)
    let touches = entries.indices.flatMap { run.touches($0, call.places[$0].base) }
    let cone = shape.flatMap { Cone(touches, in: $0, call.base.extents) }
    let changed = cone.map { $0.blockRows(layers: layers) } ?? rows * layers
    let unchanged = isUnchangedWanted ? rows * layers : 0
    // Without the unchanged run's own logits, the two share all that the changes do not reach.
    let reused =
      cone == nil ? unchanged + changed : isUnchangedWanted ? unchanged + changed : rows * layers
    add(
      naive: (runs + seen.gradientPasses) * rows * layers,
      reused: reused + seen.gradientPasses * changed)
  }

  private var isSoftGeneration: Bool {
    spec.generate?.soft != nil
  }

  /// Rows through a block of a source's run, which ends where the last value is read.
  private static func rows(
    reading touches: [Cone.Touch], in shape: DecoderShape, _ extents: InputLengths
  ) -> Int {
    let rows = extents[shape.extent].reduce(0, +)
    guard let cone = Cone(touches, in: shape, extents) else { return rows * shape.layers }
    let before = cone.firstPositions.reduce(0, +)
    return rows * cone.firstLayer + before * (shape.layers - cone.firstLayer)
      + (rows - before) * max(0, cone.touchedEnd - cone.firstLayer)
  }
}

extension Cone {
  /// Rows through a block that a changed run takes beside the unchanged one.
  fileprivate func blockRows(layers: Int) -> Int {
    zip(firstPositions, ends).reduce(0) { $0 + $1.1 - $1.0 } * (layers - firstLayer)
  }
}
