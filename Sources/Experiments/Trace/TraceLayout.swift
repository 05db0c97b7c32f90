internal import Inputs
internal import Models
internal import ResultsStore

/// The names, shapes and labels of a trace's arrays.
struct TraceLayout {
  private let spec: TraceSpec
  private let grid: TraceGrid

  init(_ spec: TraceSpec, _ grid: TraceGrid) { (self.spec, self.grid) = (spec, grid) }

  private var siteCount: Int { grid.restore.count }

  /// - Parameter text: The canonical specification, which the root's attributes hold.
  func root(spec text: String) throws(Refusal) -> ZarrGroup {
    let level = ZarrCompression.zstd(level: spec.save.level)
    let (layerCount, longest) = (grid.layerCount, max(1, grid.longest))
    var arrays: [String: ZarrArraySpec] = [:]
    func add(
      _ name: String, _ type: ZarrDataType, _ axes: [(String, Int)], chunks: [Int]? = nil,
      fill: Int = 0, attributes: [Attribute.Member] = []
    ) throws(Refusal) {
      let shape = axes.map(\.1)
      arrays[name] = try ZarrArraySpec(
        type, shape: shape, chunks: chunks ?? shape.map { max(1, $0) },
        dimensions: axes.map(\.0), fill: fill, compression: level, attributes: attributes)
    }
    let (facts, sites) = (("fact", grid.factCount), ("site", siteCount))
    let (layers, positions) = (("layer", layerCount), ("position", longest))
    let samples = ("sample", grid.samples)

    for (name, size) in [facts, layers, positions, samples] {
      try add(name, .int32, [(name, size)])
    }
    try add("site", .string, [sites])
    try add("window", .int32, [sites], attributes: [describe("layers that are restored together")])
    for name in ["fact_id", "prompt", "subject", "answer"] { try add(name, .string, [facts]) }
    for name in ["token_count", "subject_start", "subject_end", "answer_id"] {
      try add(name, .int32, [facts])
    }
    for name in ["top_id", "foil_id"] { try add(name, .int32, [facts], fill: -1) }
    try add("token", .string, [facts, positions])
    try add("token_id", .int32, [facts, positions], fill: -1)
    try add(
      "fact_status", .uint8, [facts],
      attributes: flags(FactStatus.allCases.map { ($0.rawValue, $0.name) }))
    for metric in grid.metrics {
      let unit = describe(metric.unit)
      try add("clean_\(metric.rawValue)", .float32, [facts], attributes: [unit])
      try add("corrupted_\(metric.rawValue)", .float32, [facts, samples], attributes: [unit])
      try add(
        metric.rawValue, .float32, [facts, sites, layers, positions, samples],
        chunks: [1, 1, layerCount, longest, grid.samples], attributes: [unit])
    }
    try add(
      "status", .uint8, [facts, sites, layers, positions],
      chunks: [1, 1, layerCount, longest],
      attributes: flags(CellStatus.allCases.map { ($0.rawValue, $0.name) }))
    return ZarrGroup(
      attributes: [
        Attribute.Member("kind", .text(TraceSpec.kind)),
        Attribute.Member("model", .text(spec.model.path.written)),
        Attribute.Member("spec", .text(text)),
      ],
      arrays: arrays, groups: ["summary": try TraceSummary.group(grid, level)])
  }

  private func describe(_ text: String) -> Attribute.Member {
    Attribute.Member("description", .text(text))
  }

  /// Values and meanings as the CF conventions name them.
  private func flags(_ values: [(UInt8, String)]) -> [Attribute.Member] {
    [
      Attribute.Member("flag_values", .list(values.map { .integer(Int($0.0)) })),
      Attribute.Member("flag_meanings", .text(values.map(\.1).joined(separator: " "))),
    ]
  }

  /// The coordinates, which follow from the grid.
  var axes: [(name: String, values: ArrayValues)] {
    func index(_ name: String, _ count: Int) -> (String, ArrayValues) {
      (name, .integers((0..<count).map { Int32($0) }))
    }
    func integers(_ name: String, _ value: (PromptRoles) -> Int) -> (String, ArrayValues) {
      (name, .integers(grid.roles.map { Int32(value($0)) }))
    }
    return [
      index("fact", grid.factCount), index("layer", grid.layerCount),
      index("position", grid.longest), index("sample", grid.samples),
      ("site", .texts(grid.restore.map(\.name))),
      ("window", .integers(grid.restore.map { Int32($0.window) })),
      integers("token_count") { $0.tokenCount },
      integers("subject_start") { $0.subject.lowerBound },
      integers("subject_end") { $0.subject.upperBound },
      ("summary/site", .texts(grid.restore.map(\.name))),
      ("summary/role", .texts(TokenRole.allCases.map(\.rawValue))),
      ("summary/layer", .integers((0..<grid.layerCount).map { Int32($0) })),
    ]
  }

  /// The labels of facts and tokens, known before any unit runs.
  static func labels(_ facts: [TokenizedFact]) -> [(name: String, values: ArrayValues)] {
    let longest = facts.map(\.ids.count).max() ?? 0
    func padded<T>(_ values: [T], with filler: T) -> [T] {
      values + Array(repeating: filler, count: longest - values.count)
    }
    func texts(_ name: String, _ value: (TokenizedFact) -> String) -> (String, ArrayValues) {
      (name, .texts(facts.map(value)))
    }
    return [
      texts("fact_id") { $0.fact.id },
      texts("prompt") { $0.fact.prompt ?? $0.tokens.joined() },
      texts("subject") { $0.fact.subject ?? $0.tokens[$0.roles.subject].joined() },
      texts("answer") { $0.answer },
      ("answer_id", .integers(facts.map { Int32($0.answerID) })),
      ("token", .texts(facts.flatMap { padded($0.tokens, with: "") })),
      ("token_id", .integers(facts.flatMap { padded($0.ids.map { Int32($0) }, with: -1) })),
    ]
  }

  /// The index of a fact's and restoration's file in an array of cells.
  static func index(_ fact: Int, _ restoration: Int, _ array: ZarrArray) -> [Int] {
    [fact, restoration] + array.spec.shape.dropFirst(2).map { _ in 0 }
  }
}

extension Metric {
  /// What its values are, for the arrays' attributes.
  var unit: String {
    switch self {
    case .probability: "probability of the answer"
    case .logProbability: "log-probability of the answer, in nats"
    case .logitDifference: "logit of the answer less that of the foil"
    }
  }
}
