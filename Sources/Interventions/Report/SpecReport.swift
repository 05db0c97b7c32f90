package import Models

/// What a specification's run did, in numbers that a person is shown or a script reads.
package struct SpecReport: Sendable {
  package let kind: String
  /// As the specification names it.
  package let model: String
  package let entries: [ReportedEntry]
  /// What was run, the base first; none of a training, whose batches are many.
  package internal(set) var inputs: [ReportedInput] = []
  /// What logits say at the asked positions, example by example.
  package internal(set) var answers: [ReportedAnswer] = []
  /// Where the model gives its last stream instead of logits: how far that moved.
  package internal(set) var streams: [StreamChange] = []
  package internal(set) var continuations: [ReportedContinuation] = []
  package internal(set) var collected: [TensorSummary] = []
  package internal(set) var maps: [AttentionMap] = []
  /// Mean losses, step by step, in nats.
  package internal(set) var losses: [Float] = []
  /// A loss, an accuracy: numbers that stand alone, by the names of outputs.
  package internal(set) var scalars: [(name: String, value: Float)] = []
  /// How many numbers training changed.
  package internal(set) var trainedCount: Int?
  /// Gradients, or what was learned.
  package internal(set) var tensors: [TensorSummary] = []
}

/// One intervention of a run.
package struct ReportedEntry: Sendable {
  package let key: String
  /// Such as `VanillaIntervention`.
  package let type: String
  package let site: Site
  package let layer: Int
  /// Of the published model, where the value has a module of its own.
  package let modulePath: String?
  /// Along which axis places are chosen.
  package let unit: String
  /// Elements of one vector; nil of attention weights.
  package let width: Int?
  /// The number of its source; nil where it reads none.
  package let source: Int?
  /// Where it acts, in words, such as `position 4 from position 4`; empty where nothing runs once.
  package internal(set) var places = ""
}

/// One example of what a run reads.
package struct ReportedInput: Sendable {
  /// `base`, or `source 0` and so on; of an encoder's side `base, encoder`.
  package let name: String
  package let example: Int
  /// Its tokens; nil of images, sounds and embeddings.
  package let ids: [Int]?
  /// Of images and the like, in words.
  package let shape: String
  package let count: Int
  /// Positions that interventions read or change, ascending; none where they take every one.
  package let touched: [Int]

  package init(
    name: String, example: Int, ids: [Int]?, shape: String, count: Int, touched: [Int]
  ) {
    (self.name, self.example, self.ids) = (name, example, ids)
    (self.shape, self.count, self.touched) = (shape, count, touched)
  }
}

/// What the logits of one position say, without the interventions and with them.
package struct ReportedAnswer: Sendable {
  package struct Score: Sendable {
    package let logit: Float
    /// The softmax over all answers.
    package let probability: Double
  }

  /// One of the most probable answers of either run.
  package struct Choice: Sendable {
    /// A token, or a class.
    package let id: Int
    /// Nil where the unchanged run was not asked for.
    package let before: Score?
    package let after: Score
  }

  package let example: Int
  /// Nil of a model that answers once an example.
  package let position: Int?
  /// The most probable of either run first.
  package let choices: [Choice]
}

/// How far a row of the last stream moved, by Euclidean norms.
package struct StreamChange: Sendable {
  package let example: Int
  package let position: Int
  package let before: Double?
  package let after: Double
  package let change: Double?
}

/// What a generation put behind one prompt.
package struct ReportedContinuation: Sendable {
  package let example: Int
  package let prompt: [Int]
  /// Nil where the unchanged run was not asked for.
  package let original: [Int]?
  package let intervened: [Int]

  /// How many new tokens are the same before they part; nil where they never do.
  package var partsAfter: Int? {
    guard let original, original != intervened else { return nil }
    return zip(original, intervened).prefix { $0 == $1 }.count
  }
}

/// Collected attention weights of one head.
package struct AttentionMap: Sendable {
  package let layer: Int
  package let head: Int
  package let example: Int
  /// `[query][key]`.
  package let weights: [[Float]]
  /// The positions of queries and keys.
  package let queries: [Int]
}
