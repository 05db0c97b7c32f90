internal import Cluster
internal import Dispatch
internal import Inputs
internal import Locks

/// Where the microbatches of a training are computed. Their vectors are added in a fixed tree over
/// their numbers, so the sum has the same bits wherever that is.
protocol MicrobatchWorkers: Sendable {
  /// The sum of the vectors that `work` gives for the numbers below `count`.
  ///
  /// - Parameter label: What is summed; ranks that disagree are refused.
  func sum(
    _ count: Int, length: Int, label: Int, _ work: @Sendable (Int) throws -> [Float]
  ) throws(Refusal) -> [Float]
}

/// One training on one thread of one rank, beside others on other threads and ranks.
struct OwnMicrobatches: MicrobatchWorkers {
  func sum(
    _ count: Int, length: Int, label: Int, _ work: @Sendable (Int) throws -> [Float]
  ) throws(Refusal) -> [Float] {
    var sum = FixedOrderSum<Float>(count: count, length: length)
    for number in 0..<count {
      let vector: [Float]
      do { vector = try work(number) } catch { throw trainingRefusal(error) }
      try sum.add(vector, number: number)
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

  func sum(
    _ count: Int, length: Int, label: Int, _ work: @Sendable (Int) throws -> [Float]
  ) throws(Refusal) -> [Float] {
    let mine = count * world.rank / world.size..<count * (world.rank + 1) / world.size
    let sum = try world.agree { () throws(Refusal) -> FixedOrderSum<Float> in
      var sum = FixedOrderSum<Float>(count: count, length: length)
      for (number, vector) in zip(mine, try vectors(mine, work)) {
        try sum.add(vector, number: number)
      }
      return sum
    }
    return try sum.total(on: world, step: label)
  }

  /// The vectors of some numbers, computed on all threads.
  private func vectors(
    _ numbers: Range<Int>, _ work: @Sendable (Int) throws -> [Float]
  ) throws(Refusal) -> [[Float]] {
    let next = Locked(numbers.lowerBound)
    let results = Locked<[Int: Result<[Float], any Error>]>([:])
    @Sendable func takeAll() {
      while true {
        let number: Int? = next.withLock { next in
          guard next < numbers.upperBound else { return nil }
          defer { next += 1 }
          return next
        }
        guard let number else { return }
        let result = Result { try work(number) }
        results.withLock { $0[number] = result }
      }
    }
    let workers = min(threads, numbers.count)
    if workers > 1 {
      DispatchQueue.concurrentPerform(iterations: workers) { _ in takeAll() }
    } else {
      takeAll()
    }
    var vectors: [[Float]] = []
    let all = results.withLock { $0 }
    for number in numbers {
      do { vectors.append(try all[number]?.get() ?? []) } catch { throw trainingRefusal(error) }
    }
    return vectors
  }
}

/// What a microbatch threw as a refusal, which it is unless something is wrong with the program.
func trainingRefusal(_ error: any Error) -> Refusal {
  error as? Refusal
    ?? Refusal(
      .resources, found: escaped("\(error)"), expected: "a microbatch that can be computed")
}
