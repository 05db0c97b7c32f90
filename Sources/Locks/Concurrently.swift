internal import Dispatch

/// What `work` gives for each number below `count`, in their order, on so many threads at most.
///
/// - Throws: What the lowest number throws of those that throw, whatever the number of threads; no
///   higher number is begun after that.
public func concurrently<Value: Sendable, Failure: Error>(
  _ count: Int, threads: Int, _ work: @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
  let next = Locked(0)
  let results = Locked<[Result<Value, Failure>?]>(Array(repeating: nil, count: count))
  @Sendable func takeAll() {
    while true {
      let number = next.withLock { next in
        defer { next += 1 }
        return next
      }
      guard number < count else { return }
      let result = Result { () throws(Failure) in try work(number) }
      if case .failure = result { next.withLock { $0 = count } }
      results.withLock { $0[number] = result }
    }
  }
  let workers = min(threads, count)
  if workers > 1 {
    DispatchQueue.concurrentPerform(iterations: workers) { _ in takeAll() }
  } else {
    takeAll()
  }
  var values: [Value] = []
  values.reserveCapacity(count)
  for case let result? in results.withLock({ $0 }) { values.append(try result.get()) }
  return values
}
