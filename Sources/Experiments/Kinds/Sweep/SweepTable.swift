internal import Cluster
internal import Foundation
internal import Inputs
internal import Interventions
internal import Models
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
  let prompts: [SweepPrompt]
  /// Of the job's items.
  let grids: [SweepGrid]
  /// Units before the prompts' own, such as those that take means over a data set.
  var preliminaries = 0
}

/// What a unit of a sweep came to.
enum SweepResult: Sendable {
  /// Of a preliminary unit: its record.
  case preliminary([UInt8])
  /// Of the unchanged runs: the prompt's own, and that of the one it is compared with.
  case baseline([RowMetrics])
  case cells([RowMetrics])
}

/// Units and arrays of a sweep: `[prompt, condition, ...]` and the axes of each item, which has a
/// group of arrays of its own.
struct SweepTable<Spec: SweepSpec>: Table {
  let spec: Spec
  let outline: SweepOutline
  /// Units that patch, after the preliminaries and the prompts' baselines.
  let units: [Unit]

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
      outline.preliminaries >= 0,
      outline.grids.allSatisfy({ $0.places.count == outline.prompts.count })
    else {
      throw Refusal(
        .store, field: "grids", found: "\(outline.grids.count) of \(outline.prompts.count) prompts",
        expected: "one for each of \(spec.items.count) items")
    }
    var units: [Unit] = []
    for prompt in outline.prompts.indices {
      for condition in spec.conditions.indices {
        for item in spec.items.indices {
          units += Self.units(spec, outline, prompt: prompt, condition: condition, item: item)
        }
      }
    }
    self.units = units
  }

  // MARK: Cells

  /// Tokens of the run that a condition changes.
  static func length(_ prompt: SweepPrompt, corrupted: Bool) -> Int {
    corrupted ? prompt.otherIDs.count : prompt.ids.count
  }

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
  private static func reaches(
    _ cell: SweepCell, _ item: SweptSite, _ place: SweepGrid.Place, _ rows: RunRows, base: Int,
    layers: Int
  ) -> Bool {
    let source = rows.lengths.count > 1 ? 1 - base : 0
    let value: PatchValue = rows.lengths.count > 1 ? .run(source, positions: place.sources) : .zero
    return cell.patch(base: base, item, place, subspace: nil) { _, _, _ in value }
      .reaches(rows, layerCount: layers)
  }

  private static func units(
    _ spec: Spec, _ outline: SweepOutline, prompt: Int, condition: Int, item: Int
  ) -> [Unit] {
    let (site, grid, own) = (spec.items[item], outline.grids[item], outline.prompts[prompt])
    let isDenoising =
      Spec.hasPairs && spec.conditions[condition] == PatchDirection.denoising.rawValue
    let rows = own.rows
    let length = isDenoising ? own.otherIDs.count : own.ids.count
    var (units, cells, rowCount, blockRows) = ([Unit](), [Int](), 0, 0)
    func close() {
      guard !cells.isEmpty else { return }
      units.append(
        Unit(prompt: prompt, condition: condition, item: item, cells: cells, blockRows: blockRows))
      (cells, rowCount, blockRows) = ([], 0, 0)
    }
    for number in 0..<grid.cellCount(site) {
      let cell = grid.cell(number, site, layerCount: outline.layers)
      guard grid.places[prompt].indices.contains(cell.place) else { continue }
      let found = grid.places[prompt][cell.place]
      let place =
        isDenoising
        ? SweepGrid.Place(positions: found.sources, sources: found.positions) : found
      guard
        !place.positions.isEmpty,
        reaches(cell, site, place, rows, base: isDenoising ? 1 : 0, layers: outline.layers)
      else { continue }
      let tail = length - (place.positions.min() ?? 0)
      let first = cell.parts.map(\.layers.lowerBound).min() ?? 0
      if rowCount + tail > rowLimit { close() }
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
    guard bytes.count == 4 * RowMetrics.count * count else {
      throw Refusal(
        .store, field: name(of: unit), found: "a result of \(bytes.count) bytes",
        expected: "\(4 * RowMetrics.count * count)")
    }
    let floats = ByteWriter.floats(bytes, from: 0)
    let rows = (0..<count).map {
      RowMetrics(floats[$0 * RowMetrics.count..<($0 + 1) * RowMetrics.count])
    }
    return unit < firstUnit ? .baseline(rows) : .cells(rows)
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

  func decides(_ unit: Int) -> Bool { unit < firstPrompt }

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

  // MARK: Arrays

  /// What is stored of each cell beside its metrics: how far it goes from the unchanged run.
  private var derived: (name: String, says: String) {
    Spec.hasPairs
      ? ("recovery", "(patched - base) / (source - base) of it: 0 no effect, 1 the source's value")
      : ("change", "its change by the ablation: ablated less unchanged")
  }

  private var metrics: [SweepMetric] { spec.metric.store }

  var groups: [ArrayGroup] {
    let prompt = Axis(Spec.promptAxis, outline.prompts.count)
    let condition = Axis(Spec.conditionAxis, spec.conditions.count)
    let position = Axis("position", outline.prompts.map(\.ids.count).max() ?? 0)
    let runs = Spec.hasPairs ? ["clean", "corrupted"] : ["unchanged"]
    func floats(_ name: String, _ axes: [Axis], _ metric: SweepMetric, _ says: String = "")
      -> Quantity
    {
      Quantity(
        name, .float32, axes, says.isEmpty ? metric.says : "\(metric.rawValue): \(says)",
        law: says.isEmpty ? metric.law : .finite, isRounded: true)
    }
    var groups = [
      ArrayGroup(
        [
          Quantity(prompt.name, .int32, [prompt]), Quantity(condition.name, .string, [condition]),
          Quantity("position", .int32, [position]), Quantity("id", .string, [prompt]),
          Quantity("answer", .string, [prompt]), Quantity("answer_id", .int32, [prompt]),
          Quantity("foil", .string, [prompt]), Quantity("foil_id", .int32, [prompt], fill: -1),
          Quantity("token_count", .int32, [prompt]),
          Quantity("token", .string, [prompt, position]),
          Quantity("token_id", .int32, [prompt, position], fill: -1),
        ]),
      ArrayGroup(
        over: [prompt],
        runs.flatMap { run in metrics.map { floats("\(run)_\($0.rawValue)", [], $0) } }),
    ]
    for (item, grid) in zip(spec.items, outline.grids) {
      let axes = grid.axes(item)
      let outer = grid.outerAxes(item)
      var labels = [
        Quantity(prompt.name, .int32, [prompt]), Quantity(condition.name, .string, [condition]),
      ]
      labels += outer.map {
        $0.name.hasPrefix("unit")
          ? Quantity($0.name, .string, [$0]) : Quantity($0.name, .int32, [$0])
      }
      if item.eachPosition {
        let places = Axis("position", grid.positionCount)
        labels.append(
          Quantity("position", item.placeNames == nil ? .int32 : .string, [places]))
        labels.append(
          Quantity(
            "position_in_prompt", .int32, [prompt, places],
            "the token of the clean prompt that is replaced, of several the first", fill: -1))
      }
      groups.append(ArrayGroup(in: item.name, labels))
      groups.append(
        ArrayGroup(
          in: item.name, over: [prompt, condition],
          metrics.map { floats($0.rawValue, axes, $0) }
            + metrics.map { floats("\($0.rawValue)_\(derived.name)", axes, $0, derived.says) }
            + [Quantity("status", .uint8, axes, flags: CellStatus.flags)]))
      groups.append(
        ArrayGroup(
          in: item.name,
          metrics.flatMap { metric in
            [metric.rawValue, "\(metric.rawValue)_\(derived.name)"].flatMap { name in
              ["mean"].map { ($0, "mean over \(Spec.promptAxis)s") }
                .appending(
                  spec.metric.bootstrap > 0
                    ? [
                      ("low", "lower end of its bootstrap interval"),
                      ("high", "upper end of its bootstrap interval"),
                    ] : []
                ).map { end, says in
                  Quantity(
                    "\(end)_\(name)", .float32, [condition] + axes, "\(name): \(says)",
                    law: .finite)
                }
            }
          }))
    }
    return groups
  }

  func values(
    _ group: Int, at block: [Int], _ results: Results<SweepResult>
  ) throws(Refusal) -> [ArrayValues?] {
    if group == 0 { return labels }
    if group == 1 { return baselines(block[0], results) }
    let (item, part) = (group - 2).quotientAndRemainder(dividingBy: 3)
    switch part {
    case 0: return labels(of: item)
    case 1: return cells(item, prompt: block[0], condition: block[1], results)
    default: return means(item, results)
    }
  }

  private var promptLabels: [ArrayValues] {
    [.index(outline.prompts.count), .texts(spec.conditions)]
  }

  private var labels: [ArrayValues] {
    let prompts = outline.prompts
    let longest = prompts.map(\.ids.count).max() ?? 0
    func padded<T>(_ values: [T], _ filler: T) -> [T] {
      values + Array(repeating: filler, count: longest - values.count)
    }
    return promptLabels + [
      .index(longest), .texts(prompts.map(\.id)), .texts(prompts.map(\.answer)),
      .integers(prompts.map { Int32($0.answerID) }), .texts(prompts.map { $0.foil ?? "" }),
      .integers(prompts.map { Int32($0.foilID ?? -1) }),
      .integers(prompts.map { Int32($0.ids.count) }),
      .texts(prompts.flatMap { padded($0.tokens, "") }),
      .integers(prompts.flatMap { padded($0.ids.map { Int32($0) }, -1) }),
    ]
  }

  private func labels(of item: Int) -> [ArrayValues] {
    let (site, grid) = (spec.items[item], outline.grids[item])
    var labels = promptLabels
    if let units = grid.units {
      let names = units.map { "\($0[0]).\($0[1])" }
      switch site.combine {
      case .each: labels.append(.texts(names))
      case .together: break
      case .pairs:
        labels.append(
          .texts(
            names.indices.flatMap { first in
              names[(first + 1)...].map { "\(names[first])+\($0)" }
            }))
      }
    } else {
      labels.append(.integers((grid.layers ?? []).map { Int32($0) }))
      if let coordinates = grid.coordinates {
        labels.append(.integers(coordinates.map { Int32($0) }))
      }
    }
    guard site.eachPosition else { return labels }
    labels.append(site.placeNames.map { .texts($0) } ?? .index(grid.positionCount))
    labels.append(
      .integers(
        grid.places.flatMap { places in
          (0..<grid.positionCount).map {
            places.indices.contains($0) ? Int32(places[$0].positions.first ?? -1) : -1
          }
        }))
    return labels
  }

  /// The unchanged runs of a prompt, once known: its own, and the one it is compared with.
  func baseline(_ prompt: Int, _ results: Results<SweepResult>) -> [RowMetrics]? {
    guard case .baseline(let rows)? = results[firstPrompt + prompt] else { return nil }
    return rows
  }

  private func value(_ row: RowMetrics, _ metric: SweepMetric) -> Float {
    row.value(metric, topK: spec.metric.topK)
  }

  private func baselines(_ prompt: Int, _ results: Results<SweepResult>) -> [ArrayValues?] {
    let runs = Spec.hasPairs ? 2 : 1
    guard results.hasEnded(firstPrompt + prompt) else {
      return Array(repeating: nil, count: runs * metrics.count)
    }
    let rows = baseline(prompt, results)
    return (0..<runs).flatMap { run in
      metrics.map { metric in .floats([rows.map { value($0[run], metric) } ?? .nan]) }
    }
  }

  /// Cells of an item, a prompt and a condition, as far as they are known.
  struct Cells {
    var status: [CellStatus]
    /// Nil where there is no value.
    var rows: [RowMetrics?]
    let base: RowMetrics
    let source: RowMetrics?
  }

  func cells(
    _ item: Int, prompt: Int, condition: Int, knownBy results: Results<SweepResult>
  ) -> Cells? {
    guard let unchanged = baseline(prompt, results) else { return nil }
    let (site, grid) = (spec.items[item], outline.grids[item])
    let isDenoising = changesCorrupted(condition)
    let base = unchanged[isDenoising ? 1 : 0]
    let count = grid.cellCount(site)
    var cells = Cells(
      status: (0..<count).map {
        let place = grid.cell($0, site, layerCount: outline.layers).place
        return grid.places[prompt].indices.contains(place)
          && !grid.places[prompt][place].positions.isEmpty ? .equalToBaseline : .notRequested
      }, rows: [], base: base, source: Spec.hasPairs ? unchanged[isDenoising ? 0 : 1] : nil)
    cells.rows = cells.status.map { $0 == .equalToBaseline ? base : nil }
    for number in unitNumbers(item, prompt: prompt, condition: condition) {
      let unit = units[number - firstUnit]
      guard case .cells(let rows)? = results[number] else {
        for cell in unit.cells {
          cells.status[cell] = results.hasFailed(number) ? .failed : .pending
          cells.rows[cell] = nil
        }
        continue
      }
      for (cell, row) in zip(unit.cells, rows) {
        (cells.status[cell], cells.rows[cell]) = (.done, row)
      }
    }
    return cells
  }

  /// Patching units of an item, a prompt and a condition.
  private func unitNumbers(_ item: Int, prompt: Int, condition: Int) -> [Int] {
    // Units lie prompt by prompt, so a few neighbours are looked at.
    var (low, high) = (0, units.count)
    while low < high {
      let middle = (low + high) / 2
      if units[middle].prompt < prompt { low = middle + 1 } else { high = middle }
    }
    return units[low...].indices.lazy.prefix { units[$0].prompt == prompt }
      .filter { units[$0].item == item && units[$0].condition == condition }
      .map { $0 + firstUnit }
  }

  private func derivedValue(_ row: RowMetrics, _ cells: Cells, _ metric: SweepMetric) -> Float {
    let (own, base) = (value(row, metric), value(cells.base, metric))
    guard let source = cells.source else { return own - base }
    let span = value(source, metric) - base
    // Undefined where the two runs agree.
    return span == 0 ? .nan : (own - base) / span
  }

  private func cells(
    _ item: Int, prompt: Int, condition: Int, _ results: Results<SweepResult>
  ) -> [ArrayValues?] {
    let count = outline.grids[item].cellCount(spec.items[item])
    if results.hasFailed(firstPrompt + prompt) {
      let nothing = ArrayValues.floats(Array(repeating: .nan, count: count))
      return metrics.flatMap { _ in [nothing, nothing] }
        + [.bytes(Array(repeating: CellStatus.failed.rawValue, count: count))]
    }
    guard
      unitNumbers(item, prompt: prompt, condition: condition).allSatisfy({ results.hasEnded($0) }),
      let cells = cells(item, prompt: prompt, condition: condition, knownBy: results)
    else { return Array(repeating: nil, count: 2 * metrics.count + 1) }
    return metrics.map { metric in
      .floats(cells.rows.map { $0.map { value($0, metric) } ?? .nan })
    }
      + metrics.map { metric in
        .floats(cells.rows.map { $0.map { derivedValue($0, cells, metric) } ?? .nan })
      } + [.bytes(cells.status.map(\.rawValue))]
  }

  // MARK: Means over prompts

  private func means(_ item: Int, _ results: Results<SweepResult>) -> [ArrayValues?] {
    let ends = spec.metric.bootstrap > 0 ? 3 : 1
    guard (firstPrompt..<unitCount).allSatisfy({ results.hasEnded($0) }) else {
      return Array(repeating: nil, count: ends * 2 * metrics.count)
    }
    let all = outline.prompts.indices.map { prompt in
      spec.conditions.indices.map {
        cells(item, prompt: prompt, condition: $0, knownBy: results)
      }
    }
    let bootstrap = Bootstrap(spec.metric, prompts: outline.prompts.count)
    let count = outline.grids[item].cellCount(spec.items[item])
    var values: [ArrayValues] = []
    for metric in metrics {
      for isDerived in [false, true] {
        var (means, lows, highs) = ([Float](), [Float](), [Float]())
        for condition in spec.conditions.indices {
          for cell in 0..<count {
            let column = outline.prompts.indices.map { prompt -> Float in
              guard let cells = all[prompt][condition], let row = cells.rows[cell] else {
                return .nan
              }
              return isDerived ? derivedValue(row, cells, metric) : value(row, metric)
            }
            let interval = bootstrap.interval(column)
            means.append(interval.mean)
            lows.append(interval.low)
            highs.append(interval.high)
          }
        }
        values += ends == 3 ? [.floats(means), .floats(lows), .floats(highs)] : [.floats(means)]
      }
    }
    return values
  }

  func progress(_ results: Results<SweepResult>) -> RunDetails { RunDetails() }
}

extension SweepPrompt {
  /// The rows of the prompt's run, and of the one it is compared with.
  var rows: RunRows {
    guard noised.isEmpty else {
      return RunRows([(length: ids.count, shared: nil), (length: ids.count, shared: noiseShare)])
    }
    return RunRows(otherIDs.isEmpty ? [BaseRun(ids)] : BaseRun.sharingPrefixes([ids, otherIDs]))
  }
}

extension Array {
  fileprivate func appending(_ more: [Element]) -> [Element] { self + more }
}

/// Intervals of means by drawing prompts with replacement.
///
/// Efron, 1979, <https://doi.org/10.1214/aos/1176344552>; the interval is that of percentiles.
struct Bootstrap {
  /// How often each prompt is in each draw.
  private let counts: [[Float]]
  private let tail: Double

  init(_ section: SweepMetricSection, prompts: Int) {
    tail = (1 - section.confidence) / 2
    let random = Philox(key: UInt64(section.seed))
    counts = (0..<section.bootstrap).map { draw in
      var counts = [Float](repeating: 0, count: prompts)
      for place in 0..<prompts {
        let words = random.words(
          SIMD4(UInt32(truncatingIfNeeded: place), UInt32(draw), 0x626F_6F74, 0))
        counts[Int((UInt64(words[0]) * UInt64(prompts)) >> 32)] += 1
      }
      return counts
    }
  }

  /// The mean over what is a number, and its interval; NaN without any.
  func interval(_ values: [Float]) -> (mean: Float, low: Float, high: Float) {
    let known = values.indices.filter { !values[$0].isNaN }
    guard !known.isEmpty else { return (.nan, .nan, .nan) }
    let mean = known.reduce(0.0) { $0 + Double(values[$1]) } / Double(known.count)
    guard !counts.isEmpty else { return (Float(mean), .nan, .nan) }
    var means: [Double] = []
    means.reserveCapacity(counts.count)
    for draw in counts {
      var (sum, count) = (0.0, 0.0)
      for place in known {
        sum += Double(draw[place]) * Double(values[place])
        count += Double(draw[place])
      }
      if count > 0 { means.append(sum / count) }
    }
    guard !means.isEmpty else { return (Float(mean), .nan, .nan) }
    means.sort()
    func quantile(_ share: Double) -> Float {
      let place = share * Double(means.count - 1)
      let (below, part) = (Int(place), place - Double(Int(place)))
      let above = min(below + 1, means.count - 1)
      return Float(means[below] + (means[above] - means[below]) * part)
    }
    return (Float(mean), quantile(tail), quantile(1 - tail))
  }
}
