internal import Cluster
internal import Foundation
internal import Inputs
internal import Interventions
internal import Models
internal import Prompts
internal import Randomness
internal import ResultsStore

/// A job that sweeps replacements over a model's sites, prompt by prompt.
protocol SweepSpec: JobSpecification {
  var model: ModelSection { get }
  var data: PromptSection { get }
  /// What makes the corrupted runs in place of second prompts.
  var noise: PatchNoise? { get }
  var items: [SweptSite] { get }
  var metric: SweepMetricSection { get }
  /// What is done to each cell: directions of patching, or ways of ablation.
  var conditions: [String] { get }
  /// What the axis of conditions is called.
  static var conditionAxis: String { get }
  /// What the axis of prompts is called.
  static var promptAxis: String { get }
  /// Whether prompts come in pairs, clean and corrupted.
  static var hasPairs: Bool { get }
}

extension SweepSpec {
  var noise: PatchNoise? { nil }
}

/// What a sweep's units, arrays and figures hang on beside its job.
struct SweepOutline: Sendable, Codable {
  let layers: Int
  /// Of each layer, how many keys a query sees; nil: all, as in every layer where there is no list.
  var windows: [Int?]?
  /// The longest run whose keys turn as those of short ones; nil: all do.
  var longestShort: Int?
  let prompts: [SweepPrompt]
  /// Of the job's items.
  let grids: [SweepGrid]
  /// Units before the prompts' own, such as those that take means over a data set.
  var preliminaries = 0
  /// What the data have beside the prompts; nil for none.
  var skipped: [Skipped]?

  /// A prompt whose answer or foil is of several tokens.
  struct Skipped: Sendable, Codable {
    let id: String
    let reason: String
  }
}

/// The clean run's most probable token, which stands for an answer that the data do not tell.
struct TopToken: Sendable, Equatable {
  let id: Int
  let text: String

  /// Of the array that tells whose answers are such.
  static let says = "data, or top_token: the most probable token of the clean run"

  init(id: Int, text: String) { (self.id, self.text) = (id, text) }

  init(_ bytes: [UInt8]) {
    id = Int(ByteWriter.integer(bytes, at: 0))
    text = String(decoding: bytes[4...], as: UTF8.self)
  }

  var bytes: [UInt8] {
    var bytes = ByteWriter()
    bytes.integer(Int32(id))
    bytes.append(Array(text.utf8))
    return bytes.bytes
  }
}

/// What a unit of a sweep came to.
enum SweepResult: Sendable {
  /// Of a preliminary unit: its record.
  case preliminary([UInt8])
  /// Of the unchanged runs: the prompt's own, and that of the one it is compared with; and the answer,
  /// where the data do not tell it.
  case baseline([RowMetrics], TopToken?)
  case cells([RowMetrics])
}

/// Units and arrays of a sweep: `[prompt, condition, ...]` and the axes of each item, which has a
/// group of arrays of its own.
struct SweepTable<Spec: SweepSpec>: Table {
  let spec: Spec
  let outline: SweepOutline
  /// Units that patch, after the preliminaries and the prompts' baselines.
  private(set) var units: [Unit] = []

  struct Unit: Sendable {
    let prompt: Int
    let condition: Int
    let item: Int
    /// Cells that can reach the metric, by their numbers.
    let cells: [Int]
    let blockRows: Int
  }

  /// Rows that a unit's batch holds at most, unless one cell has more.
  private static var rowLimit: Int { 1024 }

  init(_ spec: Spec, _ outline: SweepOutline) throws(Refusal) {
    (self.spec, self.outline) = (spec, outline)
    guard outline.grids.count == spec.items.count, !outline.prompts.isEmpty, outline.layers > 0,
      outline.windows.map({ $0.count == outline.layers }) ?? true,
      outline.preliminaries >= 0,
      outline.grids.allSatisfy({ $0.places.count == outline.prompts.count })
    else {
      throw Refusal(
        .store, field: "grids", found: "\(outline.grids.count) of \(outline.prompts.count) prompts",
        expected: "one for each of \(spec.items.count) items")
    }
    try refuseTakenNames()
    for prompt in outline.prompts.indices {
      for condition in spec.conditions.indices {
        for item in spec.items.indices {
          units += cut(item, prompt: prompt, condition: condition)
        }
      }
    }
  }

  // MARK: Cells

  /// Whether a condition changes the corrupted prompt's run.
  func changesCorrupted(_ condition: Int) -> Bool {
    Spec.hasPairs && spec.conditions[condition] == PatchDirection.denoising.rawValue
  }

  /// What a cell replaces in a prompt's run under a condition; nil where the prompt has no such place.
  func place(_ cell: SweepCell, item: Int, prompt: Int, condition: Int) -> SweepGrid.Place? {
    let places = outline.grids[item].places[prompt]
    guard places.indices.contains(cell.place) else { return nil }
    let place = places[cell.place]
    guard changesCorrupted(condition) else { return place }
    return SweepGrid.Place(positions: place.sources, sources: place.positions)
  }

  /// Whether a cell can change the metric of a prompt.
  private func reaches(
    _ cell: SweepCell, _ item: SweptSite, _ place: SweepGrid.Place, _ rows: RunRows, base: Int
  ) -> Bool {
    let source = rows.lengths.count > 1 ? 1 - base : 0
    let value: PatchValue = rows.lengths.count > 1 ? .run(source, positions: place.sources) : .zero
    return cell.patch(base: base, item, place, subspace: nil) { _, _, _ in value }
      .reaches(
        rows, windows: outline.windows ?? Array(repeating: nil, count: outline.layers))
  }

  /// The cells of an item that can reach the metric, in units.
  private func cut(_ item: Int, prompt: Int, condition: Int) -> [Unit] {
    let (site, grid, own) = (spec.items[item], outline.grids[item], outline.prompts[prompt])
    let (rows, isOther) = (own.rows(short: outline.longestShort), changesCorrupted(condition))
    let length = isOther ? own.otherIDs.count : own.ids.count
    var (units, cells, rowCount, blockRows) = ([Unit](), [Int](), 0, 0)
    func close() {
      guard !cells.isEmpty else { return }
      units.append(
        Unit(prompt: prompt, condition: condition, item: item, cells: cells, blockRows: blockRows))
      (cells, rowCount, blockRows) = ([], 0, 0)
    }
    for number in 0..<grid.cellCount(site) {
      let cell = grid.cell(number, site, layerCount: outline.layers)
      guard
        let place = place(cell, item: item, prompt: prompt, condition: condition),
        !place.positions.isEmpty, reaches(cell, site, place, rows, base: isOther ? 1 : 0)
      else { continue }
      let tail = length - (place.positions.min() ?? 0)
      let first = cell.parts.map(\.layers.lowerBound).min() ?? 0
      if rowCount + tail > Self.rowLimit { close() }
      cells.append(number)
      rowCount += tail
      blockRows += tail * (outline.layers - first)
    }
    close()
    return units
  }

  // MARK: Units

  var firstPrompt: Int { outline.preliminaries }
  var firstUnit: Int { outline.preliminaries + outline.prompts.count }
  var unitCount: Int { firstUnit + units.count }

  /// The patching unit of a number; nil for others.
  func unit(_ number: Int) -> Unit? { number >= firstUnit ? units[number - firstUnit] : nil }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> SweepResult {
    if unit < firstPrompt { return .preliminary(bytes) }
    let count = self.unit(unit)?.cells.count ?? (Spec.hasPairs ? 2 : 1)
    let end = 4 * RowMetrics.count * count
    let hasTop = unit < firstUnit && outline.prompts[unit - firstPrompt].takesTop
    // The token's text may be empty.
    guard hasTop ? bytes.count >= end + 4 : bytes.count == end else {
      throw Refusal(
        .store, field: name(of: unit), found: "a result of \(bytes.count) bytes",
        expected: "\(end)" + (hasTop ? ", and a token" : ""))
    }
    let floats = ByteWriter.floats(Array(bytes[..<end]), from: 0)
    let rows = (0..<count).map {
      RowMetrics(floats[$0 * RowMetrics.count..<($0 + 1) * RowMetrics.count])
    }
    guard unit < firstUnit else { return .cells(rows) }
    return .baseline(rows, hasTop ? TopToken(Array(bytes[end...])) : nil)
  }

  func next(_ results: Results<SweepResult>) -> Phase? {
    let first = Array(0..<firstPrompt)
    if let phase = Phase("means", over: first, results, { WorkUnit(number: $0, cost: 1) }) {
      return phase
    }
    let rest = Array(firstPrompt..<unitCount)
    var phase = Phase("prompts and cells", over: rest, results) {
      WorkUnit(number: $0, cost: cost(of: $0), group: unit($0)?.prompt ?? $0 - firstPrompt)
    }
    let records = first.compactMap { unit -> [UInt8]? in
      if case .preliminary(let bytes)? = results[unit] { bytes } else { nil }
    }
    var writer = ByteWriter()
    writer.integer(Int32(records.count))
    for record in records {
      writer.integer(Int32(record.count))
      writer.append(record)
    }
    phase?.handover = writer.bytes
    return phase
  }

  /// The records of the preliminary units, in their order, as a phase hands them over; none before
  /// they have been computed, or where one of them failed.
  func preliminaries(handedOver bytes: [UInt8]) throws(Refusal) -> [[UInt8]] {
    guard !bytes.isEmpty else { return [] }
    var reader = ByteReader(bytes, what: "what a phase hands over")
    var records: [[UInt8]] = []
    for _ in 0..<(try reader.count(upTo: firstPrompt)) {
      records.append(try reader.bytes(reader.count(upTo: Int(Int32.max))))
    }
    try reader.end()
    return records.count == firstPrompt ? records : []
  }

  // Of pairs the unchanged runs are read too, which say whether recoveries are defined.
  func decides(_ unit: Int) -> Bool { unit < (Spec.hasPairs ? firstUnit : firstPrompt) }

  func progress(_ results: Results<SweepResult>) -> RunDetails {
    let undefined = undefinedRecoveries(results)
    let (skipped, kept, plural) = (outline.skipped ?? [], outline.prompts, Spec.promptAxis + "s")
    return RunDetails(
      // A run says the first alone; what its data leave open it has noted.
      lines: [
        undefinedRecoveryLine(results),
        LongAnswers.skippedLine(
          skipped.count, of: skipped.count + kept.count, plural,
          first: skipped.first.map { "\(Spec.promptAxis) \(escaped($0.id))" }),
        ResolvedPrompt.topLine(kept.count(where: \.takesTop), of: kept.count, plural),
      ].compactMap(\.self),
      members: (undefined.isEmpty
        ? []
        : [
          .init(
            "undefined_recoveries",
            .table(undefined.map { .init($0.metric.rawValue, .integer($0.count)) }))
        ])
        + (skipped.isEmpty
          ? []
          : [
            .init(
              "skipped",
              .list(
                skipped.map { [Spec.promptAxis: .text($0.id), "reason": .text($0.reason)] }))
          ]))
  }

  func cost(of unit: Int) -> Double {
    if let patching = self.unit(unit) { return Double(patching.blockRows) }
    guard unit >= firstPrompt else { return 256 * Double(outline.layers) }
    let prompt = outline.prompts[unit - firstPrompt]
    return Double((prompt.ids.count + prompt.otherIDs.count) * outline.layers)
  }

  func name(of unit: Int) -> String {
    if unit < firstPrompt { return "unit \(unit) (a part of the means)" }
    guard let patching = self.unit(unit) else {
      return "unit \(unit) (unchanged runs of \(Spec.promptAxis) "
        + "\(escaped(outline.prompts[unit - firstPrompt].id)))"
    }
    return "unit \(unit) (\(Spec.promptAxis) \(escaped(outline.prompts[patching.prompt].id)), "
      + "\(spec.conditions[patching.condition]), \(spec.items[patching.item].name))"
  }
}

extension SweepPrompt {
  /// The rows of the prompt's run, and of the one it is compared with.
  func rows(short: Int?) -> RunRows {
    guard noised.isEmpty else {
      return RunRows([(length: ids.count, shared: nil), (length: ids.count, shared: noiseShare)])
    }
    return RunRows(
      otherIDs.isEmpty ? [BaseRun(ids)] : BaseRun.sharingPrefixes([ids, otherIDs], short: short))
  }
}
