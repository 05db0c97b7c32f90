public import Autodiff
public import Tensors

/// One pass of a packed batch through a model: where values are recorded, read and changed.
///
/// The same model code serves a plain forward pass, a pass that collects activations, a
/// continuation of another run, a recorded pass for gradients and a step of generation: they differ
/// in their run only.
public final class Run<Scalar: Real> {
  /// Called at each site with the value made there; returns the value to go on with.
  public typealias Visitor = (Site, Int, Variable<Scalar>) -> Variable<Scalar>
  /// Rows of a site's value in a layer that the visitor replaces whatever they hold.
  public typealias ReplacedRows = (Site, Int) -> [Int]

  public let tape: Tape<Scalar>
  public let batch: Batch
  /// Keys and values of the runs that the batch's sequences continue.
  public let prefix: KeyValues<Scalar>?
  /// Whether keys and values are kept in `kept`, for other runs to continue from.
  public let keepsKeyValues: Bool
  public internal(set) var kept = KeyValues<Scalar>()
  /// What cross-attention attends to.
  package var memory: EncodedRows<Scalar>?
  private let visitor: Visitor?
  private let replaced: ReplacedRows?

  /// - Parameter replaced: Asked for `attentionOutput` and `mlpOutput`, which are then made for the
  ///   other rows only; so are the sites on the way to them, from the queries and the MLP's input on.
  public init(
    _ batch: Batch, tape: Tape<Scalar> = Tape(), prefix: KeyValues<Scalar>? = nil,
    keepsKeyValues: Bool = false, visitor: Visitor? = nil, replaced: ReplacedRows? = nil
  ) {
    precondition(
      prefix != nil || batch.sequences.allSatisfy { $0.prefix.isEmpty },
      "the batch continues runs whose keys and values are not given")
    self.batch = batch
    self.tape = tape
    self.prefix = prefix
    self.keepsKeyValues = keepsKeyValues
    self.visitor = visitor
    self.replaced = replaced
  }

  func visit(_ site: Site, _ layer: Int, _ x: Variable<Scalar>) -> Variable<Scalar> {
    visitor?(site, layer, x) ?? x
  }

  /// The rows of a site's value that must be made, of so many; nil stands for all.
  func neededRows(_ site: Site, _ layer: Int, of count: Int) -> [Int]? {
    guard let rows = replaced?(site, layer), !rows.isEmpty else { return nil }
    let spared = Set(rows)
    return (0..<count).filter { !spared.contains($0) }
  }
}

/// What an encoder gave: its last stream, normalised, and the sequences that its rows are of.
package struct EncodedRows<Scalar: Real> {
  package let rows: Variable<Scalar>
  package let batch: Batch

  package init(rows: Variable<Scalar>, batch: Batch) { (self.rows, self.batch) = (rows, batch) }
}
