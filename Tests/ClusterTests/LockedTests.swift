import Dispatch
import Locks
import Testing

struct LockedTests {
  @Test func `threads that add to one value lose nothing`() {
    let sum = Locked(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for _ in 0..<10_000 { sum.withLock { $0 += 1 } }
    }
    #expect(sum.withLock { $0 } == 80_000)
  }

  @Test func `an error leaves the value to the next`() {
    struct Failed: Error {}
    let value = Locked([1])
    #expect(throws: Failed.self) {
      try value.withLock {
        $0.append(2)
        throw Failed()
      }
    }
    #expect(value.withLock { $0 } == [1, 2])
  }
}
