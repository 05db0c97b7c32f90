/// Where a weight stands in a published file, and how.
public struct PublishedWeight: Sendable, Equatable {
  public enum Order: Sendable, Equatable {
    /// `[outputs, inputs]`, as in `torch.nn.Linear`.
    case outputsByInputs
    /// `[inputs, outputs]`, as in GPT-2's `Conv1D`.
    case inputsByOutputs
  }

  /// The outputs of a stored tensor that are the weight's: equal runs of them, one in each of equal
  /// groups.
  public struct Rows: Sendable, Equatable {
    public var groups, groupSize, first, count: Int

    public init(groups: Int, groupSize: Int, first: Int, count: Int) {
      (self.groups, self.groupSize, self.first, self.count) = (groups, groupSize, first, count)
    }

    /// The stored output of one of the weight's.
    public subscript(row: Int) -> Int { row / count * groupSize + first + row % count }
  }

  /// The tensor's name in the file.
  public var name: String
  public var order = Order.outputsByInputs
  /// The weight's outputs among those stored; nil: all of them.
  public var rows: Rows?
  /// Which of several matrices or vectors of one tensor the weight is; its first extent is `of`.
  public var slice: (index: Int, of: Int)?
  /// The stored tensor's shape, where it has more axes than `storedSize` says.
  public var shape: [Int]?
  /// The heads whose rows are stored for interleaved rotary pairs, as in GGUF; nil: for halves.
  public var interleavedHeads: Int?

  public init(_ name: String, order: Order = .outputsByInputs) {
    (self.name, self.order) = (name, order)
  }

  public static func == (a: PublishedWeight, b: PublishedWeight) -> Bool {
    a.name == b.name && a.order == b.order && a.rows == b.rows
      && a.slice?.index == b.slice?.index && a.slice?.of == b.slice?.of
      && a.interleavedHeads == b.interleavedHeads && a.shape == b.shape
  }

  /// Whether a weight of `size` is the stored tensor's transpose.
  func isTransposed(_ size: [Int]) -> Bool { order == .inputsByOutputs && size.count == 2 }

  /// The size of the stored tensor that holds a weight of `size`.
  func storedSize(of size: [Int]) -> [Int] {
    let outputs = rows.map { $0.groups * $0.groupSize } ?? size[0]
    let whole = [outputs] + size.dropFirst()
    let own = isTransposed(size) ? Array(whole.reversed()) : whole
    return (slice.map { [$0.of] } ?? []) + own
  }

  /// The shape of the stored tensor that holds a weight of `size`.
  func storedShape(of size: [Int]) -> [Int] { shape ?? storedSize(of: size) }

  /// The stored output of each of the weight's; nil where they are the same.
  func order(of size: [Int]) -> [Int]? {
    guard rows != nil || interleavedHeads != nil else { return nil }
    return (0..<size[0]).map { output in
      var row = output
      if let heads = interleavedHeads {
        let width = size[0] / heads
        let (head, i) = output.quotientAndRemainder(dividingBy: width)
        row = head * width + 2 * (i % (width / 2)) + i / (width / 2)
      }
      return rows.map { $0[row] } ?? row
    }
  }
}
