import Foundation
import Synchronization
import Testing

@testable import Tensors

/// Threads of any origin take numbers below the normal ones as zero.
@Suite struct `Denormals are zero` {
  /// A product that no compiler knows beforehand.
  @inline(never)
  private static func product(_ x: Float, _ y: Float) -> Float { x * y }

  private static func flushes() -> Bool {
    let small = Float.leastNormalMagnitude
    let isFlushed = product(small, 0.5) == 0
    // An operand that is one already.
    return isFlushed && product(Float(bitPattern: 1), 1e30) == 0
  }

  @Test func `on the thread of a task`() async {
    #expect(Self.flushes())
    #expect(await Task.detached { Self.flushes() }.value)
  }

  @Test func `on threads that are started by hand, and by the system`() {
    let seen = Mutex<[Bool]>([])
    let done = DispatchSemaphore(value: 0)
    let note: @Sendable () -> Void = {
      seen.withLock { $0.append(Self.flushes()) }
      done.signal()
    }
    Thread(block: note).start()
    DispatchQueue.global().async(execute: note)
    for _ in 0..<2 { done.wait() }
    #expect(seen.withLock { $0 } == [true, true])
  }

  @Test func `in products of OpenBLAS and of our own`() {
    let small = Tensor<Float>([16, 16], Array(repeating: 1e-20, count: 256))
    #expect(small.matrixProduct(small).elements.allSatisfy { $0 == 0 })
    #expect(PackedMatrix(small).product(small).elements.allSatisfy { $0 == 0 })
    // As large as is no denormal.
    let larger = Tensor<Float>([16, 16], Array(repeating: 1e-18, count: 256))
    #expect(larger.matrixProduct(larger).elements.allSatisfy { $0 > 0 })
  }
}
