internal import Cluster
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Prompts
internal import ResultsStore

/// What the units, arrays and figures of a training job hang on beside the job.
struct TrainingOutline: Sendable, Codable {
  /// Nil where the interventions say it themselves.
  let layers: [Int?]
  /// Of the model, as far as an intervention's layer can be.
  let modelLayers: Int
  /// Of each training.
  let steps: Int
  /// Steps before each evaluation on the way.
  let evaluations: [Int]
}

/// Units and arrays of jobs that train something: a unit is a training.
///
/// Everything is `[layer, position, width, ...]`, with a chunk for each training.
struct TrainingTable<Spec: TrainingSpec>: Table {
  let spec: Spec
  let outline: TrainingOutline
  let grid: DasGrid

  init(_ spec: Spec, _ outline: TrainingOutline) throws(Refusal) {
    guard !outline.layers.isEmpty, (0...1 << 24).contains(outline.steps),
      outline.evaluations.allSatisfy({ (1...max(1, outline.steps)).contains($0) }),
      outline.layers.allSatisfy({ $0.map { (0..<1 << 20).contains($0) } ?? true })
    else {
      throw Refusal(
        .store, field: "steps", found: "\(outline.steps) steps, \(outline.layers.count) layers",
        expected: "the outline of a training")
    }
    (self.spec, self.outline) = (spec, outline)
    grid = DasGrid(
      layers: outline.layers, positions: spec.sweep.positions.map { $0 } ?? [nil],
      widths: spec.sweep.widths.map { $0 } ?? [nil])
  }

  var unitCount: Int { grid.count }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> DasResult {
    try DasResult(bytes, steps: outline.steps, unit: unit)
  }

  func next(_ results: Results<DasResult>) -> Phase? {
    Phase("trainings", of: "trainings", over: Array(0..<grid.count), results) {
      WorkUnit(number: $0, cost: cost(of: $0))
    }
  }

  /// In layers that a step goes through.
  func cost(of unit: Int) -> Double {
    grid.point(unit).layer.map { Double(max(1, outline.modelLayers - $0)) } ?? 1
  }

  func name(of unit: Int) -> String { "unit \(unit) (\(grid.point(unit).text))" }

  func files(_ results: Results<DasResult>, in folder: String) -> [RunFile] {
    results.done.compactMap { unit in
      results[unit].map {
        RunFile(
          unit: unit, path: spec.trained(grid.point(unit), in: folder),
          digest: $0.parametersDigest, isFolder: true)
      }
    }
  }

  func first(in folder: String) -> FirstRun? {
    guard let spec = spec as? DasSpec, case .pretrained = spec.model else { return nil }
    return FirstRun(
      what: "the model", kind: .train, path: RunFolder.pretraining(of: folder))
  }

  // MARK: Arrays

  /// An array with an element, or a list of them, for each training.
  enum Content: String, CaseIterable {
    case loss, gradientNorm = "gradient_norm"
    case developmentLoss = "development_loss"
    case developmentAccuracy = "development_accuracy"
    case accuracy, accuracyLow = "accuracy_low", accuracyHigh = "accuracy_high"
    case finalLoss = "final_loss"
    case controlAccuracy = "control_accuracy"
    case controlLow = "control_accuracy_low", controlHigh = "control_accuracy_high"
    case unchangedAccuracy = "unchanged_accuracy"
    case boundary
    case keptStep = "kept_step"
    case status

    enum Axis { case none, step, evaluation, split, control, intervention }

    var axis: Axis {
      switch self {
      case .loss, .gradientNorm: .step
      case .developmentLoss, .developmentAccuracy: .evaluation
      case .accuracy, .accuracyLow, .accuracyHigh, .finalLoss: .split
      case .controlAccuracy, .controlLow, .controlHigh: .control
      case .boundary: .intervention
      case .unchangedAccuracy, .keptStep, .status: .none
      }
    }

    var type: ZarrDataType {
      switch self {
      case .keptStep: .int32
      case .status: .uint8
      default: .float32
      }
    }

    /// - Parameter rate: What accuracies are called.
    func says(_ rate: String) -> String {
      switch self {
      case .loss: "loss of each step, before it, penalties included"
      case .gradientNorm: "norm of each step's gradient, before it is clipped"
      case .developmentLoss: "loss on the development set after so many steps"
      case .developmentAccuracy: "\(rate) on the development set"
      case .accuracy: rate
      case .accuracyLow, .controlLow: "lower end of its 95 % interval (Wilson)"
      case .accuracyHigh, .controlHigh: "upper end of its 95 % interval (Wilson)"
      case .finalLoss: "loss at the end, without penalties"
      case .controlAccuracy: "\(rate) of what it is compared with"
      case .unchangedAccuracy: "accuracy of the model without interventions"
      case .boundary: "part of the coordinates that is exchanged"
      case .keptStep: "steps after which the parameters were kept"
      case .status: "what has become of the training"
      }
    }

    var law: Law {
      switch self {
      case .accuracy, .accuracyLow, .accuracyHigh, .controlAccuracy, .controlLow, .controlHigh,
        .unchangedAccuracy, .developmentAccuracy:
        .within(0...1)
      case .boundary: .finite
      default: .any
      }
    }
  }

  /// Whether trainings are compared with others: a model's own training is not.
  var hasControls: Bool { Spec.jobKind == .das }

  private var hasBoundaries: Bool {
    spec.interventions.contains { $0.typeName == "BoundlessRotatedSpaceIntervention" }
  }

  /// Those that the job has.
  private var contents: [Content] {
    Content.allCases.filter {
      ($0 != .boundary || hasBoundaries) && ($0.axis != .evaluation || !outline.evaluations.isEmpty)
        && ($0.axis != .control || hasControls)
        && ($0 != .unchangedAccuracy || !spec.interventions.isEmpty)
    }
  }

  var attributes: [Attribute.Member] { [.init("loss", .text(spec.train.loss.rawValue))] }

  var groups: [ArrayGroup] {
    let (layer, position) = (
      Axis("layer", grid.layers.count), Axis("position", grid.positions.count)
    )
    let (width, step) = (Axis("width", grid.widths.count), Axis("step", outline.steps))
    let evaluation = Axis("evaluation", outline.evaluations.count)
    let (split, control) = (
      Axis("split", Split.allCases.count), Axis("control", DasResult.Control.allCases.count)
    )
    let rate =
      spec.interventions.isEmpty
      ? "accuracy: the part of examples whose label is the model's first answer"
      : "interchange intervention accuracy"
    let which = "-1 where the interventions have none in common"
    let labels =
      [
        Quantity("layer", .int32, [layer], "layer of the interventions, \(which)"),
        Quantity("width", .int32, [width], "dimensions that are exchanged, \(which)"),
        Quantity("step", .int32, [step]),
      ]
      + ([position, split] + (hasControls ? [control] : [])).map {
        Quantity($0.name, .string, [$0])
      }
      + (evaluation.count > 0 ? [Quantity("evaluation", .int32, [evaluation])] : [])
    return [
      ArrayGroup(labels),
      ArrayGroup(
        over: [layer, position, width],
        contents.map { content in
          let inner: [Axis] =
            switch content.axis {
            case .none: []
            case .step: [step]
            case .evaluation: [evaluation]
            case .split: [split]
            case .control: [control]
            case .intervention: [Axis("intervention", spec.interventions.count)]
            }
          return Quantity(
            content.rawValue, content.type, inner, content.says(rate),
            fill: content == .keptStep ? -1 : 0, law: content.law,
            flags: content == .status ? CellStatus.flags : [])
        }),
    ]
  }

  func values(
    _ group: Int, at block: [Int], _ results: Results<DasResult>
  ) throws(Refusal) -> [ArrayValues?] {
    guard group > 0 else { return labels }
    let unit = (block[0] * grid.positions.count + block[1]) * grid.widths.count + block[2]
    if let result = results[unit] { return contents.map { values($0, of: result) } }
    guard results.hasFailed(unit) else { return contents.map { _ in nil } }
    let nothing = DasResult(failed: Split.allCases.count)
    return contents.map {
      $0 == .status ? .bytes([CellStatus.failed.rawValue]) : values($0, of: nothing)
    }
  }

  private var labels: [ArrayValues] {
    func integers(_ values: some Sequence<Int>) -> ArrayValues {
      .integers(values.map { Int32(clamping: $0) })
    }
    return [
      integers(axisLabels(0) { layer($0) ?? -1 }), integers(axisLabels(2) { width($0) ?? -1 }),
      .index(outline.steps), .texts(axisLabels(1, position)),
      .texts(Split.allCases.map(\.rawValue)),
    ] + (hasControls ? [.texts(DasResult.Control.allCases.map(\.name))] : [])
      + (outline.evaluations.isEmpty ? [] : [integers(outline.evaluations)])
  }

  /// The labels of one axis of the sweep, from the trainings that begin the others.
  private func axisLabels<Label>(_ axis: Int, _ label: (DasGrid.Point) -> Label) -> [Label] {
    grid.points.filter { point in (0..<3).allSatisfy { $0 == axis || point.index[$0] == 0 } }
      .map(label)
  }

  /// Where a training intervenes: as the sweep says, or as all interventions alike say themselves.
  func layer(_ point: DasGrid.Point) -> Int? { point.layer ?? own(\.layer) }
  func width(_ point: DasGrid.Point) -> Int? { point.width ?? own(\.width) }
  func position(_ point: DasGrid.Point) -> String {
    point.position?.label ?? own { $0.position?.label ?? "last" } ?? ""
  }

  private func own<Value: Hashable>(_ value: (InterventionItem) -> Value?) -> Value? {
    let all = Set(spec.interventions.map(value))
    return all.count == 1 ? all.first ?? nil : nil
  }

  private func values(_ content: Content, of result: DasResult) -> ArrayValues {
    func padded(_ values: [Float], _ count: Int) -> ArrayValues {
      .floats(values + Array(repeating: .nan, count: max(0, count - values.count)))
    }
    func floats(_ scores: [Score?], _ value: (Score) -> Double) -> ArrayValues {
      .floats(scores.map { $0.map { Float(value($0)) } ?? .nan })
    }
    let byStep = Dictionary(
      result.evaluations.map { ($0.step, $0) }, uniquingKeysWith: { $1 })
    switch content {
    case .loss: return padded(result.losses, outline.steps)
    case .gradientNorm: return padded(result.norms, outline.steps)
    case .developmentLoss: return .floats(outline.evaluations.map { byStep[$0]?.loss ?? .nan })
    case .developmentAccuracy:
      return .floats(outline.evaluations.map { byStep[$0].map { Float($0.accuracy) } ?? .nan })
    case .accuracy: return floats(result.scores, \.accuracy)
    case .accuracyLow: return floats(result.scores, \.interval.low)
    case .accuracyHigh: return floats(result.scores, \.interval.high)
    case .finalLoss: return floats(result.scores) { Double($0.loss) }
    case .controlAccuracy: return floats(result.controls, \.accuracy)
    case .controlLow: return floats(result.controls, \.interval.low)
    case .controlHigh: return floats(result.controls, \.interval.high)
    case .unchangedAccuracy: return floats([result.unchanged], \.accuracy)
    case .boundary: return padded(result.boundaries, spec.interventions.count)
    case .keptStep: return .integers([Int32(clamping: result.keptStep)])
    case .status: return .bytes([CellStatus.done.rawValue])
    }
  }
}

extension DasResult {
  /// What is known of a training under way.
  init(soFar history: TrainingHistory, splits: Int) {
    self.init(failed: splits)
    (losses, norms, evaluations) = (history.losses, history.norms, history.evaluations)
  }

  /// Stands for a training that failed.
  fileprivate init(failed splits: Int) {
    self.init()
    scores = Array(repeating: nil, count: splits)
    controls = DasResult.Control.allCases.map { _ in nil }
    keptStep = -1
  }
}

extension TrainingOutline {
  init(_ job: some TrainingJob, layers modelLayers: Int) {
    let (train, steps) = (job.trainingSpec.train, job.steps)
    let every = train.evaluateEvery ?? steps.perEpoch
    let all = Array(stride(from: every, through: steps.total, by: every))
    self.init(
      layers: job.grid.layers, modelLayers: modelLayers, steps: steps.total,
      evaluations: !job.hasDevelopment
        ? [] : all.last == steps.total ? all : all + [steps.total])
  }
}
