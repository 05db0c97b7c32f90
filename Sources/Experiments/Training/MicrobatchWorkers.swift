internal import Cluster
internal import Inputs
internal import Interventions

/// One training on one thread of one rank, beside others on other threads and ranks.
struct OwnMicrobatches: MicrobatchWorkers {
  var stop = StopSignal()

  func sum(
    _ count: Int, length: Int, label: Int, _ work: @Sendable (Int) throws -> [Float]
  ) throws -> [Float] {
    var sum = FixedOrderSum<Float>(count: count, length: length)
    for number in 0..<count {
      guard !stop.isRequested else { throw Stopped() }
      try sum.add(try work(number), number: number)
    }
    return try sum.total()
  }
}

/// One training on all ranks and their threads: neighbouring microbatches on each rank.
///
/// Every rank calls `sum` from the thread that calls MPI.
struct SharedMicrobatches: MicrobatchWorkers, @unchecked Sendable {
  // The communicator is used by the one thread that calls `sum`.
  let world: Communicator
  let threads: Int
  let stop: StopSignal

  func sum(
    _ count: Int, length: Int, label: Int, _ work: @Sendable (Int) throws -> [Float]
  ) throws -> [Float] {
    try ContributionSum(count: count, threads: threads, on: world, stop: stop)
      .total(length: length, label: label, work)
  }
}
