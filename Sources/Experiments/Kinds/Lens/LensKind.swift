internal import Cluster
internal import Figures
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Lenses
internal import Models
internal import Prompts
internal import ResultsStore
internal import Tokenizers

/// Tuned lenses. Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 3.
struct LensKind: Kind {
  static let summary = "translators from each layer's states to the model's logits (a tuned lens)"

  let table: LensTable
  private let data: ModelTexts
  private let microbatches: TextMicrobatches

  init(_ spec: LensSpec) throws(Refusal) {
    data = try ModelTexts(spec.model, spec.data)
    microbatches = spec.settings.microbatches(data.texts)
    guard microbatches.keptCount > 0 else {
      throw Refusal(
        .job, file: spec.file, field: "lens.skip_positions",
        found: "\(spec.settings.skippedPositions), which leaves no token of any text",
        expected: "less than the longest text's \(data.texts.map(\.count).max() ?? 0)")
    }
    let shape = data.published.shape
    table = try LensTable(
      spec,
      LensOutline(
        modelLayers: shape.layers, width: shape.width,
        layers: try spec.layers.resolve(count: shape.layers, of: spec.modelName)))
  }

  var weights: JobWeights? {
    JobWeights(
      checkpoint: data.published.checkpoint, section: spec.model, notes: data.published.notes)
  }

  var inputs: [JobInput] {
    [JobInput("texts", data.digest), JobInput("tokenizer", data.tokenizer?.digest)]
  }

  func lines(limit: Int) throws(Refusal) -> [String] { data.lines(limit: limit) }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(data.published, on: place.world)
    let sums = ContributionSum(
      count: microbatches.count, threads: place.threads, on: place.world, stop: place.stop)
    var training = LensTraining(LayerStreams(model, microbatches, sums), spec.settings)
    let (layers, settings, pace) = (table.layers, spec.settings, spec.pace)
    return Workers(
      .together { unit, place in
        let keeper = CheckpointKeeper<TrainingState>(
          place.start, unit, pace, rank: place.world.rank)
        let state = try keeper.state(
          from: training.start, steps: settings.steps, on: place.world)
        return try training.train(layer: layers[unit], from: state) {
          try place.passed($0, keeper, of: settings.steps)
        } stopped: {
          try place.stopped($0, keeper)
        }.bytes
      })
  }

  // MARK: Cost

  /// Bytes that a rank needs beside the weights: the streams of all texts, what a thread makes of a
  /// microbatch, and the gradients of a batch.
  private func rankBytes(threads: Int) -> Int {
    let (shape, width) = (data.published.shape, table.outline.width)
    let streams = 2 * data.texts.reduce(0) { $0 + $1.count } * width
    let logits = 8 * microbatches.largest * shape.vocabulary
    let translator = width * (width + 1)
    let batch = min(spec.settings.batch, microbatches.count)
    return (64 << 20) + 4
      * (streams + threads * (logits + 4 * translator) + (batch + 8) * translator)
  }

  var cost: JobCost {
    let (shape, settings) = (data.published.shape, spec.settings)
    let batch = min(settings.batch, microbatches.count)
    let trained =
      Double(microbatches.keptCount) / Double(settings.stepsOfEpoch(microbatches))
      * Double(settings.steps)
    // Losses over all texts before and after each training, and the head twice for the model's
    // logits and the lens's; a step has the gradient of the lens's too.
    let head = Double(shape.width * shape.vocabulary)
    let square = Double(shape.width * shape.width)
    let layers = Double(table.unitCount)
    let blocks = Double(microbatches.keptCount * shape.layers * shape.productsPerBlockRow)
    let operations =
      2
      * (blocks + layers
        * (trained * 3 * (head + square)
          + 2 * Double(microbatches.keptCount) * (2 * head + square)))
    let translator = 4 * shape.width * (shape.width + (settings.hasBias ? 1 : 0))
    return JobCost(
      weightBytes: data.published.byteCount, rankBytes: { rankBytes(threads: $0) },
      operations: operations, parallel: batch,
      recordBytes: table.unitCount * (translator + 8 * (settings.steps + 2)),
      // The lens has all layers of the model, and a layer's checkpoint its optimiser.
      ownBytes: shape.layers * (translator + 512) + 8 * translator + 32 * settings.steps,
      ownFiles: 6,
      entries: [
        ("texts", Double(data.texts.count), "\(data.texts.count)"),
        ("tokens", Double(microbatches.keptCount), "\(microbatches.keptCount)"),
        ("layers", layers, "\(table.unitCount)"),
        ("steps", Double(settings.steps), "\(settings.steps) a layer"),
        ("microbatches", Double(microbatches.count), "\(microbatches.count), \(batch) a step"),
        (
          "lens_bytes", Double(shape.layers * translator),
          "\(RunNeeds.text(shape.layers * translator)), of all \(shape.layers) layers"
        ),
      ])
  }

  // MARK: Figures and tables

  /// The losses step by step, and how far both lenses are from the model, layer by layer.
  static func views(
    _ run: RunView<LensTable>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    let table = run.table
    let series = table.layers.enumerated().compactMap { place, layer in
      run.results[place].map { LinePlot.Series("layer \(layer)", means: $0.losses) }
    }
    guard !series.isEmpty else {
      throw run.nothing("no layer that is trained", expected: "a translator")
    }
    var plots: [LinePlot] = []
    if let logit = try run.floats("logit_lens_divergence"),
      let tuned = try run.floats("tuned_lens_divergence")
    {
      plots.append(
        try LinePlot(
          title: "Distance from the model", columns: table.layers.map(String.init),
          series: [
            LinePlot.Series("logit lens", means: logit.map(Double.init)),
            LinePlot.Series("tuned lens", means: tuned.map(Double.init)),
          ],
          valueName: "KL, nats", columnAxis: "layer", baseline: 0))
    }
    plots.append(
      try LinePlot(
        title: "Training of the tuned lens",
        columns: (0..<table.spec.settings.steps).map(String.init), series: series,
        valueName: "KL, nats", columnAxis: "step"))
    return RunPictures(
      plots.map { .lines($0) },
      figure: Figure(title: "Tuned lens", panels: plots.map { .lines($0) }))
  }

  /// One line for each step of each layer that is trained, with its divergences from the model.
  static func rows(
    _ run: RunView<LensTable>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows {
    ExportRows(
      heading: "layer,step,loss,logit_lens_divergence,tuned_lens_divergence"
    ) { (add) throws(Refusal) in
      for (place, layer) in run.table.layers.enumerated() {
        guard let result = run.results[place] else { continue }
        let ends = "\(Float(result.untrained)),\(Float(result.trained))"
        for (step, loss) in result.losses.enumerated() {
          try add("\(layer),\(step),\(Float(loss)),\(ends)")
        }
      }
    }
  }
}
