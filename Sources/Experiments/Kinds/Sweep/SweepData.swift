internal import Inputs
internal import JobFiles
internal import Models
internal import Prompts
internal import Tokenizers

/// A sweep before any weight is read: its prompts in the model's tokens, and its items resolved in them.
struct SweepData<Spec: SweepSpec>: Sendable {
  private let model: PromptModel
  /// Units and arrays but for what a kind adds.
  var outline: SweepOutline
  /// Of the prompts' file; nil where they stand in the job.
  let digest: String?
  let subspaceDigests: [(item: String, digest: String)]
  /// What the answers leave open, and how many prompts are skipped for them.
  let notes: [String]
  let skippedLine: String?
  /// Token ids of all prompts that the job chooses, the skipped ones too.
  let texts: [[Int]]

  init(_ spec: Spec) throws(Refusal) {
    model = try PromptModel(spec.model)
    let (shape, resolver) = (model.published.shape, model.resolver)
    let loaded = try spec.data.load()
    digest = loaded.digest
    let hasDifference = spec.metric.store.contains(.logitDifference)
    let all = try loaded.chosen.map { (written) throws(Refusal) in
      try resolver.resolve(written, long: spec.data.longAnswers, foilCounts: hasDifference)
    }
    try spec.data.refuseSkippingAll(all)
    texts = all.map(\.ids)
    let skipped = all.filter { $0.skipped != nil }
    let plural = Spec.promptAxis + "s"
    skippedLine = LongAnswers.skippedLine(
      skipped.count, of: all.count, plural, first: skipped.first?.place.field)
    var prompts: [ResolvedPrompt] = []
    var kept: [SweepPrompt] = []
    for (written, prompt) in zip(loaded.chosen, all) where prompt.skipped == nil {
      if hasDifference, prompt.foil == nil {
        throw prompt.place.refusal(
          prompt.takesTop ? "no answer, and so no foil" : "no foil",
          expected: "a foil for the metric logit_difference, or other metrics")
      }
      let noised =
        try spec.noise?.positions.resolve(in: prompt.base.places, called: "pair \(prompt.id)") ?? []
      guard spec.noise == nil || !noised.isEmpty else {
        throw prompt.place.refusal(
          "no token for the noise", expected: "corrupt.positions that it has")
      }
      guard !Spec.hasPairs || spec.noise != nil || prompt.sources.first?.ids != prompt.ids else {
        throw written.place(ofSource: 0).refusal(
          "the same tokens as the clean prompt, \(prompt.ids.count) of them",
          expected: "another prompt, since a recovery is a share of what the two differ by")
      }
      prompts.append(prompt)
      kept.append(SweepPrompt(prompt, noised: noised, by: resolver.prompts))
    }
    var grids: [SweepGrid] = []
    var digests: [(item: String, digest: String)] = []
    for item in spec.items {
      var places: [[SweepGrid.Place]] = []
      for prompt in prompts { places.append(try Self.places(item, prompt)) }
      let grid = try SweepGrid(item, shape, model: spec.model.path.written, places: places)
      guard grid.cellCount(item) > 0 else {
        throw item.place.refusal(
          "no cells, so no units", expected: "positions that some prompt has")
      }
      grids.append(grid)
      _ = try item.patchSubspace(width: shape.width(of: item.site))
      if let digest = try item.subspaceDigest() { digests.append((item.name, digest)) }
    }
    subspaceDigests = digests
    notes =
      [
        skippedLine, LongAnswers.shortenedLine(all, plural),
        ResolvedPrompt.topLine(prompts.count(where: \.takesTop), of: prompts.count, plural),
      ].compactMap(\.self) + ResolvedPrompt.Spelling.lines(prompts)
    outline = SweepOutline(
      layers: shape.layers, windows: shape.listedWindows, longestShort: shape.longestShort,
      prompts: kept, grids: grids)
    if !skipped.isEmpty {
      outline.skipped = skipped.map { SweepOutline.Skipped(id: $0.id, reason: $0.skipped ?? "") }
    }
  }

  /// Where an item replaces values in a prompt, and where they come from in the other: each place of a
  /// list of names, each position, or all of them at once.
  private static func places(
    _ item: SweptSite, _ prompt: ResolvedPrompt
  ) throws(Refusal) -> [SweepGrid.Place] {
    let name = "\(Spec.promptAxis) \(prompt.id)"
    func resolve(_ input: ResolvedInput, _ name: String) throws(Refusal) -> [[Int]] {
      if item.placeNames != nil {
        return try item.positions.resolveEach(in: input.places, called: name)
      }
      let positions = try item.positions.resolve(in: input.places, called: name)
      return item.eachPosition ? positions.map { [$0] } : [positions]
    }
    let own = try resolve(prompt.base, name)
    guard Spec.hasPairs else {
      return own.map { SweepGrid.Place(positions: $0, sources: $0) }
    }
    // With noise the corrupted run is of the prompt itself.
    let other = prompt.sources.first ?? prompt.base
    let count = other.count
    let sources = try resolve(other, name + "'s corrupted prompt")
    guard own.map(\.count) == sources.map(\.count),
      count == prompt.ids.count || !item.positions.countsFromStart
    else {
      throw item.place.member("positions").refusal(
        "\(own.joined().count) positions in the clean prompt of \(escaped(name)), of "
          + "\(prompt.ids.count) tokens, and \(sources.joined().count) in the corrupted one, of "
          + "\(count)",
        expected:
          "places that say which position goes where, such as \"last\" or -1, or names that "
          + "places and corrupted_places give")
    }
    if item.site == .attentionWeight, count != prompt.ids.count {
      throw item.place.member("site").refusal(
        "attention_weight of \(escaped(name)), whose prompts have \(prompt.ids.count) and \(count) "
          + "tokens", expected: "prompts of one length, whose patterns have the same keys")
    }
    return zip(own, sources).map { SweepGrid.Place(positions: $0, sources: $1) }
  }

  var published: PublishedModel { model.published }
  var tokenizer: (any Tokenizer)? { model.tokenizer }
  var resolver: PromptResolver { model.resolver }

  var inputs: [JobInput] {
    var table = JobTable()
    for (item, digest) in subspaceDigests { table[item] = .text(digest) }
    return [
      JobInput(Spec.hasPairs ? "pairs" : "prompts", digest),
      JobInput("tokenizer", tokenizer?.digest),
      JobInput(
        "subspaces", "a subspace's digest", table.members.isEmpty ? nil : JobValue(.table(table))),
    ]
  }

  /// Prompts with the tokens that items touch in brackets and those with noise in braces, and how many
  /// cells each item has.
  func lines(_ spec: Spec, limit: Int) -> [String] {
    var lines: [String] = []
    for (number, prompt) in outline.prompts.prefix(limit).enumerated() {
      let places = outline.grids.flatMap { $0.places[number] }
      func marked(_ ids: [Int], _ touched: Set<Int>, noised: [Int] = []) -> String {
        resolver.prompts.pieces(ids).map { escaped($0) }.enumerated().map { place, token in
          let token = noised.contains(place) ? "{\(token)}" : token
          return touched.contains(place) && touched.count < ids.count ? "[\(token)]" : token
        }.joined(separator: "|")
      }
      let foil = prompt.foil.map { " rather than \(quoted($0))" } ?? ""
      let answer =
        prompt.takesTop ? "the clean run's most probable token" : quoted(prompt.answer)
      lines.append(
        "\(escaped(prompt.id)): \(marked(prompt.ids, Set(places.flatMap(\.positions)))) -> "
          + answer + foil)
      if Spec.hasPairs {
        let other = marked(
          prompt.otherIDs, Set(places.flatMap(\.sources)), noised: prompt.noised)
        lines.append("  corrupted: \(other)")
      }
    }
    let left = outline.prompts.count - limit
    if left > 0 { lines.append("... and \(left) more") }
    lines += notes
    for (item, grid) in zip(spec.items, outline.grids) {
      let axes = grid.axes(item).map { "\($0.count) \($0.name)s" }.joined(separator: " x ")
      lines.append("\(item.name): \(axes.isEmpty ? "1 cell" : axes)")
    }
    return lines
  }
}
