internal import Cluster
internal import Figures
internal import Inputs
internal import JobFiles
internal import Lenses
internal import Models
internal import Prompts
internal import ResultsStore
internal import Tokenizers

/// Causal bases of a model's activations.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 4.1.
struct BasisKind: Kind {
  static let summary =
    "the directions of activations that a model's output hangs on most (causal bases)"

  let table: BasisTable
  private let data: ModelTexts
  private let lens: HiddenLens
  /// SHA-256 of the tuned lens, where there is one.
  private let lensDigest: String?
  private let microbatches: TextMicrobatches
  /// The dump that the texts' streams are read from; nil: they are computed.
  private let dumped: DumpedTexts?

  init(_ spec: BasisSpec) throws(Refusal) {
    data = try ModelTexts(spec.model, spec.data)
    let shape = data.published.shape
    let layers = try spec.basis.layers.resolve(count: shape.layers, of: spec.modelName)
    switch spec.basis.lens {
    case .model: (lens, lensDigest) = (.model, nil)
    case .logit: (lens, lensDigest) = (.logit, nil)
    case .tuned:
      let folder = try TunedLensFolder(reading: spec.basis.tunedLens?.resolved ?? "")
      (lens, lensDigest) = (.tuned(folder.lens), folder.digest)
    }
    let limits = BasisLimits(
      shape: shape, site: spec.basis.site, lens: lens, lengths: data.texts.map(\.count))
    do throws(Refusal) {
      try limits.check(spec.basis.settings)
    } catch { throw spec.basis.located(error.inFile(spec.file)) }
    microbatches = spec.basis.settings.microbatches(data.texts)
    let texts = data.texts
    dumped = try spec.source.map { (source) throws(Refusal) in
      let dumped = try DumpedTexts(source, texts, shape) { "text \($0)" }
      try dumped.checkStreams(entering: layers)
      return dumped
    }
    table = try BasisTable(
      spec, BasisOutline(layers: layers, width: shape.width(of: spec.basis.site)))
  }

  private var settings: CausalBasisSettings { spec.basis.settings }

  var weights: JobWeights? {
    JobWeights(
      checkpoint: data.published.checkpoint, section: spec.model, notes: data.published.notes,
      dump: dumped?.reader)
  }

  var inputs: [JobInput] {
    [
      JobInput("texts", data.digest), JobInput("tokenizer", data.tokenizer?.digest),
      JobInput("lens", lensDigest), JobInput("source", dumped?.digest),
    ]
  }

  func lines(limit: Int) throws(Refusal) -> [String] {
    data.lines(limit: limit)
      + (dumped.map { [$0.line("hidden states")] } ?? [])
  }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(data.published, on: place.world)
    let (basis, table, pace) = (spec.basis, table, spec.pace)
    // What memory is left is for logits without ablation.
    let memory = spec.run.memory - neededBytes(threads: place.threads)
    var extraction = try place.world.agree {
      try CausalBasisExtraction(
        model, lens, texts: data.texts, site: basis.site, layers: table.outline.layers,
        basis.settings, on: place.world, threads: place.threads, memory: memory, stop: place.stop)
    }
    if let dumped {
      place.observer?.note(dumped.line("hidden states"))
      extraction.read { try dumped.stream(of: $0, entering: $1) }
    }
    return Workers(
      .together { unit, place in
        let log = try EvaluationLog(place.start, unit, pace, on: place.world)
        return try extraction.result(
          of: unit,
          known: { number in place.records[number].flatMap { try? table.result($0, of: number) } },
          log: log
        ).bytes
      })
  }

  // MARK: Cost

  private var shape: DecoderShape { data.published.shape }

  /// Bytes of a compute thread: the logits of a microbatch and what follows from them, of which
  /// seven are there at once; and of the model itself, the values of its blocks for the gradient.
  private var threadBytes: Int {
    let logits = 7 * microbatches.largest * shape.vocabulary
    guard lens.isModel else { return 4 * (logits + 8 * microbatches.largest * shape.width) }
    let first = table.outline.layers.first ?? 0
    let longest = data.texts.map(\.count).max() ?? 0
    let block =
      8 * shape.width + 3 * shape.queryWidth + 4 * shape.keyWidth + 6 * shape.mlpWidth
      + 2 * shape.heads * longest
    return 4 * (logits + microbatches.largest * block * (shape.layers - first))
  }

  /// Bytes of a rank beside the weights and logits without ablation: the activations of all texts
  /// too, on a rank that has them all.
  private func neededBytes(threads: Int) -> Int {
    let all = data.texts.reduce(0) { $0 + $1.count }
    return (64 << 20) + (dumped?.reader.byteCount ?? 0) + threads * threadBytes + 4 * all
      * (shape.width + 2 * table.outline.width)
  }

  /// Operations of one evaluation of the energy and its gradient, at a layer.
  private func operations(at layer: Int) -> Double {
    let head = Double(shape.width * shape.vocabulary)
    let blocks =
      lens.isModel ? Double(shape.productsPerBlockRow) * Double(shape.layers - layer) : 0
    // A product, and as much again for its gradient.
    return 4 * Double(microbatches.keptCount) * (head + blocks)
  }

  /// Evaluations of a layer, about: each step of a climb tries a few lengths, each candidate of a start
  /// is climbed briefly, of which the first start has one, and every curve has one for each direction
  /// and as many random.
  private var evaluations: Double {
    let search = settings.search
    func climb(_ iterations: Int) -> Double { Double(iterations) * Self.evaluationsOfStep + 2 }
    let candidates = 1 + (settings.restarts - 1) * search.candidates
    let perDirection =
      Double(settings.restarts) * climb(search.iterations)
      + Double(candidates) * climb(search.briefIterations)
    return (perDirection + 2) * Double(settings.directions)
  }

  /// Evaluations of a step of a climb, as its line search takes them.
  private static let evaluationsOfStep = 1.25

  var cost: JobCost {
    let layers = table.outline.layers
    let operations = layers.reduce(0.0) { $0 + evaluations * self.operations(at: $1) }
    let passes = 2 * Double(microbatches.keptCount * shape.layers * shape.productsPerBlockRow)
    let units = table.unitCount
    let log = 8 * (table.outline.width + 3) * Int(evaluations / Double(settings.directions))
    let needed = neededBytes
    let (memory, tokens) = (spec.run.memory, microbatches.keptCount)
    let vocabulary = shape.vocabulary
    return JobCost(
      weightBytes: data.published.byteCount,
      // Logits without ablation are kept as far as `run.memory` goes.
      rankBytes: { max(needed($0), min(memory, needed($0) + 4 * tokens * vocabulary)) },
      operations: operations + passes, parallel: microbatches.count,
      recordBytes: units * (4 * table.outline.width + 16 * settings.directions + 64),
      ownBytes: 2 * log, ownFiles: 4,
      entries: [
        ("texts", Double(data.texts.count), "\(data.texts.count)"),
        ("tokens", Double(tokens), "\(tokens) that are ablated and measured"),
        ("layers", Double(layers.count), "\(layers.count)"),
        ("searches", Double(table.numbering.searches), "\(table.numbering.searches), at most"),
        (
          "microbatches", Double(microbatches.count),
          "\(microbatches.count), which is how many threads can work at once"
        ),
        (
          "evaluations", evaluations * Double(layers.count),
          "about \(Int(evaluations) * layers.count), at most: a climb may end before its iterations"
        ),
        ("thread_bytes", Double(threadBytes), "\(threadBytes >> 20) MiB for each compute thread"),
      ])
  }

  // MARK: Figures and tables

  static func views(
    _ run: RunView<BasisTable>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures { try BasisPictures(run).pictures() }

  /// One line for each direction of each layer that is done.
  static func rows(
    _ run: RunView<BasisTable>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows {
    ExportRows(heading: "layer,direction,energy,ablation,random_ablation") {
      (add) throws(Refusal) in
      for layer in run.table.outline.layers {
        guard let basis = run.table.layer(layer, run.results)?.basis else { continue }
        for (place, energy) in basis.energies.enumerated() {
          func cell(_ values: [Double]) -> String {
            values.indices.contains(place) ? "\(values[place])" : ""
          }
          try add("\(layer),\(place),\(energy),\(cell(basis.curve)),\(cell(basis.randomCurve))")
        }
      }
    }
  }
}
