/// Where the positions of several runs stand: each run's own rows, below those of the runs before it.
///
/// A run may share its first positions with an earlier one, as a corrupted prompt does with its clean
/// one up to the first difference; these are the earlier run's rows. Runs that share nothing come
/// first, then those that share with them, and so on: runs of one depth pass the model together.
public struct RunRows: Sendable {
  /// The first positions of a run, which are an earlier run's.
  public struct Shared: Sendable, Equatable {
    public let run: Int
    public let count: Int

    public init(run: Int, count: Int) { (self.run, self.count) = (run, count) }
  }

  /// Positions of each run.
  public let lengths: [Int]
  private let shared: [Shared?]
  /// The row of each run's first own position.
  private let starts: [Int]
  /// Runs by depth: what each pass of the model makes.
  let passes: [[Int]]
  /// Rows of all runs.
  public let count: Int

  /// - Parameter runs: The positions of each, and those that it shares.
  public init(_ runs: [(length: Int, shared: Shared?)]) {
    var passes: [[Int]] = []
    var depths: [Int] = []
    for (index, (length, shared)) in runs.enumerated() {
      if let shared {
        precondition(
          shared.run < index && shared.count <= min(length, runs[shared.run].length),
          "run \(index) of \(length) positions shares \(shared)")
      }
      let depth = shared.map { depths[$0.run] + 1 } ?? 0
      depths.append(depth)
      if passes.count == depth { passes.append([]) }
      passes[depth].append(index)
    }
    var starts = [Int](repeating: 0, count: runs.count)
    var row = 0
    for run in passes.joined() {
      starts[run] = row
      row += runs[run].length - (runs[run].shared?.count ?? 0)
    }
    lengths = runs.map(\.length)
    shared = runs.map(\.shared)
    (self.passes, self.starts, count) = (passes, starts, row)
  }

  /// A run, and so many continuations of it from one position on.
  public init(length: Int, continuations: Int, from position: Int) {
    self.init(
      [(length, nil)]
        + Array(repeating: (length, Shared(run: 0, count: position)), count: continuations))
  }

  /// The first position that is the run's own.
  func firstOwn(_ run: Int) -> Int { shared[run]?.count ?? 0 }

  /// The row of a position of a run.
  public func row(run: Int, position: Int) -> Int {
    precondition(position < lengths[run], "position \(position) of \(lengths[run])")
    guard let shared = shared[run] else { return starts[run] + position }
    if position < shared.count { return row(run: shared.run, position: position) }
    return starts[run] + position - shared.count
  }

  /// The rows of consecutive positions of a run, in their order.
  func ranges(run: Int, _ positions: Range<Int>) -> [Range<Int>] {
    guard !positions.isEmpty else { return [] }
    let first = firstOwn(run)
    var result: [Range<Int>] = []
    if let shared = shared[run], positions.lowerBound < first {
      result = ranges(
        run: shared.run, positions.lowerBound..<min(first, positions.upperBound))
    }
    if positions.upperBound > first {
      let start = row(run: run, position: max(first, positions.lowerBound))
      result.append(start..<start + positions.upperBound - max(first, positions.lowerBound))
    }
    return result
  }

  /// The rows that the given runs have, their own and those that they share, in order.
  func rows(of runs: Set<Int>) -> [Int] {
    Set(runs.flatMap { run in ranges(run: run, 0..<lengths[run]).joined() }).sorted()
  }
}
