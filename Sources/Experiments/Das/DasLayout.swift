internal import Inputs
internal import Interventions
internal import ResultsStore

/// The arrays of a training job's `results.zarr`: names, shapes, labels, and what a result puts in.
///
/// Everything is `[layer, position, width, ...]`, with a file for each training.
struct DasLayout {
  private let spec: any TrainingSpec
  private let grid: DasGrid
  /// Steps of each training, and evaluations on the way.
  let steps: Int
  let evaluations: [Int]

  init(_ spec: any TrainingSpec, _ grid: DasGrid, _ steps: TrainingSteps, hasDevelopment: Bool) {
    (self.spec, self.grid, self.steps) = (spec, grid, steps.total)
    let every = spec.train.evaluateEvery ?? steps.perEpoch
    let all = Array(stride(from: every, through: steps.total, by: every))
    evaluations =
      !hasDevelopment ? [] : all.last == steps.total ? all : all + [steps.total]
  }

  /// The layout of arrays that are there.
  init(_ spec: any TrainingSpec, _ grid: DasGrid, steps: Int, evaluations: [Int]) {
    (self.spec, self.grid) = (spec, grid)
    (self.steps, self.evaluations) = (steps, evaluations)
  }

  private var axes: [(String, Int)] {
    [
      ("layer", grid.layers.count), ("position", grid.positions.count),
      ("width", grid.widths.count),
    ]
  }

  private var hasBoundaries: Bool {
    spec.interventions.contains { $0.typeName == "BoundlessRotatedSpaceIntervention" }
  }

  /// - Parameter text: The canonical specification, which the root's attributes hold.
  func root(spec text: String) throws(Refusal) -> ZarrGroup {
    var arrays: [String: ZarrArraySpec] = [:]
    let level = ZarrCompression.zstd(level: spec.save.level)
    func add(
      _ name: String, _ type: ZarrDataType, _ axes: [(String, Int)], perUnit: Bool = false,
      fill: Int = 0, _ description: String = ""
    ) throws(Refusal) {
      let shape = axes.map(\.1)
      let chunks = shape.enumerated().map { perUnit && $0 < 3 ? 1 : max(1, $1) }
      arrays[name] = try ZarrArraySpec(
        type, shape: shape, chunks: chunks, dimensions: axes.map(\.0), fill: fill,
        compression: level,
        attributes: description.isEmpty
          ? [] : [Attribute.Member("description", .text(description))])
    }
    for (name, size) in axes + [("step", steps), ("evaluation", evaluations.count)] {
      try add(name, name == "position" ? .string : .int32, [(name, size)])
    }
    try add("split", .string, [("split", Split.allCases.count)])
    try add("control", .string, [("control", DasResult.Control.allCases.count)])
    for array in Quantity.allCases {
      let last: [(String, Int)] =
        switch array.axis {
        case .none: []
        case .step: [("step", steps)]
        case .evaluation: [("evaluation", evaluations.count)]
        case .split: [("split", Split.allCases.count)]
        case .control: [("control", DasResult.Control.allCases.count)]
        case .intervention: [("intervention", spec.interventions.count)]
        }
      if array == .boundary, !hasBoundaries { continue }
      if array.axis == .evaluation, evaluations.isEmpty { continue }
      try add(
        array.rawValue, array.type, axes + last, perUnit: true, fill: array == .keptStep ? -1 : 0,
        array.description)
    }
    return ZarrGroup(
      attributes: [
        Attribute.Member("kind", .text(type(of: spec).jobKind.rawValue)),
        Attribute.Member("model", .text(spec.modelName)),
        Attribute.Member("loss", .text(spec.train.loss.rawValue)),
        Attribute.Member("spec", .text(text)),
      ], arrays: arrays)
  }

  /// The coordinates.
  var labels: [(name: String, values: ArrayValues)] {
    func integers(_ values: some Sequence<Int>) -> ArrayValues {
      .integers(values.map { Int32(clamping: $0) })
    }
    var labels: [(String, ArrayValues)] = [
      ("layer", integers(grid.layers.map { $0 ?? -1 })),
      ("position", .texts(grid.positions.map { $0?.label ?? "" })),
      ("width", integers(grid.widths.map { $0 ?? -1 })), ("step", integers(0..<steps)),
      ("split", .texts(Split.allCases.map(\.rawValue))),
      ("control", .texts(DasResult.Control.allCases.map(\.name))),
    ]
    if !evaluations.isEmpty { labels.append(("evaluation", integers(evaluations))) }
    return labels
  }

  /// An array with an element, or a list of them, for each training.
  enum Quantity: String, CaseIterable {
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

    var description: String {
      switch self {
      case .loss: "loss of each step, before it, penalties included"
      case .gradientNorm: "norm of each step's gradient, before it is clipped"
      case .developmentLoss: "loss on the development set after so many steps"
      case .developmentAccuracy: "interchange intervention accuracy on the development set"
      case .accuracy: "interchange intervention accuracy"
      case .accuracyLow, .controlLow: "lower end of its 95 % interval (Wilson)"
      case .accuracyHigh, .controlHigh: "upper end of its 95 % interval (Wilson)"
      case .finalLoss: "loss at the end, without penalties"
      case .controlAccuracy: "interchange intervention accuracy of what it is compared with"
      case .unchangedAccuracy: "accuracy of the model without interventions"
      case .boundary: "part of the coordinates that is exchanged"
      case .keptStep: "steps after which the parameters were kept"
      case .status: "0 pending, 1 done, 5 failed"
      }
    }
  }

  /// What a training's result puts into the arrays.
  func values(of result: DasResult) -> [(name: String, values: ArrayValues)] {
    func padded(_ values: [Float], _ count: Int) -> ArrayValues {
      .floats(values + Array(repeating: .nan, count: count - values.count))
    }
    func floats(_ scores: [Score?], _ value: (Score) -> Double) -> ArrayValues {
      .floats(scores.map { $0.map { Float(value($0)) } ?? .nan })
    }
    let byStep = Dictionary(uniqueKeysWithValues: result.evaluations.map { ($0.step, $0) })
    return Quantity.allCases.compactMap { array in
      let values: ArrayValues
      switch array {
      case .loss: values = padded(result.losses, steps)
      case .gradientNorm: values = padded(result.norms, steps)
      case .developmentLoss: values = .floats(evaluations.map { byStep[$0]?.loss ?? .nan })
      case .developmentAccuracy:
        values = .floats(evaluations.map { byStep[$0].map { Float($0.accuracy) } ?? .nan })
      case .accuracy: values = floats(result.scores, \.accuracy)
      case .accuracyLow: values = floats(result.scores, \.interval.low)
      case .accuracyHigh: values = floats(result.scores, \.interval.high)
      case .finalLoss: values = floats(result.scores) { Double($0.loss) }
      case .controlAccuracy: values = floats(result.controls, \.accuracy)
      case .controlLow: values = floats(result.controls, \.interval.low)
      case .controlHigh: values = floats(result.controls, \.interval.high)
      case .unchangedAccuracy: values = floats([result.unchanged], \.accuracy)
      case .boundary: values = padded(result.boundaries, spec.interventions.count)
      case .keptStep: values = .integers([Int32(clamping: result.keptStep)])
      case .status: values = .bytes([CellStatus.done.rawValue])
      }
      if array == .boundary, !hasBoundaries { return nil }
      if array.axis == .evaluation, evaluations.isEmpty { return nil }
      return (array.rawValue, values)
    }
  }

  /// The index of a training's file in an array.
  static func index(_ point: DasGrid.Point, _ array: ZarrArray) -> [Int] {
    point.index + array.spec.shape.dropFirst(3).map { _ in 0 }
  }
}
