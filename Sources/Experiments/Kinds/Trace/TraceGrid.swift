package import Inputs
package import JobFiles

/// What a trace visits, without its model or its texts: all that its units, its arrays and its
/// averages follow from. A run's folder holds it whole.
package struct TraceGrid: Sendable {
  package let restore: [Restoration]
  /// Those that are stored.
  package let metrics: [Metric]
  /// Of each layer, how many keys a query sees; nil: all.
  package let windows: [Int?]
  /// Corrupted runs of each fact.
  package let samples: Int
  /// Of each fact.
  package let roles: [PromptRoles]
  /// Of each fact: before this position the corrupted runs are the clean one.
  package let corruptedFrom: [Int]
  /// Of each fact: how many last positions of its runs are read, one for each token of the answer.
  package let reading: [Int]
  /// For each restoration its layers.
  package let layers: [[Int]]
  /// For each restoration and fact its positions.
  package let positions: [[[Int]]]

  /// Resolves what a job visits.
  ///
  /// - Parameters:
  ///   - model: What to call the model in a refusal.
  ///   - facts: Those that are skipped have no positions.
  package init(
    _ spec: TraceSpec, model: String, windows: [Int?], samples: Int, facts: [TracedFact]
  ) throws(Refusal) {
    (restore, metrics) = (spec.restore, spec.metric.store)
    (self.windows, self.samples) = (windows, samples)
    roles = facts.map(\.roles)
    corruptedFrom = facts.map(\.corruptedFrom)
    reading = facts.map(\.reading)
    var layers: [[Int]] = []
    var positions: [[[Int]]] = []
    for restoration in spec.restore {
      layers.append(try restoration.layers.resolve(count: windows.count, of: model))
      var places: [[Int]] = []
      for fact in facts {
        places.append(
          fact.skipped != nil
            ? []
            : try restoration.positions.resolve(
              in: PromptPlaces(fact.roles), called: "fact \(fact.id)"))
      }
      guard places.contains(where: { !$0.isEmpty }) else {
        throw Refusal(
          .job, file: spec.file, field: "restore.\(restoration.name).positions",
          found: "positions that no fact has, so no units", expected: "at least one position")
      }
      positions.append(places)
    }
    (self.layers, self.positions) = (layers, positions)
  }

  package var layerCount: Int { windows.count }
  package var factCount: Int { roles.count }
  /// Positions of a fact's runs: the prompt's, and those of the answer's tokens but the last.
  func length(of fact: Int) -> Int { roles[fact].tokenCount + reading[fact] - 1 }
  /// Tokens of the longest prompt.
  package var longest: Int { roles.map(\.tokenCount).max() ?? 0 }

  /// Rows of the corrupted runs that are kept together at most, unless one run has more: what a rank
  /// holds does not grow with the samples.
  static let keptRows = 256

  /// The samples of a fact in blocks, of about as many each, whose corrupted runs are kept together.
  func sampleBlocks(of fact: Int) -> [Range<Int>] {
    let tail = length(of: fact) - corruptedFrom[fact]
    let most = max(1, Self.keptRows / max(1, tail))
    let count = (samples + most - 1) / most
    return (0..<count).map { samples * $0 / count..<samples * ($0 + 1) / count }
  }

  /// Rows that go through a block for a fact's baseline, over all layers: a clean run for each block
  /// of samples, and the corrupted ones.
  package func baselineRows(of fact: Int) -> Int {
    let count = length(of: fact)
    let corrupted = samples * (count - corruptedFrom[fact])
    return (sampleBlocks(of: fact).count * count + corrupted) * layerCount
  }
}
