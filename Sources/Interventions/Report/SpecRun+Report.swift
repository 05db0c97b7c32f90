package import Inputs
internal import Models
internal import Tensors

/// What is wanted of a run's report.
package struct ReportRequest: Sendable {
  /// How many of the most probable answers of each run.
  package let top: Int
  /// The positions of one example that are looked at.
  package let positions: @Sendable (_ input: ReportedInput) throws(Refusal) -> [Int]
  /// Whether the unchanged run is wanted even where `expected` leaves its outputs out.
  package let wantsOriginal: Bool

  package init(
    top: Int, wantsOriginal: Bool,
    positions: @escaping @Sendable (_ input: ReportedInput) throws(Refusal) -> [Int]
  ) {
    (self.top, self.positions, self.wantsOriginal) = (top, positions, wantsOriginal)
  }
}

/// What the numbers of a model's answers stand for.
package enum AnswerMeaning: String, Sendable {
  case tokens, classes
  /// No answers: the last stream itself.
  case stream
}

extension SpecRun {
  /// What the model's answers are.
  package var meaning: AnswerMeaning {
    if kind == .classifier { return .classes }
    guard let decoder = model as? DecoderModel<Float> else { return .tokens }
    return decoder.shape.head.hasMatrix ? .tokens : .stream
  }

  /// Whether the run gives logits at positions, of which some can be asked for.
  package var hasPositions: Bool {
    switch spec.kind {
    case .forward, .saveLoad, .gruTime, .attentionWeight: kind != .classifier
    case .gradient: kind != .classifier && !isSoft
    case .generate, .train: false
    }
  }

  private var isSoft: Bool { spec.generate != nil }

  /// Runs it, and says what there is to show of it beside the outputs.
  package func reported(
    _ request: ReportRequest
  ) throws(Refusal) -> (outputs: SpecOutputs, report: SpecReport) {
    var run = self
    run.options.wantsOriginal = request.wantsOriginal
    return try told { () throws(Refusal) in
      // Refused before anything runs.
      let positions = hasPositions ? try run.positions(request) : []
      let all = try run.all()
      return (try all.only(spec.wanted), run.report(all, positions, request.top))
    }
  }

  /// The asked positions of each example of the base.
  private func positions(_ request: ReportRequest) throws(Refusal) -> [[Int]] {
    let base = try inputs(field("base", spec.call.base))
    var positions: [[Int]] = []
    let lengths = rows(base)
    for input in ReportedInput.list(base, name: "base", decoding: true) {
      let own = input.with(count: lengths[input.example])
      positions.append(try request.positions(own))
    }
    return positions
  }

  func report(_ outputs: SpecOutputs, _ positions: [[Int]], _ top: Int) -> SpecReport {
    let seen = outputs.seen
    var report = SpecReport(
      kind: spec.kind.rawValue, model: modelPath, entries: entries(seen.calls))
    if spec.kind != .train, let call = seen.calls.first {
      report.inputs = reportedInputs(call)
      addAnswers(seen, call, positions, top, to: &report)
    }
    addContinuations(outputs, to: &report)
    addTensors(outputs, to: &report)
    return report
  }

  /// The interventions, with their places where there is one call.
  func entries(_ calls: [InterventionCall<Float>]) -> [ReportedEntry] {
    setup.setup.entries.enumerated().map { index, entry in
      let intervention = setup.setup.intervention(of: index)
      let places = calls.count == 1 ? calls[0].places[index] : nil
      let readsSource =
        intervention.needsSource && (places == nil || places?.given == nil)
        && setup.given[index] == nil
      return ReportedEntry(
        key: entry.key, type: setup.representations[index].type.rawValue, site: entry.site,
        layer: entry.layer, modulePath: model.modulePath(of: entry.site, layer: entry.layer),
        unit: entry.grid.axis.rawValue, width: setup.widths[index],
        source: readsSource ? entry.group : nil,
        places: places.map { $0.words(entry.grid, readsSource: readsSource) } ?? "")
    }
  }

  private func addAnswers(
    _ seen: SpecSeen, _ call: InterventionCall<Float>, _ positions: [[Int]], _ top: Int,
    to report: inout SpecReport
  ) {
    guard let (original, intervened) = seen.logits else { return }
    if meaning == .classes {
      report.answers = (0..<intervened.rows).map {
        ReportedAnswer(
          example: $0, position: nil, before: original, after: intervened, row: $0, top: top)
      }
      return
    }
    var start = 0
    for (example, length) in rows(call.base).enumerated() {
      for position in example < positions.count ? positions[example] : [] {
        let row = start + position
        if meaning == .stream {
          report.streams.append(
            StreamChange(example, position, before: original, after: intervened, row: row))
        } else {
          report.answers.append(
            ReportedAnswer(
              example: example, position: position, before: original, after: intervened, row: row,
              top: top))
        }
      }
      start += length
    }
  }

  private func addContinuations(_ outputs: SpecOutputs, to report: inout SpecReport) {
    let ids = outputs.integers("intervened.ids") ?? outputs.integers("final.intervened.ids")
    guard let intervened = ids, let call = outputs.seen.calls.first,
      case .tokens(let prompts) = call.base
    else { return }
    let original = outputs.integers("original.ids")
    func new(_ ids: [Int], _ prompt: [Int]) -> [Int] {
      ids.starts(with: prompt) ? Array(ids.dropFirst(prompt.count)) : ids
    }
    report.continuations = zip(prompts, intervened).enumerated().map { example, pair in
      ReportedContinuation(
        example: example, prompt: pair.0, original: original.map { new($0[example], pair.0) },
        intervened: new(pair.1, pair.0))
    }
  }

  private func addTensors(_ outputs: SpecOutputs, to report: inout SpecReport) {
    let isSerial = setup.setup.mode == .serial
    let collecting = setup.setup.entries.indices.filter {
      setup.setup.intervention(of: $0).isCollecting
        && (!isSerial || setup.setup.entries[$0].group == setup.setup.groupCount - 1)
    }
    let names = outputs.names.filter { $0.hasPrefix("collected.") }
    // Of a generation each entry hands out one value a pass.
    let each = collecting.isEmpty ? 0 : names.count / collecting.count
    for (name, value) in outputs.values {
      guard case .floats(let tensor) = value else { continue }
      let number = name.split(separator: ".").dropFirst().first.flatMap { Int($0) }
      if name.hasPrefix("collected.") {
        let isEven = each > 0 && each * collecting.count == names.count
        let entry = isEven ? number.map { collecting[$0 / each] } : nil
        report.collected.append(TensorSummary(name, tensor, entry: entry))
        if let entry, each == 1, let call = outputs.seen.calls.first {
          report.maps += AttentionMap.list(tensor, setup.setup.entries[entry], call.places[entry])
        }
      } else if name.hasPrefix("latent.") {
        report.collected.append(TensorSummary(name, tensor, entry: number))
      } else if name == "losses" {
        report.losses = tensor.elements
      } else if tensor.count == 1, ["loss", "eval.loss", "eval.accuracy"].contains(name) {
        report.scalars.append((name, tensor.scalar))
      } else if name.hasPrefix("grad.") || name.hasPrefix("final."), !name.hasSuffix(".logits") {
        let entry = setup.setup.entries.indices.contains(number ?? -1) ? number : nil
        report.tensors.append(TensorSummary(name, tensor, entry: entry))
      }
    }
    if spec.kind == .train {
      report.trainedCount = outputs.seen.trainedCount
    }
  }
}

extension StreamChange {
  fileprivate init(
    _ example: Int, _ position: Int, before: Tensor<Float>?, after: Tensor<Float>, row: Int
  ) {
    func norm(_ row: [Float]) -> Double {
      row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let own = after.rows(row..<row + 1).elements
    let unchanged = before.map { $0.rows(row..<row + 1).elements }
    self.init(
      example: example, position: position, before: unchanged.map(norm), after: norm(own),
      change: unchanged.map { norm(zip(own, $0).map { $0 - $1 }) })
  }
}

extension AttentionMap {
  /// The maps of collected attention weights `[example, head, query, key]`; none where examples differ
  /// in length, so that their weights are rows.
  fileprivate static func list(
    _ tensor: Tensor<Float>, _ entry: InterventionSetup<Float>.Entry,
    _ places: InterventionCall<Float>.Places
  ) -> [AttentionMap] {
    let shape = tensor.shape
    guard entry.site.own == .attentionWeight, shape.count == 4 else { return [] }
    let rows = tensor.reshaped([shape[0] * shape[1] * shape[2], shape[3]])
    return (0..<shape[0]).flatMap { example in
      let heads = places.base.blocks.numbers(of: example) ?? Array(0..<shape[1])
      let queries = places.base.positions.numbers(of: example) ?? Array(0..<shape[2])
      return heads.enumerated().map { number, head in
        let start = (example * shape[1] + number) * shape[2]
        return AttentionMap(
          layer: entry.layer, head: head, example: example,
          weights: (start..<start + shape[2]).map { rows.rows($0..<$0 + 1).elements },
          queries: queries)
      }
    }
  }
}

extension SpecRun {
  /// The kinds that a specification can be of.
  package static var kinds: [String] { SpecKind.allCases.map(\.rawValue) }

  /// Whether some of its rows are to be guessed from both sides, so that a masked token is asked for.
  package var isMasked: Bool { kind == .encoder }

  /// Whether there is something to draw.
  package var hasPictures: Bool { spec.kind != .generate }
}
