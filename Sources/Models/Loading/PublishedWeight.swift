/// Where a weight stands in a published file, and how.
public struct PublishedWeight: Sendable, Equatable {
  public enum Order: Sendable, Equatable {
    /// `[outputs, inputs]`, as in `torch.nn.Linear`.
    case outputsByInputs
    /// `[inputs, outputs]`, as in GPT-2's `Conv1D`.
    case inputsByOutputs
  }

  /// The tensor's name in the file.
  public var name: String
  public var order: Order = .outputsByInputs
  /// Which of several equal parts along the outputs the weight is, where they are stored as one.
  public var part: (index: Int, of: Int) = (0, 1)
  /// The heads whose rows are stored for interleaved rotary pairs, as in GGUF; nil: for halves.
  public var interleavedHeads: Int?

  public init(
    _ name: String, order: Order = .outputsByInputs, part: (index: Int, of: Int) = (0, 1),
    interleavedHeads: Int? = nil
  ) {
    self.name = name
    self.order = order
    self.part = part
    self.interleavedHeads = interleavedHeads
  }

  public static func == (a: PublishedWeight, b: PublishedWeight) -> Bool {
    a.name == b.name && a.order == b.order && a.part == b.part
      && a.interleavedHeads == b.interleavedHeads
  }

  /// The size of the stored tensor that holds a weight of `size`.
  func storedSize(of size: [Int]) -> [Int] {
    let whole = [size[0] * part.of] + size.dropFirst()
    return order == .inputsByOutputs && size.count == 2 ? whole.reversed() : whole
  }
}
