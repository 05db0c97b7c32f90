internal import Inputs
internal import Locks

/// Computes the contributions of sums on all compute threads of all ranks, and adds them in the
/// fixed order of their numbers.
///
/// A rank has neighbouring contributions, so it sends few vectors; which rank has which changes no
/// bit of a sum. All of it belongs to the thread that calls MPI, but for what `compute` does.
public final class ContributionSum {
  /// All ranks that share the contributions.
  public let communicator: Communicator
  /// How many contributions each sum has, on all ranks together.
  public let count: Int
  private let threads: Int
  private let stop: StopSignal
  /// Sums so far, by which ranks that disagree are found.
  private var step = 0

  /// - Parameters:
  ///   - threads: Compute threads of this rank, 1 or more.
  ///   - stop: Looked at before each contribution.
  public init(count: Int, threads: Int, on communicator: Communicator, stop: StopSignal) {
    precondition(count > 0 && threads > 0, "\(count) contributions on \(threads) threads")
    (self.communicator, self.count) = (communicator, count)
    (self.threads, self.stop) = (threads, stop)
  }

  /// The numbers of this rank's contributions.
  public var share: Range<Int> {
    let (rank, size) = (communicator.rank, communicator.size)
    return count * rank / size..<count * (rank + 1) / size
  }

  /// The sum of a vector from each contribution, the same bits on every rank. Collective.
  ///
  /// - Parameters:
  ///   - numbers: Whose, in the order of the addition, each once; the same on all ranks; nil: all.
  ///   - length: Elements of each vector.
  ///   - label: What is summed, for ranks that disagree; nil: the number of the sum.
  ///   - compute: Makes the vector of a contribution in this rank's share, on any thread.
  /// - Throws: `Stopped` on all ranks, once any was asked to stop, or what `compute` refuses.
  public func total<Element: SumElement>(
    of numbers: [Int]? = nil, length: Int, label: Int? = nil,
    _ compute: @Sendable (Int) throws -> [Element]
  ) throws -> [Element] {
    let numbers = numbers ?? Array(0..<count)
    let sum = try communicator.agreeOrStop {
      var sum = FixedOrderSum<Element>(count: numbers.count, length: length)
      let mine = numbers.indices.filter { share.contains(numbers[$0]) }
      let vectors = try concurrently(mine.count, threads: threads) { [stop] place in
        guard !stop.isRequested else { throw Stopped() }
        return try compute(numbers[mine[place]])
      }
      for (place, vector) in zip(mine, vectors) { try sum.add(vector, number: place) }
      return sum
    }
    step += 1
    return try sum.total(on: communicator, step: label ?? step)
  }

  /// What `compute` makes of each contribution in this rank's share, in order; no other rank is
  /// asked.
  public func map<Value: Sendable>(_ compute: @Sendable (Int) -> Value) -> [Value] {
    let first = share.lowerBound
    return concurrently(share.count, threads: threads) { compute(first + $0) }
  }
}
