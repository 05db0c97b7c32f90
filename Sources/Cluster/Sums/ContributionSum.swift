internal import Dispatch
public import Inputs
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
  /// Sums so far, by which ranks that disagree are found.
  private var step = 0

  /// - Parameter threads: Compute threads of this rank, 1 or more.
  public init(count: Int, threads: Int, on communicator: Communicator) {
    precondition(count > 0 && threads > 0, "\(count) contributions on \(threads) threads")
    (self.communicator, self.count, self.threads) = (communicator, count, threads)
  }

  /// The numbers of this rank's contributions.
  public var share: Range<Int> {
    let (rank, size) = (communicator.rank, communicator.size)
    return count * rank / size..<count * (rank + 1) / size
  }

  /// The sum of a vector from each contribution, the same bits on every rank. Collective.
  ///
  /// - Parameters:
  ///   - length: Elements of each vector.
  ///   - compute: Makes the vector of a contribution in this rank's share, on any thread.
  public func total<Element: SumElement>(
    length: Int, _ compute: @Sendable (Int) -> [Element]
  ) throws(Refusal) -> [Element] {
    try total(of: Array(0..<count), length: length, compute)
  }

  /// The sum over some contributions, in their order here. Collective.
  ///
  /// - Parameter numbers: Each once; the same on all ranks.
  public func total<Element: SumElement>(
    of numbers: [Int], length: Int, _ compute: @Sendable (Int) -> [Element]
  ) throws(Refusal) -> [Element] {
    var sum = FixedOrderSum<Element>(count: numbers.count, length: length)
    let mine = numbers.indices.filter { share.contains(numbers[$0]) }
    for (place, vector) in zip(mine, map(mine.map { numbers[$0] }, compute)) {
      try sum.add(vector, number: place)
    }
    step += 1
    return try sum.total(on: communicator, step: step)
  }

  /// What `compute` makes of each contribution in this rank's share, in order; no other rank is
  /// asked.
  public func map<Value: Sendable>(_ compute: @Sendable (Int) -> Value) -> [Value] {
    map(Array(share), compute)
  }

  private func map<Value: Sendable>(
    _ numbers: [Int], _ compute: @Sendable (Int) -> Value
  ) -> [Value] {
    let made = Locked<[Int: Value]>([:])
    let next = Locked(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, max(1, numbers.count))) { _ in
      while true {
        let place = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard place < numbers.count else { return }
        let value = compute(numbers[place])
        made.withLock { $0[place] = value }
      }
    }
    return made.withLock { made in numbers.indices.compactMap { made[$0] } }
  }
}
