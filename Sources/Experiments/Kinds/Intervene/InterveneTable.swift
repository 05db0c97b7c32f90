internal import Inputs
internal import Interventions
internal import JobFiles
internal import ResultsStore

/// What a grid's units, arrays and figures hang on beside its job.
struct InterveneOutline: Sendable, Codable {
  /// Of each axis, what its values are called.
  let labels: [[String]]
  /// What each prompt is called.
  let prompts: [String]
  /// Tokens of each; nil where they differ by cell.
  let lengths: [Int]?
  /// How many of the most probable answers are kept.
  let top: Int
  /// Steps of each training, and whether it is tried at its end.
  let steps: Int
  let evaluates: Bool
  let newTokens: Int
  /// Of each cell, what it costs relative to the others.
  let costs: [Double]
}

/// Units and arrays of a grid: a cell is a unit, and arrays are `[axes..., ...]`.
struct InterveneTable: Table {
  let spec: InterveneSpec
  let outline: InterveneOutline

  init(_ spec: InterveneSpec, _ outline: InterveneOutline) throws(Refusal) {
    (self.spec, self.outline) = (spec, outline)
    let count = outline.labels.reduce(1) { $0 * $1.count }
    guard outline.labels.count == spec.axes.count, count > 0, outline.costs.count == count,
      outline.lengths.map({ $0.count == outline.prompts.count }) ?? true
    else {
      throw Refusal(
        .store, field: "labels",
        found: "\(outline.labels.count) axes, \(outline.costs.count) cells",
        expected: "\(spec.axes.count) axes and a cost for each cell")
    }
    let names = groups.flatMap(\.quantities).map(\.name)
    for axis in spec.axes where names.count(where: { $0 == axis.name }) > 1 {
      throw axis.place.refusal(
        "the axis \(quoted(axis.name)), which the results have",
        expected: "[grid.NAME] with fields and values, under another name")
    }
  }

  // MARK: Units

  var unitCount: Int { outline.costs.count }
  func cost(of unit: Int) -> Double { outline.costs[unit] }
  var prompts: Int { outline.prompts.count }
  /// Of a forward pass, how many of the most probable tokens are kept.
  var top: Int { outline.top }

  /// The places of a cell along the axes, the last of which goes fastest.
  func place(of unit: Int) -> [Int] {
    var (rest, place) = (unit, [Int]())
    for labels in outline.labels.reversed() {
      place.insert(rest % labels.count, at: 0)
      rest /= labels.count
    }
    return place
  }

  func unit(at place: [Int]) -> Int {
    zip(outline.labels, place).reduce(0) { $0 * $1.0.count + $1.1 }
  }

  func name(of unit: Int) -> String {
    let parts = zip(spec.axes, place(of: unit)).enumerated().map { number, pair in
      "\(pair.0.name) \(escaped(outline.labels[number][pair.1]))"
    }
    return "cell \(parts.joined(separator: ", "))"
  }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> CellResult {
    try CellResult(bytes, self, name: name(of: unit))
  }

  // MARK: Arrays

  private var axes: [Axis] {
    zip(spec.axes, outline.labels).map { Axis($0.name, $1.count) }
  }

  /// Labels that are numbers, as numbers.
  private func numbers(_ axis: Int) -> [Int32]? {
    let numbers = outline.labels[axis].compactMap { Int32($0) }
    return numbers.count == outline.labels[axis].count ? numbers : nil
  }

  /// The metrics of a forward pass, and of other forms what each cell comes to.
  var metricNames: [String] {
    switch spec.form {
    case .forward, .saveLoad, .gruTime, .attentionWeight:
      (spec.metrics?.store ?? []).map(\.rawValue)
    case .generate: ["changed_tokens"]
    case .gradient: ["loss", "gradient_norm"]
    case .train: outline.evaluates ? ["eval_accuracy", "eval_loss", "final_loss"] : ["final_loss"]
    }
  }

  var groups: [ArrayGroup] {
    let prompt = Axis("prompt", prompts)
    let hasPrompts = spec.form != .train
    var labels = axes.enumerated().map { number, axis in
      Quantity(axis.name, numbers(number) == nil ? .string : .int32, [axis])
    }
    if hasPrompts {
      labels += [
        Quantity("prompt", .int32, [prompt]), Quantity("id", .string, [prompt]),
      ]
      if outline.lengths != nil { labels.append(Quantity("token_count", .int32, [prompt])) }
    }
    let cells: [Quantity]
    var texts: [Quantity] = []
    switch spec.form {
    case .forward, .saveLoad, .gruTime, .attentionWeight:
      let rank = Axis("rank", top)
      labels.append(Quantity("rank", .int32, [rank]))
      let metrics = spec.metrics?.store ?? []
      cells =
        metrics.map {
          Quantity($0.rawValue, .float32, [prompt], $0.says, law: $0.law, isRounded: true)
        }
        + metrics.map {
          Quantity(
            "\($0.rawValue)_unchanged", .float32, [prompt], "the same of the unchanged run",
            law: $0.law, isRounded: true)
        }
        + [
          Quantity("answer_id", .int32, [prompt], "what the metrics are of", fill: -1),
          Quantity("top_token_id", .int32, [prompt, rank], "of the changed run", fill: -1),
          Quantity(
            "top_probability", .float32, [prompt, rank], "of the changed run",
            law: .within(0...1)),
          Quantity(
            "top_token_id_unchanged", .int32, [prompt, rank], "of the unchanged run", fill: -1),
          Quantity(
            "top_probability_unchanged", .float32, [prompt, rank], "of the unchanged run",
            law: .within(0...1)),
        ]
      texts = [
        Quantity("answer", .string, axes + [prompt], "what the metrics are of"),
        Quantity("top_token", .string, axes + [prompt, rank], "of the changed run"),
        Quantity("top_token_unchanged", .string, axes + [prompt, rank], "of the unchanged run"),
      ]
    case .generate:
      let token = Axis("new_token", outline.newTokens)
      labels.append(Quantity("new_token", .int32, [token]))
      cells = [
        Quantity(
          "changed_tokens", .float32, [prompt],
          "the part of the new tokens that differ from those of the unchanged run",
          law: .within(0...1)),
        Quantity("token_id", .int32, [prompt, token], "of the changed run", fill: -1),
        Quantity("token_id_unchanged", .int32, [prompt, token], "of the unchanged run", fill: -1),
      ]
      texts = [
        Quantity("text", .string, axes + [prompt], "what the changed run generates"),
        Quantity("text_unchanged", .string, axes + [prompt], "what the unchanged run generates"),
      ]
    case .gradient:
      cells = [
        Quantity(
          "loss", .float32, [], "of the objective, in nats where that is a cross entropy",
          law: .finite),
        Quantity(
          "gradient_norm", .float32, [], "of all parameters that the gradient is taken at",
          law: .finite),
      ]
    case .train:
      let step = Axis("step", outline.steps)
      labels.append(Quantity("step", .int32, [step]))
      cells =
        [
          Quantity(
            "loss", .float32, [step], "of each step, in the unit of the objective", law: .finite),
          Quantity(
            "final_loss", .float32, [], "of the last step, in the unit of the objective",
            law: .finite),
        ]
        + (outline.evaluates
          ? [
            Quantity(
              "eval_loss", .float32, [], "over the evaluation, in the unit of the objective",
              law: .finite),
            Quantity(
              "eval_accuracy", .float32, [],
              "the part of the evaluation whose most probable answer is its label",
              law: .within(0...1)),
          ] : [])
    }
    let status = Quantity("status", .uint8, [], flags: CellStatus.flags)
    return [ArrayGroup(labels), ArrayGroup(over: axes, cells + [status])]
      + (texts.isEmpty ? [] : [ArrayGroup(texts)])
  }

  func values(
    _ group: Int, at block: [Int], _ results: Results<CellResult>
  ) throws(Refusal) -> [ArrayValues?] {
    switch group {
    case 0: return labels
    case 1:
      let unit = unit(at: block)
      let count = groups[1].quantities.count - 1
      guard results.hasEnded(unit) else { return Array(repeating: nil, count: count + 1) }
      let status = results.hasFailed(unit) ? CellStatus.failed : .done
      return (results[unit] ?? CellResult.missing(self)).arrays(self)
        + [.bytes([status.rawValue])]
    default:
      let count = groups[2].quantities.count
      guard (0..<unitCount).allSatisfy({ results.hasEnded($0) }) else {
        return Array(repeating: nil, count: count)
      }
      let cells = (0..<unitCount).map { (results[$0] ?? CellResult.missing(self)).texts(self) }
      return (0..<count).map { number in .texts(cells.flatMap { $0[number] }) }
    }
  }

  private var labels: [ArrayValues] {
    var labels = outline.labels.indices.map { axis in
      numbers(axis).map { ArrayValues.integers($0) } ?? .texts(outline.labels[axis])
    }
    if spec.form != .train {
      labels += [.index(prompts), .texts(outline.prompts)]
      if let lengths = outline.lengths { labels.append(.integers(lengths.map { Int32($0) })) }
    }
    switch spec.form {
    case .forward, .saveLoad, .gruTime, .attentionWeight: labels.append(.index(top))
    case .generate: labels.append(.index(outline.newTokens))
    case .train: labels.append(.index(outline.steps))
    case .gradient: break
    }
    return labels
  }
}
