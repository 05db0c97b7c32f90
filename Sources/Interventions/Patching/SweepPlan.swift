/// Which rows of which patches go through which block: the staircase without its numbers.
///
/// A patch continues its base run from its first layer and position on. At each layer the rows of
/// the patches that begin there join the batch, and at layers with a window those of positions that
/// first see a change there. Patches that are alike up to a layer are one group of rows until then. In
/// the last block only the positions that are read go on, the last of each.
public struct SweepPlan: Sendable {
  /// How many rows of a batch go through the products of a block.
  public struct Pass: Sendable {
    /// Through the keys and values.
    public let rows: Int
    /// Through the queries and the output of attention.
    public let attentionRows: Int
    public let mlpRows: Int

    public init(rows: Int, attentionRows: Int, mlpRows: Int) {
      (self.rows, self.attentionRows, self.mlpRows) = (rows, attentionRows, mlpRows)
    }
  }

  /// Patches that have been alike so far, and so are the same rows.
  struct Group: Sendable {
    let patches: [Int]
    let base: Int
    /// Positions that have rows, each range a sequence of its own.
    var segments: [Range<Int>]
    /// What is changed in the layer; numbers of `touches`.
    var touches: [Int]

    var count: Int { segments.reduce(0) { $0 + $1.count } }
  }

  /// Rows of a stream: of the batch so far, or of the base runs.
  enum Piece: Sendable {
    case own(Range<Int>)
    case base(Range<Int>)
  }

  /// What happens in a layer.
  struct Step: Sendable {
    let layer: Int
    /// The stream that enters the block, where it is not what left the block before.
    var entering: [Piece]?
    /// What goes through the block.
    var groups: [Group] = []
    /// The stream that goes on, where it is not the block's own output.
    var leaving: [Piece]?
    /// Groups that begin with the block's output, the last ones of the stream that goes on.
    var joining: [Group] = []
    var pass: Pass?
  }

  /// The touches of all patches at the places where they matter, each once.
  let touches: [Touch]
  let steps: [Step]
  /// How many last positions of each patched run are read.
  let reading: Int
  /// For each patch its place among the groups of the last stream, each of so many rows; nil of patches
  /// that cannot reach it.
  let results: [Int?]

  /// The batches that go through a block: what the sweep costs.
  public var passes: [Pass] { steps.compactMap(\.pass) }
  /// Rows that go through a block, over all layers.
  public var blockRows: Int { passes.reduce(0) { $0 + $1.rows } }

  /// - Parameters:
  ///   - reading: How many last positions of each patched run are read.
  ///   - windows: Of each layer, how many keys a query sees; nil: all.
  public init(_ patches: [Patch], _ rows: RunRows, reading: Int = 1, windows: [Int?]) {
    var builder = SweepBuilder(patches, rows, reading: reading, windows: windows)
    self.reading = reading
    steps = builder.steps()
    (touches, results) = (builder.touches, builder.results)
  }
}
