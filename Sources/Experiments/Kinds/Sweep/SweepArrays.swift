internal import Inputs
internal import JobFiles
internal import ResultsStore
internal import Statistics

/// The arrays that a sweep's results fill: labels, unchanged runs, and of each item its cells and their
/// means over prompts.
extension SweepTable {
  /// What is stored of each cell beside its metrics: how far it goes from the unchanged run.
  private var derived: (name: String, says: String) {
    Spec.hasPairs
      ? ("recovery", "(patched - base) / (source - base) of it: 0 no effect, 1 the source's value")
      : ("change", "its change by the ablation: ablated less unchanged")
  }

  private var metrics: [SweepMetric] { spec.metric.store }

  /// What means are taken of: each metric, and its recovery or change.
  var metricNames: [String] {
    metrics.flatMap { [$0.rawValue, "\($0.rawValue)_\(derived.name)"] }
  }

  var groups: [ArrayGroup] {
    let prompt = Axis(Spec.promptAxis, outline.prompts.count)
    let condition = Axis(Spec.conditionAxis, spec.conditions.count)
    // Groups inherit axes, and have positions of their own.
    let position = Axis("token_position", longestRun)
    let runs = Spec.hasPairs ? ["clean", "corrupted"] : ["unchanged"]
    var ends = [("mean", "mean over \(Spec.promptAxis)s")]
    if spec.metric.bootstrap > 0 {
      ends += [
        ("low", "lower end of its bootstrap interval"),
        ("high", "upper end of its bootstrap interval"),
      ]
    }
    ends.append(("count", "\(Spec.promptAxis)s that the mean is over: those that have a value"))
    func floats(_ name: String, _ axes: [Axis], _ metric: SweepMetric, _ says: String = "")
      -> Quantity
    {
      Quantity(
        name, .float32, axes, says.isEmpty ? metric.says : "\(metric.rawValue): \(says)",
        law: says.isEmpty ? metric.law : .finite, isRounded: true)
    }
    var texts = [
      Quantity(prompt.name, .int32, [prompt]), Quantity(condition.name, .string, [condition]),
      Quantity(position.name, .int32, [position]), Quantity("id", .string, [prompt]),
    ]
    if someTakeTop {
      texts.append(Quantity("answer_source", .string, [prompt], TopToken.says))
    } else {
      texts += [Quantity("answer", .string, [prompt]), Quantity("answer_id", .int32, [prompt])]
    }
    texts += [
      Quantity("foil", .string, [prompt]), Quantity("foil_id", .int32, [prompt], fill: -1),
      Quantity("token_count", .int32, [prompt]), Quantity("token", .string, [prompt, position]),
      Quantity("token_id", .int32, [prompt, position], fill: -1),
    ]
    if Spec.hasPairs {
      let says = "of the corrupted run's prompt"
      texts += [
        Quantity("corrupted_token", .string, [prompt, position], says),
        Quantity("corrupted_token_id", .int32, [prompt, position], says, fill: -1),
      ]
    }
    var groups = [
      ArrayGroup(texts),
      ArrayGroup(
        over: [prompt],
        // An answer that the clean run tells is known with it.
        (someTakeTop
          ? [Quantity("answer", .string), Quantity("answer_id", .int32, fill: -1)] : [])
          + runs.flatMap { run in metrics.map { floats("\(run)_\($0.rawValue)", [], $0) } }),
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
          Quantity("position", placeNumbers(item, grid) == nil ? .string : .int32, [places]))
        labels.append(
          Quantity(
            "position_in_prompt", .int32, [prompt, places],
            "the token of the clean prompt that is replaced, of several the first", fill: -1))
      }
      let means = Axis("metric", metricNames.count)
      labels.append(Quantity(means.name, .string, [means]))
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
          ends.map { end, says in
            Quantity(
              end, end == "count" ? .int32 : .float32, [means, condition] + axes, says, law: .finite
            )
          }))
    }
    return groups
  }

  /// Refuses items that are called as what stands beside their groups in the store.
  func refuseTakenNames() throws(Refusal) {
    let taken =
      groups.prefix(2).flatMap { $0.quantities.map(\.name) } + ["zarr.json", "c"]
    for item in spec.items where taken.contains(item.name) {
      throw item.place.member("name").refusal(
        "\(quoted(item.name)), which an array of the results is called",
        expected: "a name that none of them has")
    }
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

  /// Tokens of the longest run.
  private var longestRun: Int {
    outline.prompts.map { max($0.ids.count, $0.otherIDs.count) }.max() ?? 0
  }

  private func placeLabels(_ item: SweptSite, _ grid: SweepGrid) -> [String] {
    grid.placeLabels(item, lengths: outline.prompts.map(\.ids.count))
  }

  /// What places are called, where all of them are numbers.
  private func placeNumbers(_ item: SweptSite, _ grid: SweepGrid) -> [Int32]? {
    let labels = placeLabels(item, grid)
    let numbers = labels.compactMap { Int32($0) }
    return item.placeNames == nil && numbers.count == labels.count ? numbers : nil
  }

  private var labels: [ArrayValues] {
    let (prompts, longest) = (outline.prompts, longestRun)
    func padded<T>(_ values: [T], _ filler: T) -> [T] {
      values + Array(repeating: filler, count: longest - values.count)
    }
    var own: [ArrayValues] = [.index(longest), .texts(prompts.map(\.id))]
    if someTakeTop {
      own.append(.texts(prompts.map { $0.takesTop ? "top_token" : "data" }))
    } else {
      own += [.texts(prompts.map(\.answer)), .integers(prompts.map { Int32($0.answerID) })]
    }
    own += [
      .texts(prompts.map { $0.foil ?? "" }), .integers(prompts.map { Int32($0.foilID ?? -1) }),
      .integers(prompts.map { Int32($0.ids.count) }),
      .texts(prompts.flatMap { padded($0.tokens, "") }),
      .integers(prompts.flatMap { padded($0.ids.map { Int32($0) }, -1) }),
    ]
    let corrupted: [ArrayValues] = [
      .texts(prompts.flatMap { padded($0.otherTokens, "") }),
      .integers(prompts.flatMap { padded($0.otherIDs.map { Int32($0) }, -1) }),
    ]
    return promptLabels + own + (Spec.hasPairs ? corrupted : [])
  }

  private func labels(of item: Int) -> [ArrayValues] {
    let (site, grid) = (spec.items[item], outline.grids[item])
    var labels = promptLabels
    if grid.units == nil {
      labels.append(.integers((grid.layers ?? []).map { Int32($0) }))
      if let coordinates = grid.coordinates {
        labels.append(.integers(coordinates.map { Int32($0) }))
      }
    } else if let names = grid.unitNames(site) {
      labels.append(.texts(names))
    }
    guard site.eachPosition else { return labels + [.texts(metricNames)] }
    labels.append(
      placeNumbers(site, grid).map { .integers($0) } ?? .texts(placeLabels(site, grid)))
    labels.append(
      .integers(
        grid.places.flatMap { places in
          (0..<grid.positionCount).map {
            places.indices.contains($0) ? Int32(places[$0].positions.first ?? -1) : -1
          }
        }))
    return labels + [.texts(metricNames)]
  }

  /// The unchanged runs of a prompt, once known: its own, and the one it is compared with.
  func baseline(_ prompt: Int, _ results: Results<SweepResult>) -> [RowMetrics]? {
    guard case .baseline(let rows, _)? = results[firstPrompt + prompt] else { return nil }
    return rows
  }

  /// The clean run's most probable token, where it is a prompt's answer, once known.
  func top(_ prompt: Int, _ results: Results<SweepResult>) -> TopToken? {
    guard case .baseline(_, let top)? = results[firstPrompt + prompt] else { return nil }
    return top
  }

  /// Whether the clean run tells the answer of a prompt.
  private var someTakeTop: Bool { outline.prompts.contains(where: \.takesTop) }

  private func value(_ row: RowMetrics, _ metric: SweepMetric) -> Float {
    row.value(metric, topK: spec.metric.topK)
  }

  private func baselines(_ prompt: Int, _ results: Results<SweepResult>) -> [ArrayValues?] {
    let runs = Spec.hasPairs ? 2 : 1
    guard results.hasEnded(firstPrompt + prompt) else {
      return Array(repeating: nil, count: runs * metrics.count + (someTakeTop ? 2 : 0))
    }
    let (rows, own, top) = (
      baseline(prompt, results), outline.prompts[prompt], top(prompt, results)
    )
    let answer: [ArrayValues] =
      someTakeTop
      ? [
        .texts([top?.text ?? own.answer]), .integers([Int32(top?.id ?? own.answerID)]),
      ] : []
    return answer
      + (0..<runs).flatMap { run in
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
    let recovery = (own - base) / (value(source, metric) - base)
    // Undefined where the two runs agree.
    return recovery.isFinite ? recovery : .nan
  }

  /// Prompts whose recovery of a metric is undefined, since their unchanged runs agree in it.
  func undefinedRecoveries(_ results: Results<SweepResult>) -> [(metric: SweepMetric, count: Int)] {
    guard Spec.hasPairs else { return [] }
    let known = outline.prompts.indices.compactMap { baseline($0, results) }
    return metrics.compactMap { metric in
      let count = known.count { runs in
        let span = value(runs[0], metric) - value(runs[1], metric)
        return span == 0 || !span.isFinite
      }
      return count > 0 ? (metric, count) : nil
    }
  }

  /// The same in a line; nil where all are defined.
  func undefinedRecoveryLine(_ results: Results<SweepResult>) -> String? {
    let undefined = undefinedRecoveries(results).map { metric, count in
      "\(metric.rawValue) for \(count) of \(outline.prompts.count) \(Spec.promptAxis)s"
    }
    guard !undefined.isEmpty else { return nil }
    return "recovery is undefined where the two runs agree: of "
      + undefined.joined(separator: ", of ") + ", which its means leave out"
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
    let ends = spec.metric.bootstrap > 0 ? 4 : 2
    guard (firstPrompt..<unitCount).allSatisfy({ results.hasEnded($0) }) else {
      return Array(repeating: nil, count: ends)
    }
    let all = outline.prompts.indices.map { prompt in
      spec.conditions.indices.map {
        cells(item, prompt: prompt, condition: $0, knownBy: results)
      }
    }
    let bootstrap = Bootstrap(
      of: outline.prompts.count, draws: spec.metric.bootstrap, confidence: spec.metric.confidence,
      seed: UInt64(spec.metric.seed))
    let count = outline.grids[item].cellCount(spec.items[item])
    var (means, lows, highs, counts) = ([Float](), [Float](), [Float](), [Int32]())
    for metric in metrics {
      for isDerived in [false, true] {
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
            counts.append(Int32(column.count { !$0.isNaN }))
          }
        }
      }
    }
    let intervals: [ArrayValues] = ends == 4 ? [.floats(lows), .floats(highs)] : []
    return [.floats(means)] + intervals + [.integers(counts)]
  }
}
