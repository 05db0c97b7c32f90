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

  public let tape: Tape<Scalar>
  public let batch: Batch
  /// Keys and values of the runs that the batch's sequences continue.
  public let prefix: KeyValues<Scalar>?
  /// Whether keys and values are kept in `kept`, for other runs to continue from.
  public let keepsKeyValues: Bool
  public internal(set) var kept = KeyValues<Scalar>()
  private let visitor: Visitor?

  public init(
    _ batch: Batch, tape: Tape<Scalar> = Tape(), prefix: KeyValues<Scalar>? = nil,
    keepsKeyValues: Bool = false, visitor: Visitor? = nil
  ) {
    precondition(
      prefix != nil || batch.sequences.allSatisfy { $0.prefix.isEmpty },
      "the batch continues runs whose keys and values are not given")
    self.batch = batch
    self.tape = tape
    self.prefix = prefix
    self.keepsKeyValues = keepsKeyValues
    self.visitor = visitor
  }

  func visit(_ site: Site, _ layer: Int, _ x: Variable<Scalar>) -> Variable<Scalar> {
    visitor?(site, layer, x) ?? x
  }
}
