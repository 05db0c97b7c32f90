internal import Inputs
internal import Models
internal import ResultsStore

/// The names, shapes and labels of a trace's arrays.
struct TraceLayout {
  struct Label {
    enum Values {
      case integers([Int32])
      case texts([String])
    }

    let name: String
    let values: Values
  }

  private let job: TraceJob
  private let longest: Int

  init(_ job: TraceJob, longest: Int) {
    self.job = job
    self.longest = longest
  }

  private var factCount: Int { job.facts.count }
  private var siteCount: Int { job.spec.restore.count }
  private var layerCount: Int { job.published.shape.layers }

  func root(spec: String) throws(Refusal) -> ZarrGroup {
    let level = ZarrCompression.zstd(level: job.spec.save.level)
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
    let (facts, sites) = (("fact", factCount), ("site", siteCount))
    let (layers, positions) = (("layer", layerCount), ("position", longest))
    let samples = ("sample", job.samples)

    for (name, size) in [facts, layers, positions, samples] { try add(name, .int32, [(name, size)]) }
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
    for metric in job.spec.metric.store {
      let unit = describe(metric.unit)
      try add("clean_\(metric.rawValue)", .float32, [facts], attributes: [unit])
      try add("corrupted_\(metric.rawValue)", .float32, [facts, samples], attributes: [unit])
      try add(
        metric.rawValue, .float32, [facts, sites, layers, positions, samples],
        chunks: [1, 1, layerCount, max(1, longest), job.samples], attributes: [unit])
    }
    try add(
      "status", .uint8, [facts, sites, layers, positions],
      chunks: [1, 1, layerCount, max(1, longest)],
      attributes: flags(CellStatus.allCases.map { ($0.rawValue, $0.name) }))
    return ZarrGroup(
      attributes: [
        Attribute.Member("kind", .text(TraceSpec.kind)),
        Attribute.Member("model", .text(job.spec.model.path.written)),
        Attribute.Member("spec", .text(spec)),
      ],
      arrays: arrays, groups: ["summary": try TraceSummary.group(job, level)])
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

  /// The coordinates and labels, known before any unit runs.
  var labels: [Label] {
    let facts = job.facts
    func padded<T>(_ values: [T], with filler: T) -> [T] {
      values + Array(repeating: filler, count: longest - values.count)
    }
    func index(_ name: String, _ count: Int) -> Label {
      Label(name: name, values: .integers((0..<count).map { Int32($0) }))
    }
    func integers(_ name: String, _ value: (TokenizedFact) -> Int) -> Label {
      Label(name: name, values: .integers(facts.map { Int32(value($0)) }))
    }
    func texts(_ name: String, _ value: (TokenizedFact) -> String) -> Label {
      Label(name: name, values: .texts(facts.map(value)))
    }
    return [
      index("fact", factCount), index("layer", layerCount), index("position", longest),
      index("sample", job.samples),
      Label(name: "site", values: .texts(job.spec.restore.map(\.name))),
      Label(name: "window", values: .integers(job.spec.restore.map { Int32($0.window) })),
      texts("fact_id") { $0.fact.id },
      texts("prompt") { $0.fact.prompt ?? $0.tokens.joined() },
      texts("subject") { $0.fact.subject ?? $0.tokens[$0.roles.subject].joined() },
      texts("answer") { $0.answer },
      integers("token_count") { $0.ids.count },
      integers("subject_start") { $0.roles.subject.lowerBound },
      integers("subject_end") { $0.roles.subject.upperBound },
      integers("answer_id") { $0.answerID },
      Label(name: "token", values: .texts(facts.flatMap { padded($0.tokens, with: "") })),
      Label(
        name: "token_id",
        values: .integers(facts.flatMap { padded($0.ids.map { Int32($0) }, with: -1) })),
    ]
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
