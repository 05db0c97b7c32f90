internal import Autodiff
internal import Cluster
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import ResultsStore
internal import Tensors
internal import Prompts

/// A specification with other values in some of its fields, cell by cell.
struct InterveneKind: Kind {
  static let summary = "a specification of causeway intervene over a grid of values of its fields"
  static let choices: Set<ShowOptions.Choice> = [.fact, .metric]

  let table: InterveneTable
  private let opened: OpenedModel
  private let cells: GridCells
  private let extents: [SpecRun.Extent]
  /// Bytes of a model that each rank reads for itself; 0 of decoders.
  private let ownBytes: Int
  private let operationsPerRow: Double

  init(_ spec: InterveneSpec) throws(Refusal) {
    opened = try OpenedModel(spec.model.path.resolved)
    let outline = try opened.outline()
    cells = try GridCells(spec, opened, outline)
    var extents: [SpecRun.Extent] = []
    for cell in 0..<cells.count {
      do throws(Refusal) {
        extents.append(try Self.checked(cell, of: cells, on: outline, like: extents.first))
      } catch {
        throw Refusal(
          error.kind, file: spec.file, field: error.field,
          found: "\(error.found), in cell \(Self.words(cell, cells))", expected: error.expected)
      }
    }
    self.extents = extents
    switch opened.contents {
    case .decoder(let published):
      ownBytes = 0
      operationsPerRow =
        2 * Double(published.shape.layers * published.shape.productsPerBlockRow)
    default:
      let parameters = outline.weights.parameters.reduce(0) { $0 + $1.variable.value.count }
      ownBytes = 4 * parameters
      operationsPerRow = 2 * Double(parameters)
    }
    let count = extents[0].lengths.count
    let isOnGrid = spec.axes.contains { $0.fields.contains { $0.root == "base" } }
    let texts = isOnGrid ? nil : try cells.texts(0)
    let (back, perRow) = (extents[0].goesBack ? 3.0 : 1, operationsPerRow)
    table = try InterveneTable(
      spec,
      InterveneOutline(
        labels: cells.labels, prompts: texts ?? (0..<count).map { "prompt \($0)" },
        lengths: isOnGrid ? nil : extents[0].lengths, top: cells.top, steps: extents[0].steps,
        evaluates: extents[0].evaluates,
        newTokens: extents[0].newTokens, costs: extents.map { Double($0.rows) * back * perRow }))
  }

  private static func words(_ cell: Int, _ cells: GridCells) -> String {
    var (rest, parts) = (cell, [String]())
    for (axis, labels) in zip(cells.spec.axes, cells.labels).reversed() {
      parts.insert("\(axis.name) \(escaped(labels[rest % labels.count]))", at: 0)
      rest /= labels.count
    }
    return parts.joined(separator: ", ")
  }

  /// What a cell comes to, which is like that of the first.
  private static func checked(
    _ cell: Int, of cells: GridCells, on outline: any TrainableModel<Float>,
    like first: SpecRun.Extent?
  ) throws(Refusal) -> SpecRun.Extent {
    let run = try cells.run(cell, on: outline)
    let extent = try run.extent()
    if cells.spec.form.isForward, run.meaning == .stream {
      throw Refusal(
        .job, field: "model", found: "a model without a head",
        expected: "one with a head, whose answers are stored; a job of kind dump keeps streams")
    }
    let first = first ?? extent
    guard extent.lengths.count == first.lengths.count, extent.steps == first.steps,
      extent.newTokens == first.newTokens, extent.evaluates == first.evaluates
    else {
      let sizes = [
        (extent.lengths.count, first.lengths.count, "prompts"),
        (extent.steps, first.steps, "steps"),
        (extent.newTokens, first.newTokens, "new tokens"),
      ].filter { $0.0 != $0.1 }
      let isEvaluated = extent.evaluates ? "an evaluation" : "no evaluation"
      throw cells.spec.axes[0].place.refusal(
        sizes.isEmpty ? isEvaluated : sizes.map { "\($0.0) \($0.2)" }.joined(separator: ", "),
        expected: "as in the first cell"
          + (sizes.isEmpty ? "" : ": " + sizes.map { "\($0.1)" }.joined(separator: ", ")))
    }
    guard let metrics = cells.spec.metrics else { return extent }
    try run.checkPlaces(metrics.position, orMask: cells.mask, at: metrics.positionPlace)
    let count = extent.lengths.count
    let answers = try cells.answers(metrics.answers, of: cell, prompts: count)
    let foils = try cells.answers(metrics.foils, of: cell, prompts: count)
    if let answers, let foils,
      let same = answers.indices.first(where: { answers[$0] == foils[$0] }),
      let given = metrics.foils
    {
      throw given[given.count == 1 ? 0 : same].place.refusal(
        "the answer itself", expected: "another token or class for prompt \(same)")
    }
    return extent
  }

  var weights: JobWeights? {
    JobWeights(
      checkpoint: opened.checkpoint, section: spec.model, notes: opened.notes)
  }

  var inputs: [JobInput] { cells.inputs }

  func lines(limit: Int) throws(Refusal) -> [String] {
    var lines = zip(spec.axes, table.outline.labels).map { axis, labels in
      let shown = labels.prefix(12).map { escaped($0) }.joined(separator: ", ")
      return "\(axis.name): \(labels.count) values (\(shown)\(labels.count > 12 ? ", ..." : ""))"
    }
    for (number, text) in table.outline.prompts.enumerated().prefix(limit) {
      let length = table.outline.lengths.map {
        " (\($0[number]) position\($0[number] == 1 ? "" : "s"))"
      }
      lines.append("prompt: \(escaped(text))\(length ?? "")")
    }
    return lines + ["\(table.unitCount) cells of kind \(spec.form.rawValue)"]
  }

  // MARK: Work

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(opened, on: place.world)
    let cells = cells
    return Workers(
      .apart { unit, isGivenUp in
        if isGivenUp() { throw Stopped() }
        return try cells.compute(unit, on: model).bytes
      })
  }

  // MARK: Cost

  var cost: JobCost {
    let rows = extents.reduce(0) { $0 + $1.rows }
    let largest = extents.map(\.largest).max() ?? 0
    let longest = extents.map(\.longest).max() ?? 0
    var pass = 8 * largest * opened.classCount + 16 * ownBytes
    if case .decoder(let published) = opened.contents {
      let block = ActivationPass.byteCount(published.shape, rows: largest, longest: longest)
      // Unchanged and changed runs keep what the other goes on from; a tape keeps all of it.
      pass += block * (extents[0].goesBack ? 2 * published.shape.layers : 2)
      pass += 16 * largest * published.shape.width * published.shape.layers
    }
    let (perThread, own) = (pass, ownBytes)
    let record =
      CellResult.missing(table).bytes.count + 24 * table.prompts * (2 * table.top + 2)
      + 16 * table.prompts * table.outline.newTokens
    return JobCost(
      weightBytes: opened.weightBytes,
      rankBytes: { StepMemory.fixedBytes + own + $0 * perThread },
      operations: table.outline.costs.reduce(0, +), parallel: table.unitCount,
      recordBytes: table.unitCount * record,
      entries: [
        ("cells", Double(table.unitCount), "\(table.unitCount)"),
        ("rows", Double(rows), "\(rows) through the model, at most"),
      ])
  }

  // MARK: Figures and tables

  static func views(
    _ run: RunView<InterveneTable>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    var figures = try InterveneFigures(run, options)
    return try figures.pictures()
  }

  static func rows(
    _ run: RunView<InterveneTable>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows { InterveneFigures.rows(run) }
}
