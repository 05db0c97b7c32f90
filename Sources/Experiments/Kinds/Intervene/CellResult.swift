internal import Inputs
internal import Interventions
internal import ResultsStore

/// What a cell of a grid came to.
enum CellResult: Sendable {
  /// Of each prompt.
  case forward([Forward])
  case generation([Generation])
  case gradient(loss: Float, norm: Float)
  case training(losses: [Float], evaluation: (loss: Float, accuracy: Float)?)

  /// One of the most probable tokens.
  struct TopToken: Sendable, Equatable {
    let id: Int
    let text: String
    let probability: Float

    static let none = TopToken(id: -1, text: "", probability: .nan)
  }

  struct Forward: Sendable {
    let answer: TopToken
    let unchanged: RowMetrics
    let changed: RowMetrics
    let topUnchanged: [TopToken]
    let top: [TopToken]
  }

  struct Generation: Sendable {
    let unchanged: [Int]
    let changed: [Int]
    let textUnchanged: String
    let text: String
    /// Whether the cell was computed at all.
    var isKnown = true

    /// The part of the new tokens that differ, by place; what one of them lacks differs.
    var changedShare: Float {
      guard isKnown else { return .nan }
      let longer = max(unchanged.count, changed.count)
      let same = zip(unchanged, changed).count { $0 == $1 }
      return longer == 0 ? 0 : Float(longer - same) / Float(longer)
    }
  }

  /// What a failed cell has.
  static func missing(_ table: InterveneTable) -> CellResult {
    let row = RowMetrics(Array(repeating: .nan, count: RowMetrics.count)[...])
    let top = Array(repeating: TopToken.none, count: table.top)
    switch table.spec.form {
    case .forward, .saveLoad, .gruTime, .attentionWeight:
      let one = Forward(
        answer: .none, unchanged: row, changed: row, topUnchanged: top, top: top)
      return .forward(Array(repeating: one, count: table.prompts))
    case .generate:
      let one = Generation(unchanged: [], changed: [], textUnchanged: "", text: "", isKnown: false)
      return .generation(Array(repeating: one, count: table.prompts))
    case .gradient: return .gradient(loss: .nan, norm: .nan)
    case .train:
      return .training(
        losses: Array(repeating: .nan, count: table.outline.steps),
        evaluation: table.outline.evaluates ? (.nan, .nan) : nil)
    }
  }

  // MARK: Records

  var bytes: [UInt8] {
    var writer = ByteWriter()
    func text(_ text: String) {
      writer.integer(Int32(text.utf8.count))
      writer.append(Array(text.utf8))
    }
    func token(_ token: TopToken) {
      writer.integer(Int32(token.id))
      writer.floats([token.probability])
      text(token.text)
    }
    switch self {
    case .forward(let prompts):
      for prompt in prompts {
        token(prompt.answer)
        writer.floats(prompt.unchanged.values + prompt.changed.values)
        for top in prompt.topUnchanged + prompt.top { token(top) }
      }
    case .generation(let prompts):
      for prompt in prompts {
        for ids in [prompt.unchanged, prompt.changed] {
          writer.integer(Int32(ids.count))
          for id in ids { writer.integer(Int32(id)) }
        }
        text(prompt.textUnchanged)
        text(prompt.text)
      }
    case .gradient(let loss, let norm): writer.floats([loss, norm])
    case .training(let losses, let evaluation):
      writer.floats(losses + (evaluation.map { [$0.loss, $0.accuracy] } ?? []))
    }
    return writer.bytes
  }

  init(_ bytes: [UInt8], _ table: InterveneTable, name: String) throws(Refusal) {
    var reader = ByteReader(bytes, what: name)
    func text() throws(Refusal) -> String { try reader.text(reader.count(upTo: 1 << 20)) }
    func floats(_ count: Int) throws(Refusal) -> [Float] {
      ByteWriter.floats(try reader.bytes(4 * count), from: 0)
    }
    func token() throws(Refusal) -> TopToken {
      let (id, probability) = (try reader.integer(), try floats(1)[0])
      return TopToken(id: id, text: try text(), probability: probability)
    }
    func tokens(_ count: Int) throws(Refusal) -> [TopToken] {
      var tokens: [TopToken] = []
      for _ in 0..<count { tokens.append(try token()) }
      return tokens
    }
    switch table.spec.form {
    case .forward, .saveLoad, .gruTime, .attentionWeight:
      var prompts: [Forward] = []
      for _ in 0..<table.prompts {
        let answer = try token()
        let values = try floats(2 * RowMetrics.count)
        prompts.append(
          Forward(
            answer: answer, unchanged: RowMetrics(values[..<RowMetrics.count]),
            changed: RowMetrics(values[RowMetrics.count...]), topUnchanged: try tokens(table.top),
            top: try tokens(table.top)))
      }
      self = .forward(prompts)
    case .generate:
      var prompts: [Generation] = []
      for _ in 0..<table.prompts {
        var lists: [[Int]] = []
        for _ in 0..<2 {
          var ids: [Int] = []
          for _ in 0..<(try reader.count(upTo: table.outline.newTokens)) {
            ids.append(try reader.integer())
          }
          lists.append(ids)
        }
        prompts.append(
          Generation(
            unchanged: lists[0], changed: lists[1], textUnchanged: try text(), text: try text()))
      }
      self = .generation(prompts)
    case .gradient:
      let values = try floats(2)
      self = .gradient(loss: values[0], norm: values[1])
    case .train:
      let losses = try floats(table.outline.steps)
      let tried = table.outline.evaluates ? try floats(2) : []
      self = .training(losses: losses, evaluation: tried.isEmpty ? nil : (tried[0], tried[1]))
    }
    try reader.end()
  }

  // MARK: Arrays

  /// In the order of the table's arrays over its axes, but for the status.
  func arrays(_ table: InterveneTable) -> [ArrayValues] {
    switch self {
    case .forward(let prompts):
      let (store, k) = (table.spec.metrics?.store ?? [], table.spec.metrics?.topK ?? 1)
      return store.map { metric in .floats(prompts.map { $0.changed.value(metric, topK: k) }) }
        + store.map { metric in .floats(prompts.map { $0.unchanged.value(metric, topK: k) }) }
        + [
          .integers(prompts.map { Int32($0.answer.id) }),
          .integers(prompts.flatMap { $0.top.map { Int32($0.id) } }),
          .floats(prompts.flatMap { $0.top.map(\.probability) }),
          .integers(prompts.flatMap { $0.topUnchanged.map { Int32($0.id) } }),
          .floats(prompts.flatMap { $0.topUnchanged.map(\.probability) }),
        ]
    case .generation(let prompts):
      func padded(_ ids: [Int]) -> [Int32] {
        ids.map { Int32($0) } + Array(repeating: -1, count: table.outline.newTokens - ids.count)
      }
      return [
        .floats(prompts.map(\.changedShare)), .integers(prompts.flatMap { padded($0.changed) }),
        .integers(prompts.flatMap { padded($0.unchanged) }),
      ]
    case .gradient(let loss, let norm): return [.floats([loss]), .floats([norm])]
    case .training(let losses, let evaluation):
      return [.floats(losses), .floats([losses.last ?? .nan])]
        + (evaluation.map { [.floats([$0.loss]), .floats([$0.accuracy])] } ?? [])
    }
  }

  /// In the order of the table's arrays of texts.
  func texts(_ table: InterveneTable) -> [[String]] {
    switch self {
    case .forward(let prompts):
      [
        prompts.map(\.answer.text), prompts.flatMap { $0.top.map(\.text) },
        prompts.flatMap { $0.topUnchanged.map(\.text) },
      ]
    case .generation(let prompts): [prompts.map(\.text), prompts.map(\.textUnchanged)]
    case .gradient, .training: []
    }
  }
}
