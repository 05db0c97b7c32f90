internal import Checkpoints
internal import Inputs
internal import Interventions
internal import Locks
internal import Prompts
internal import Tokenizers

/// A model's tokenizer, which is read when something first asks for it.
final class LazyTokenizer: Sendable {
  private let opened = Locked<(any Tokenizer)??>(nil)

  /// Nil of a model without one.
  ///
  /// - Parameter model: The path beside whose weights it lies; the same each time.
  func callAsFunction(_ model: String) throws(Refusal) -> (any Tokenizer)? {
    if let known = opened.withLock({ $0 }) { return known }
    let tokenizer = try ModelTokenizer.open(
      nil, beside: Checkpoint(model), vocabulary: Int(Int32.max))
    opened.withLock { $0 = .some(tokenizer) }
    return tokenizer
  }

  /// The same as a specification needs it.
  func texts(of model: String) throws(Refusal) -> SpecTexts {
    guard let tokenizer = try self(model) else {
      throw Refusal(
        .model, file: model, found: "no tokenizer.json for texts",
        expected: "one, or token ids in the specification")
    }
    return SpecTexts(
      encode: { (text, adds) throws(Refusal) in
        try tokenizer.encode(text, addingSpecialTokens: adds)
      }, decode: { tokenizer.decode($0) })
  }
}

/// What people call the tokens and classes of a specification's model.
struct SpecWords: Sendable {
  let meaning: AnswerMeaning
  /// Nil where the model has no tokenizer that can be read: then tokens are their numbers.
  let tokenizer: (any Tokenizer)?
  /// Why it cannot be read, where there is one.
  let note: String?
  private let prompts: ModelPrompts
  private let classes: [Int: String]

  init(_ meaning: AnswerMeaning, _ lazy: LazyTokenizer, _ checkpoint: Checkpoint) {
    self.meaning = meaning
    var (tokenizer, note): ((any Tokenizer)?, String?) = (nil, nil)
    do { tokenizer = try lazy(checkpoint.path) } catch {
      note = "tokens are numbers here: \(error)"
    }
    (self.tokenizer, self.note) = (tokenizer, note)
    prompts = ModelPrompts(tokenizer, vocabulary: Int(Int32.max), model: checkpoint.path)
    classes = meaning == .classes ? checkpoint.classNames : [:]
  }

  /// An answer as a table shows it: a token in quotation marks, or a class.
  func answer(_ id: Int) -> String {
    if meaning == .classes { return classes[id] ?? "class \(id)" }
    guard let tokenizer else { return "#\(id)" }
    return tokenizer.token(id).map { "\"\($0)\"" } ?? "#\(id)"
  }

  /// The text of an answer alone, for scripts; nil where it has none.
  func text(_ id: Int) -> String? {
    meaning == .classes ? classes[id] : tokenizer?.token(id)
  }

  /// The texts of tokens that stand in a row; without a tokenizer, numbers with a space between.
  func pieces(_ ids: [Int]) -> [String] {
    guard tokenizer != nil else {
      return ids.enumerated().map { $0 == 0 ? "#\($1)" : " #\($1)" }
    }
    return prompts.pieces(ids)
  }

  /// The text that tokens stand for together.
  func text(_ ids: [Int]) -> String? { tokenizer?.decode(ids) }
}

extension Checkpoint {
  /// The names of classes in `id2label`, without those that say no more than their numbers.
  var classNames: [Int: String] {
    guard case .huggingFace(let config) = config,
      let labels = try? config.optional("id2label")?.members()
    else { return [:] }
    var names: [Int: String] = [:]
    for (key, value) in labels {
      guard let id = Int(key), let name = try? value.string(), name != "LABEL_\(id)" else {
        continue
      }
      names[id] = name
    }
    return names
  }
}
