internal import Cluster
internal import Foundation
internal import Inputs
package import JobFiles
internal import Prompts
internal import ResultsStore

/// A fact as a run's folder keeps it.
package struct TracedFact: Sendable, Codable, Equatable {
  package let id: String
  package let prompt: String
  package let subject: String
  /// Empty where the clean run tells, and −1; −1 too of a skipped fact whose answer is several tokens.
  package let answer: String
  package let answerID: Int
  /// The text of each token, and its id.
  package let tokens: [String]
  package let ids: [Int]
  package let subjectStart: Int
  package let subjectEnd: Int
  /// The tokens of the corrupted run, where that is the run of another prompt.
  package let counterfactualIDs: [Int]?
  /// Why no unit is of it, in words; nil where the clean run decides.
  package let skipped: String?
  /// The answer's tokens after its first, with teacher forcing; nil where one is read.
  private let answerRest: [Int]?
  /// Whether the clean run's most probable token is the answer: nil stands for no.
  private let top: Bool?

  init(_ written: WrittenPrompt, _ fact: ResolvedPrompt, by prompts: any PromptTokenizer) {
    let place = fact.subject ?? 0..<fact.ids.count
    id = fact.id
    if fact.takesTop {
      (answer, answerID) = ("", -1)
    } else if fact.skipped != nil, let whole = fact.answerText {
      (answer, answerID) = (whole, -1)
    } else {
      answer = fact.answerRest.isEmpty ? prompts.text(fact.answer) : prompts.text(fact.answers)
      answerID = fact.answer
    }
    (tokens, ids) = (fact.ids.map(prompts.text), fact.ids)
    prompt = written.text ?? prompts.text(ids)
    subject = written.subjectText ?? prompts.text(Array(ids[place]))
    (subjectStart, subjectEnd) = (place.lowerBound, place.upperBound)
    counterfactualIDs = fact.sources.first?.ids
    skipped = fact.skipped
    answerRest = fact.answerRest.isEmpty ? nil : fact.answerRest
    top = fact.takesTop ? true : nil
  }

  var takesTop: Bool { top ?? false }
  /// How many tokens of the answer are read.
  var reading: Int { 1 + (answerRest?.count ?? 0) }
  /// They; none where the clean run tells.
  var answerIDs: [Int] { takesTop ? [] : [answerID] + (answerRest ?? []) }

  /// Before this position the corrupted runs are the clean one.
  var corruptedFrom: Int {
    counterfactualIDs.map { zip(ids, $0).prefix { $0 == $1 }.count } ?? subjectStart
  }

  package var roles: PromptRoles {
    PromptRoles(tokenCount: ids.count, subject: subjectStart..<subjectEnd)
  }
}

/// What a trace's units, arrays and figures hang on beside its job.
package struct TraceOutline: Sendable, Codable {
  let layers: Int
  /// Of each layer, how many keys a query sees; nil: all, as in every layer where there is no list.
  var windows: [Int?]?
  let samples: Int
  let facts: [TracedFact]

  /// The places of facts that have no units.
  var skipped: Set<Int> { Set(facts.indices.filter { facts[$0].skipped != nil }) }
}

/// What a unit of a trace came to.
enum TraceResult: Sendable {
  case baseline(TraceBaseline)
  /// Of the unit's cells, in their order.
  case cells([TraceMetrics])
}

/// Units and arrays of a trace.
///
/// Cells are `[fact, site, layer, position, sample]`, a chunk for each fact and site.
package struct TraceTable: Table {
  package let spec: TraceSpec
  let outline: TraceOutline
  package let grid: TraceGrid
  package let plan: TracePlan

  init(_ spec: TraceSpec, _ outline: TraceOutline) throws(Refusal) {
    for (number, fact) in outline.facts.enumerated() {
      guard fact.tokens.count == fact.ids.count, 0 <= fact.subjectStart,
        fact.subjectStart < fact.subjectEnd, fact.subjectEnd <= fact.ids.count
      else {
        throw Refusal(
          .store, field: "facts[\(number)]",
          found:
            "the subject \(fact.subjectStart) to \(fact.subjectEnd) of \(fact.ids.count) tokens",
          expected: "tokens of the prompt")
      }
      let isCounterfactual = spec.corrupt.way == .counterfactual
      guard
        fact.counterfactualIDs.map({ $0.count == fact.ids.count && $0 != fact.ids })
          ?? !isCounterfactual
      else {
        throw Refusal(
          .store, field: "facts[\(number)]", found: "no other prompt of as many tokens",
          expected: "counterfactualIDs, which the corrupted run has")
      }
    }
    guard outline.layers > 0, outline.samples > 0,
      outline.facts.contains(where: { $0.skipped == nil }),
      outline.windows.map({ $0.count == outline.layers }) ?? true
    else {
      throw Refusal(
        .store, field: "layers", found: "\(outline.layers) layers, \(outline.samples) samples",
        expected: "at least one, and a fact")
    }
    (self.spec, self.outline) = (spec, outline)
    grid = try TraceGrid(
      spec, model: spec.modelName,
      windows: outline.windows ?? Array(repeating: nil, count: outline.layers),
      samples: outline.samples, facts: outline.facts)
    plan = TracePlan(grid, skipping: outline.skipped)
  }

  package var facts: [TracedFact] { outline.facts }
  package var unitCount: Int { plan.factCount + plan.units.count }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> TraceResult {
    guard let patching = plan.unit(unit) else {
      return .baseline(
        try TraceBaseline(bytes, samples: grid.samples, of: facts[unit], unit: unit))
    }
    return .cells(try TraceMetrics.list(bytes, of: patching))
  }

  // MARK: Units

  func decides(_ unit: Int) -> Bool { unit < plan.factCount }

  /// Of a fact whose clean run is known.
  func baseline(_ fact: Int, _ results: Results<TraceResult>) -> TraceBaseline? {
    guard case .baseline(let baseline)? = results[fact] else { return nil }
    return baseline
  }

  /// What has become of a fact.
  func status(_ fact: Int, _ results: Results<TraceResult>) -> FactStatus {
    if facts[fact].skipped != nil { return .severalTokens }
    if let baseline = baseline(fact, results) {
      return spec.status(facts[fact], baseline)
    }
    return results.hasFailed(fact) ? .failed : .pending
  }

  func next(_ results: Results<TraceResult>) -> Phase? {
    let all = Array(0..<plan.factCount)
    let run = all.filter { facts[$0].skipped == nil }
    if let phase = Phase("baselines", over: run, results, { WorkUnit(number: $0, cost: 1) }) {
      return phase
    }
    let work = plan.work(of: all.filter { status($0, results) == .traced })
    let byNumber = Dictionary(uniqueKeysWithValues: work.map { ($0.number, $0) })
    return Phase("cells", over: work.map(\.number), results) {
      byNumber[$0] ?? WorkUnit(number: $0, cost: 1)
    }
  }

  func planned(_ results: Results<TraceResult>) -> [Int] {
    (0..<plan.factCount).flatMap { fact -> [Int] in
      switch status(fact, results) {
      case .pending, .traced: [fact] + units(of: fact)
      case .answerNotTop, .improbable, .failed: [fact]
      case .severalTokens: []
      }
    }
  }

  private func units(of fact: Int) -> [Int] {
    plan.unitsOf[fact].flatMap { plan.units[$0].map(\.number) }
  }

  func cost(of unit: Int) -> Double {
    Double(plan.unit(unit)?.blockRows ?? grid.baselineRows(of: unit))
  }

  func name(of unit: Int) -> String {
    guard let patching = plan.unit(unit) else {
      return "unit \(unit) (baseline of fact \(escaped(facts[unit].id)))"
    }
    return "unit \(unit) (fact \(escaped(facts[patching.fact].id)), "
      + "\(grid.restore[patching.restoration].name))"
  }

  func progress(_ results: Results<TraceResult>) -> RunDetails {
    var (done, left) = (0, 0)
    var (skipped, failed): ([(String, String)], [(String, String)]) = ([], [])
    let long = facts.filter { $0.skipped != nil }
    var told =
      [
        LongAnswers.skippedLine(
          long.count, of: facts.count, "facts", first: long.first.map { "fact \(escaped($0.id))" }),
        ResolvedPrompt.topLine(facts.count(where: \.takesTop), of: facts.count, "facts"),
      ].compactMap(\.self)
    for (fact, labels) in facts.enumerated() {
      switch status(fact, results) {
      case .pending: left += 1
      case .failed:
        failed.append((labels.id, "baseline: \(results.reason(fact))"))
      case .traced:
        let units = units(of: fact)
        let lost = units.filter { results.hasFailed($0) }
        if let first = lost.first {
          failed.append(
            (
              labels.id,
              "\(lost.count) of \(units.count) units, first unit \(first): "
                + results.reason(first)
            ))
        } else if units.allSatisfy({ results.isDone($0) }) {
          done += 1
        } else {
          left += 1
        }
      case let status:
        guard let reason = status.reason(baseline(fact, results), labels) else { continue }
        skipped.append((labels.id, reason))
        if status != .severalTokens { told.append("skipped fact \(escaped(labels.id)): \(reason)") }
      }
    }
    func list(_ facts: [(String, String)]) -> Attribute {
      .list(facts.map { ["fact": .text($0.0), "reason": .text($0.1)] })
    }
    return RunDetails(
      lines: [
        "facts   \(done) of \(facts.count) done, \(left) left, \(skipped.count) skipped, "
          + "\(failed.count) failed"
      ] + told
        + failed.map { "failed fact \(escaped($0.0)): \($0.1)" },
      members: [
        .init(
          "facts",
          [
            "total": .integer(facts.count), "done": .integer(done), "left": .integer(left),
            "skipped": list(skipped), "failed": list(failed),
          ])
      ])
  }

  // MARK: Arrays

  var groups: [ArrayGroup] {
    let (fact, layer) = (Axis("fact", grid.factCount), Axis("layer", grid.layerCount))
    let (position, sample) = (Axis("position", grid.longest), Axis("sample", grid.samples))
    let (site, role) = (Axis("site", grid.restore.count), Axis("role", TokenRole.allCases.count))
    func texts(_ name: String, _ axes: Axis...) -> Quantity { Quantity(name, .string, axes) }
    func integers(_ name: String, _ axes: Axis..., fill: Int = 0, says: String = "") -> Quantity {
      Quantity(name, .int32, axes, says, fill: fill)
    }
    func answers(_ fact: Axis, fill: Int) -> [Quantity] {
      [texts("answer", fact), integers("answer_id", fact, fill: fill)]
    }
    func law(_ metric: Metric) -> Law { metric == .probability ? .within(0...1) : .finite }
    var labels = [
      integers("fact", fact), integers("layer", layer), integers("position", position),
      integers("sample", sample), texts("site", site),
      integers("window", site, says: "layers that are restored together"),
      texts("fact_id", fact), texts("prompt", fact), texts("subject", fact),
    ]
    // An answer that the clean run tells is known with it.
    if !someTakeTop { labels += answers(fact, fill: 0) }
    labels += [
      integers("token_count", fact), integers("subject_start", fact),
      integers("subject_end", fact), texts("token", fact, position),
      integers("token_id", fact, position, fill: -1),
      Quantity(
        "token_role", .string, [fact, position],
        "roles of the token, by which the averages take it; more than one where they fall together"),
    ]
    if !corruptedIDs.isEmpty {
      labels.append(
        integers(
          "corrupted_token_id", fact, position, fill: -1, says: "tokens of the corrupted run"))
    }
    if longestAnswer > 1 {
      labels.append(
        integers(
          "answer_ids", fact, Axis("answer_token", longestAnswer), fill: -1,
          says: "tokens of the answer, each read after those before it"))
    }
    if someTakeTop { labels.append(Quantity("answer_source", .string, [fact], TopToken.says)) }
    return [
      ArrayGroup(labels),
      ArrayGroup(
        (someTakeTop ? answers(fact, fill: -1) : []) + [
          integers("top_id", fact, fill: -1), integers("foil_id", fact, fill: -1),
          Quantity("fact_status", .uint8, [fact], flags: FactStatus.flags),
        ]
          + grid.metrics.flatMap { metric in
            [
              Quantity(
                "clean_\(metric.rawValue)", .float32, [fact], metric.unit, law: law(metric)),
              Quantity(
                "corrupted_\(metric.rawValue)", .float32, [fact, sample], metric.unit,
                law: law(metric)),
            ]
          }),
      ArrayGroup(
        over: [fact, site],
        grid.metrics.map {
          Quantity(
            $0.rawValue, .float32, [layer, position, sample], $0.unit, law: law($0),
            isRounded: true)
        } + [Quantity("status", .uint8, [layer, position], flags: CellStatus.flags)]),
      ArrayGroup(
        in: "summary", [texts("site", site), texts("role", role), integers("layer", layer)]),
      ArrayGroup(
        in: "summary",
        TraceSummary.names(grid).map {
          Quantity(
            $0, .float32, [site, role, layer],
            $0 == "fact_count" ? "facts with a token of the role, which the means are over" : "")
        }),
    ]
  }

  func values(
    _ group: Int, at block: [Int], _ results: Results<TraceResult>
  ) throws(Refusal) -> [ArrayValues?] {
    switch group {
    case 0: return labels
    case 1: return baselines(results)
    case 2: return try cells(fact: block[0], restoration: block[1], results)
    case 3: return summaryLabels
    default: return try summary(results)
    }
  }

  private var summaryLabels: [ArrayValues] {
    [
      .texts(grid.restore.map(\.name)), .texts(TokenRole.allCases.map(\.rawValue)),
      .index(grid.layerCount),
    ]
  }

  /// What is known before any unit runs.
  private var labels: [ArrayValues] {
    func padded<T>(_ values: [T], with filler: T) -> [T] {
      values + Array(repeating: filler, count: grid.longest - values.count)
    }
    func integers(_ value: (TracedFact) -> Int) -> ArrayValues {
      .integers(facts.map { Int32($0.ids.isEmpty ? 0 : value($0)) })
    }
    var labels: [ArrayValues] = [
      .index(grid.factCount), .index(grid.layerCount), .index(grid.longest), .index(grid.samples),
      .texts(grid.restore.map(\.name)), .integers(grid.restore.map { Int32($0.window) }),
      .texts(facts.map(\.id)), .texts(facts.map(\.prompt)), .texts(facts.map(\.subject)),
    ]
    if !someTakeTop { labels += [.texts(facts.map(\.answer)), integers(\.answerID)] }
    labels += [
      integers(\.ids.count), integers(\.subjectStart), integers(\.subjectEnd),
      .texts(facts.flatMap { padded($0.tokens, with: "") }),
      .integers(facts.flatMap { padded($0.ids.map { Int32($0) }, with: -1) }),
      .texts(
        facts.flatMap { fact in
          padded(
            fact.ids.indices.map {
              fact.roles.roles(at: $0).map(\.rawValue).joined(separator: " ")
            }, with: "")
        }),
    ]
    if !corruptedIDs.isEmpty {
      labels.append(
        .integers(corruptedIDs.flatMap { padded($0.map { Int32($0) }, with: -1) }))
    }
    if longestAnswer > 1 {
      labels.append(
        .integers(
          facts.flatMap { fact in
            let ids = fact.answerIDs.map { Int32($0) }
            return ids + Array(repeating: -1, count: longestAnswer - ids.count)
          }))
    }
    if someTakeTop { labels.append(.texts(facts.map { $0.takesTop ? "top_token" : "data" })) }
    return labels
  }

  /// Whether the clean run tells the answer of a fact.
  private var someTakeTop: Bool { facts.contains(where: \.takesTop) }
  /// Tokens of the longest answer that is read.
  private var longestAnswer: Int { grid.reading.max() ?? 1 }

  /// The tokens of each fact's corrupted run, where those are runs of other prompts.
  private var corruptedIDs: [[Int]] { facts.compactMap(\.counterfactualIDs) }

  /// What the baselines found, once all are known.
  private func baselines(_ results: Results<TraceResult>) -> [ArrayValues?] {
    let known = facts.indices.map { baseline($0, results) }
    guard facts.indices.allSatisfy({ status($0, results) != .pending }) else {
      return groups[1].quantities.map { _ in nil }
    }
    var values: [ArrayValues] = []
    if someTakeTop {
      values = [
        .texts(zip(facts, known).map { $1?.topText ?? $0.answer }),
        .integers(
          zip(facts, known).map { fact, baseline in
            Int32(fact.takesTop ? baseline?.top ?? -1 : fact.answerID)
          }),
      ]
    }
    values += [
      .integers(known.map { Int32($0?.top ?? -1) }), .integers(known.map { Int32($0?.foil ?? -1) }),
      .bytes(facts.indices.map { status($0, results).rawValue }),
    ]
    for metric in grid.metrics {
      values.append(.floats(known.map { $0?.clean[metric] ?? .nan }))
      values.append(
        .floats(
          known.flatMap { baseline in
            (0..<grid.samples).map { baseline?.corrupted[$0][metric] ?? .nan }
          }))
    }
    return values
  }

  /// The cells of a fact and restoration, once every unit of them has ended.
  private func cells(
    fact: Int, restoration: Int, _ results: Results<TraceResult>
  ) throws(Refusal) -> [ArrayValues?] {
    func none() -> [ArrayValues?] { (grid.metrics.map { _ in nil }) + [nil] }
    let places = grid.layerCount * grid.longest
    switch status(fact, results) {
    case .pending: return none()
    case .traced:
      let units = plan.unitsOf[fact][restoration].map { plan.units[$0].number }
      guard units.allSatisfy({ results.hasEnded($0) }) else { return none() }
      guard let cells = cells(fact: fact, restoration: restoration, knownBy: results) else {
        return none()
      }
      return grid.metrics.map { .floats(cells.floats($0)) } + [.bytes(cells.status.map(\.rawValue))]
    case let status:
      let missing = [Float](repeating: .nan, count: places * grid.samples)
      let cell: CellStatus = status == .failed ? .failed : .skipped
      return grid.metrics.map { _ in .floats(missing) }
        + [.bytes(Array(repeating: cell.rawValue, count: places))]
    }
  }

  /// The cells of one fact and restoration.
  struct Cells: Sendable {
    /// `[layer, position]`.
    fileprivate(set) var status: [CellStatus]
    /// `[layer, position, sample]`; nil where there is no value.
    fileprivate(set) var values: [TraceMetrics?]

    func floats(_ metric: Metric) -> [Float] { values.map { $0.map { $0[metric] } ?? .nan } }
  }

  /// The cells of a fact and restoration as far as they are known; nil before its baseline is.
  func cells(
    fact: Int, restoration: Int, knownBy results: Results<TraceResult>
  ) -> Cells? {
    guard let baseline = baseline(fact, results) else { return nil }
    let (samples, longest) = (grid.samples, grid.longest)
    let numbers = TraceCells(grid, fact: fact, restoration: restoration)
    var cells = Cells(
      status: Array(repeating: .notRequested, count: grid.layerCount * longest),
      values: Array(repeating: nil, count: grid.layerCount * longest * samples))
    func place(_ cell: TraceCells.Place) -> Int { cell.layer * longest + cell.position }
    for cell in numbers.equalToBaseline {
      cells.status[place(cell)] = .equalToBaseline
      for sample in 0..<samples {
        cells.values[place(cell) * samples + sample] = baseline.corrupted[sample]
      }
    }
    for unit in plan.unitsOf[fact][restoration].map({ plan.units[$0] }) {
      var metrics: [TraceMetrics]?
      if case .cells(let known)? = results[unit.number] { metrics = known }
      for (i, number) in unit.cells.enumerated() {
        let (cell, sample) = numbers.run(number)
        let at = place(cell)
        guard let metrics else {
          cells.status[at] = results.hasFailed(unit.number) ? .failed : .pending
          continue
        }
        // A cell whose samples lie in two units is done when both are.
        if cells.status[at] == .notRequested { cells.status[at] = .done }
        cells.values[at * samples + sample] = metrics[i]
      }
    }
    return cells
  }

  /// The means over facts, once all have ended.
  private func summary(_ results: Results<TraceResult>) throws(Refusal) -> [ArrayValues?] {
    let names = TraceSummary.names(grid)
    guard planned(results).allSatisfy({ results.hasEnded($0) }) else {
      return names.map { _ in nil }
    }
    let summary = try TraceSummary(grid) { (fact, restoration, metric) throws(Refusal) in
      guard status(fact, results) == .traced,
        let cells = cells(fact: fact, restoration: restoration, knownBy: results)
      else { return nil }
      return rounded(cells.floats(metric))
    }
    return names.map { summary.arrays[$0].map { .floats($0) } }
  }

  func audit(
    _ results: Results<TraceResult>, in folder: RunFolder, isFinished: Bool
  ) -> (faults: [Refusal], notes: [String]) {
    let audit = TraceAudit(self, results)
    return (audit.faults, audit.oddities)
  }
}

extension ArrayValues {
  /// The numbers from 0 on, as an axis' coordinate.
  static func index(_ count: Int) -> ArrayValues { .integers((0..<count).map { Int32($0) }) }
}

extension TraceMetrics {
  /// The metrics of each cell of a unit, from its result.
  static func list(_ bytes: [UInt8], of unit: TracePlan.Unit) throws(Refusal) -> [TraceMetrics] {
    guard bytes.count == 4 * count * unit.cells.count else {
      throw Refusal(
        .store, field: "unit \(unit.number)", found: "a result of \(bytes.count) bytes",
        expected: "\(4 * count * unit.cells.count) bytes for \(unit.cells.count) cells")
    }
    return list(bytes, from: 0)
  }
}

extension Metric {
  /// What its values are, for the arrays' attributes.
  var unit: String {
    switch self {
    case .probability: "probability of the answer"
    case .logProbability: "log-probability of the answer, in nats"
    case .logitDifference: "logit of the answer less that of the foil"
    }
  }
}

extension FactStatus {
  static var flags: [(UInt8, String)] { allCases.map { ($0.rawValue, $0.name) } }

  /// Why a fact is not traced, in words.
  func reason(_ baseline: TraceBaseline?, _ labels: TracedFact) -> String? {
    if let skipped = labels.skipped { return skipped }
    guard let baseline else { return nil }
    let p = String(format: "%.3g", Double(baseline.clean.probability))
    let answer = quoted(baseline.topText ?? labels.answer)
    return switch self {
    case .answerNotTop where (baseline.leading ?? 0) > 0:
      "only the first \(baseline.leading ?? 0) of the \(labels.reading) tokens of the answer "
        + "\(answer) are the most probable ones (p = \(p))"
    case .answerNotTop:
      "the most probable token is \(baseline.top), not the answer \(answer) "
        + "(\(labels.answerID), p = \(p))"
    case .improbable: "the answer \(answer) has p = \(p), below the minimum"
    case .pending, .traced, .failed, .severalTokens: name
    }
  }
}

extension CellStatus {
  static var flags: [(UInt8, String)] { allCases.map { ($0.rawValue, $0.name) } }
}
