internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Prompts
internal import ResultsStore
internal import Tensors
internal import Tokenizers

/// The cells of a grid as specifications that can be run, each with the answers of its prompts.
struct GridCells: Sendable {
  let spec: InterveneSpec
  /// How many there are.
  let count: Int
  /// What the values of each axis are called.
  let labels: [[String]]
  /// Of each axis.
  private let values: [[JobValue]]
  private let opened: OpenedModel
  private let prompts: ModelPrompts
  /// Statistics of dumps that the specification names.
  private let dumped: [String: Tensor<Float>]
  /// Statistics that stand where a tensor is wanted, each read once.
  private let readDump = DumpTensors.reading()
  private let tokenizer: (any Tokenizer)?
  /// The names of classes.
  private let classes: [Int: String]
  /// The token that stands for what a masked model is to say.
  let mask: Int?
  /// How many of the most probable answers are kept.
  let top: Int
  private let openedFiles = OpenedTensorFiles()
  /// What the numbers come from beside the weights.
  let inputs: [JobInput]

  /// - Parameter outline: The model without weights.
  init(
    _ spec: InterveneSpec, _ opened: OpenedModel, _ outline: any TrainableModel<Float>
  ) throws(Refusal) {
    (self.spec, self.opened) = (spec, opened)
    let layers = outline.sites.map(\.layers.upperBound).max()
    values = try spec.axes.indices.map { (number) throws(Refusal) in
      try spec.axes[number].resolved(layers: layers) { () throws(Refusal) in
        try SpecRun.layersOfAll(
          in: spec.document(spec.axes.indices.map { $0 == number ? .text("all") : .int(0) }),
          on: outline)
      }
    }
    count = try Self.count(values, spec.axes[0].place)
    labels = try zip(spec.axes, values).map { axis, values throws(Refusal) in
      try Self.labels(axis, values)
    }
    let vocabulary = outline.inputLimits.vocabulary
    let tokenizer = try vocabulary.flatMap { (vocabulary) throws(Refusal) in
      try ModelTokenizer.open(nil, beside: opened.checkpoint, vocabulary: vocabulary)
    }
    self.tokenizer = tokenizer
    classes = opened.kind == .classifier ? opened.checkpoint.classNames : [:]
    mask = tokenizer?.maskToken
    top = try Self.top(spec.metrics, classes: opened.classCount)
    prompts = ModelPrompts(
      tokenizer, vocabulary: vocabulary ?? 0, model: spec.model.path.resolved,
      addsSpecialTokens: spec.model.specialTokens)
    let first = try spec.document(values.map { $0[0] })
    let dumped =
      try first.optional("dumps").map { (field) throws(Refusal) in
        try DumpTensors.read(field, model: spec.model.path.resolved)
      } ?? [:]
    self.dumped = dumped
    // Values of the grid may name files and dumps too.
    let onGrid = JSONField(
      .array(values.flatMap { $0.map(\.json) }), file: first.file, kind: .job)
    var statistics = dumped.sorted { $0.key < $1.key }.map { name, tensor in
      "\(name) \(tensor.shape) \(Digest.of(ByteWriter.bytes(of: tensor.elements)))"
    }
    var read = try DumpTensors.digests(in: onGrid)
    for (key, field) in try first.members() where key != "dumps" {
      read += try DumpTensors.digests(in: field)
    }
    statistics += Set(read).sorted()
    let named =
      [first, onGrid].flatMap { SpecRun.tensorFiles(in: $0, layers: layers ?? 0) }
      + (try SpecRun.configFile(of: first).map { [$0] } ?? [])
    var digests: [String] = []
    for file in Set(named).sorted() { digests.append(try fileDigest(file, kind: .job)) }
    inputs = [
      JobInput(
        "files", digests.isEmpty ? nil : Digest.of(Array(digests.joined(separator: "\n").utf8))),
      JobInput(
        "tensor_file",
        try spec.tensors.map { (file) throws(Refusal) in
          try fileDigest(file.resolved, kind: .job)
        }),
      JobInput(
        "saved_directory",
        try first.optional("saved_directory").map { (field) throws(Refusal) in
          let folder = URL(fileURLWithPath: first.file).deletingLastPathComponent()
          return try TrainingFiles.digest(
            of: URL(fileURLWithPath: try field.string(), relativeTo: folder).path)
        }),
      JobInput(
        "dumps",
        statistics.isEmpty ? nil : Digest.of(Array(statistics.joined(separator: "\n").utf8))),
    ]
  }

  /// Cells of one grid; more are not kept in one run.
  static let limit = 1 << 20

  private static func count(_ values: [[JobValue]], _ place: JobPlace) throws(Refusal) -> Int {
    var count = 1
    for values in values {
      let (product, overflow) = count.multipliedReportingOverflow(by: values.count)
      guard !overflow, product <= limit else {
        throw place.refusal(
          "\(values.count) values beside \(count) cells of other axes",
          expected: "at most \(limit) cells (the limit)")
      }
      count = product
    }
    return count
  }

  private static func top(_ metrics: GridMetrics?, classes: Int) throws(Refusal) -> Int {
    guard let metrics else { return 0 }
    guard let top = metrics.top else { return min(5, classes) }
    guard top <= classes else {
      throw metrics.topPlace.refusal("\(top)", expected: "at most \(classes), all that there are")
    }
    return top
  }

  private static func labels(_ axis: GridAxis, _ values: [JobValue]) throws(Refusal) -> [String] {
    let labels = axis.labels ?? values.map(label)
    var seen: Set<String> = []
    for label in labels where label.isEmpty || !seen.insert(label).inserted {
      throw axis.place.refusal(
        label.isEmpty ? "a value without a name" : "two values called \(quoted(label))",
        expected: "values that differ, or [grid.NAME] with labels of their own")
    }
    return labels
  }

  private static func label(_ value: JobValue) -> String {
    if case .string(let text) = value.content { return text }
    let text = JobText.inline(value)
    return text.count <= 40 ? text : String(text.prefix(37)) + "..."
  }

  func document(_ cell: Int) throws(Refusal) -> JSONField {
    var (rest, chosen) = (cell, [JobValue]())
    for values in values.reversed() {
      chosen.insert(values[rest % values.count], at: 0)
      rest /= values.count
    }
    return try spec.document(chosen)
  }

  func run(_ cell: Int, on model: any TrainableModel<Float>) throws(Refusal) -> SpecRun {
    var options = SpecRun.Options(isNaive: spec.run.naive)
    options.tensorFile = spec.tensors?.resolved
    options.openedFiles = openedFiles
    let (dumped, prompts, tokenizer) = (dumped, prompts, tokenizer)
    options.dumps = { _, _ throws(Refusal) in dumped }
    options.dump = readDump
    options.texts = { _ throws(Refusal) in
      SpecTexts(
        encode: { (text, adds) throws(Refusal) in
          guard let tokenizer else {
            // Refuses by the model's name.
            return try prompts.promptWithOffsets(text).map(\.id)
          }
          return try tokenizer.encode(text, addingSpecialTokens: adds)
        }, decode: { prompts.text($0) })
    }
    return try SpecRun(document(cell), options: options, on: opened, model)
  }

  // MARK: Prompts and answers

  /// The texts of a cell's prompts; nil where they are not given as text.
  func texts(_ cell: Int) throws(Refusal) -> [String]? {
    guard let base = try document(cell).optional("base"),
      let field = try base.optional("prompts")
    else { return nil }
    var texts: [String] = []
    for item in try field.items() { texts.append(try item.string()) }
    return texts
  }

  /// A token's text, or the name of a class; without either a number behind #.
  func text(_ id: Int) -> String {
    if opened.kind == .classifier { return classes[id] ?? "class \(id)" }
    return tokenizer != nil ? prompts.text(id) : "#\(id)"
  }

  func text(_ ids: [Int]) -> String {
    tokenizer != nil ? prompts.text(ids) : ids.map { "#\($0)" }.joined(separator: " ")
  }

  /// The answer, or the foil, of each prompt of a cell; nil where the job gives none.
  func answers(
    _ given: [JobField]?, of cell: Int, prompts count: Int
  ) throws(Refusal) -> [Int]? {
    guard let given else { return nil }
    guard given.count == 1 || given.count == count else {
      throw given[0].place.refusal(
        "\(given.count) for \(count) prompts", expected: "one for each prompt, or one for all")
    }
    let texts = try texts(cell)
    var answers: [Int] = []
    for number in 0..<count {
      let field = given[given.count == 1 ? 0 : number]
      answers.append(try answer(field, behind: texts?[number]))
    }
    return answers
  }

  private func answer(_ field: JobField, behind prompt: String?) throws(Refusal) -> Int {
    guard case .string(let text) = field.value.content else {
      return try field.int(in: 0...opened.classCount - 1)
    }
    if opened.kind == .classifier, let known = classes.first(where: { $0.value == text }) {
      return known.key
    }
    guard tokenizer != nil, opened.kind != .classifier else {
      throw field.refusal(expected: "a number from 0 to \(opened.classCount - 1)")
    }
    let found: AnswerTokens
    if let prompt {
      let ids = try prompts.promptWithOffsets(prompt).map(\.id)
      found = try prompts.answer(text, following: prompt, ids)
    } else {
      found = AnswerTokens(
        text: text, ids: try prompts.encodeWithOffsets(text).map(\.id), isParted: false)
    }
    guard found.ids.count == 1 else {
      throw field.place.refusal(
        found.words(prompts), expected: "one token; give the number of the one that is meant")
    }
    return found.ids[0]
  }

  // MARK: Work

  /// What a cell comes to.
  func compute(_ cell: Int, on model: any TrainableModel<Float>) throws(Refusal) -> CellResult {
    let run = try run(cell, on: model)
    switch spec.form {
    case .forward, .saveLoad, .gruTime, .attentionWeight: return try forward(run, cell)
    case .generate:
      let (unchanged, changed) = try run.continuations()
      return .generation(
        zip(unchanged, changed).map {
          CellResult.Generation(
            unchanged: $0, changed: $1, textUnchanged: text($0), text: text($1))
        })
    case .gradient:
      let outputs = try run()
      let squares = outputs.names.filter { $0.hasPrefix("grad.") }.compactMap {
        outputs.floats($0)?.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
      }
      return .gradient(
        loss: outputs.floats("loss")?.elements.first ?? .nan,
        norm: Float(squares.reduce(0, +).squareRoot()))
    case .train:
      let outputs = try run()
      func scalar(_ name: String) -> Float? { outputs.floats(name)?.elements.first }
      return .training(
        losses: outputs.floats("losses")?.elements ?? [],
        evaluation: scalar("eval.loss").flatMap { loss in
          scalar("eval.accuracy").map { (loss, $0) }
        })
    }
  }

  private func forward(_ run: SpecRun, _ cell: Int) throws(Refusal) -> CellResult {
    guard let metrics = spec.metrics else { preconditionFailure("a forward pass without metrics") }
    let (original, changed) = try run.logits(at: metrics.position, orMask: mask)
    let answers = try answers(metrics.answers, of: cell, prompts: original.rows)
    let foils = try answers.flatMap { (_) throws(Refusal) in
      try self.answers(metrics.foils, of: cell, prompts: original.rows)
    }
    let unchangedLogs = original.logSoftmaxOfRows()
    let changedLogs = changed.logSoftmaxOfRows()
    var prompts: [CellResult.Forward] = []
    for row in 0..<original.rows {
      let clean = unchangedLogs.rows(row..<row + 1)
      func tops(_ logs: Tensor<Float>) -> [CellResult.TopToken] {
        logs.rows(row..<row + 1).elements.largest(top).map {
          CellResult.TopToken(id: $0.place, text: text($0.place), probability: exp($0.value))
        }
      }
      let answer = answers?[row] ?? tops(unchangedLogs)[0].id
      func read(_ logits: Tensor<Float>, _ logs: Tensor<Float>) throws(Refusal) -> RowMetrics {
        let metrics = RowMetrics.of(
          logits.rows(row..<row + 1), logs.rows(row..<row + 1), answer: answer, foil: foils?[row],
          clean: clean)[0]
        guard metrics.isFinite(hasFoil: foils != nil) else {
          throw Refusal(
            .resources, file: spec.file, field: "prompt \(row)",
            found: "logits that are not finite", expected: "finite numbers")
        }
        return metrics
      }
      prompts.append(
        CellResult.Forward(
          answer: .init(
            id: answer, text: text(answer), probability: exp(clean.elements[answer])),
          unchanged: try read(original, unchangedLogs), changed: try read(changed, changedLogs),
          topUnchanged: tops(unchangedLogs), top: tops(changedLogs)))
    }
    return .forward(prompts)
  }
}

extension [Float] {
  /// The largest numbers with their places, in falling order; of equal ones the first comes first, and
  /// where there are fewer, the last place is missing.
  fileprivate func largest(_ count: Int) -> [(place: Int, value: Float)] {
    var best: [(place: Int, value: Float)] = []
    for (place, value) in enumerated() {
      if best.count == count, let last = best.last, value <= last.value { continue }
      let at = best.firstIndex { $0.value < value } ?? best.count
      best.insert((place, value), at: at)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}
