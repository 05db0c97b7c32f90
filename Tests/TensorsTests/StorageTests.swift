import Foundation
import Testing
import _TestSupport

@testable import Tensors

@Suite struct `Tensors and their memory` {
  @Test func `a block that is given back is taken again, for up to a third less than it has`() {
    // No other test's tensors are of this size.
    let first = BufferPool.take(60 << 20)
    #expect(first.size >= 60 << 20)
    BufferPool.give(first.block, first.size)
    let second = BufferPool.take(44 << 20)
    #expect(second.block == first.block)
    #expect(second.size == first.size)
    let third = BufferPool.take(60 << 20)
    #expect(third.block != second.block)
    BufferPool.give(second.block, second.size)
    BufferPool.give(third.block, third.size)
    let small = BufferPool.take(30 << 20)
    #expect(small.block != first.block && small.block != third.block)
    BufferPool.give(small.block, small.size)
  }

  @Test(arguments: [0, 1, 63, 64, 65, 1000, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1])
  func `a block holds what was asked for, in aligned memory`(bytes: Int) {
    let (block, size) = BufferPool.take(bytes)
    #expect(size >= bytes)
    #expect(UInt(bitPattern: block) % 64 == 0)
    memset(block, 0xa5, bytes)
    BufferPool.give(block, size)
  }

  @Test func `rows share memory, and copies do not`() {
    let x = Tensor<Float>([3, 2], [1, 2, 3, 4, 5, 6])
    #expect(x.rows(1..<3).elements == [3, 4, 5, 6])
    #expect(x.rows(1..<3).unsafePointer == x.unsafePointer + 2)
    #expect(x.reshaped([2, 3]).unsafePointer == x.unsafePointer)
    let changed = x.replacingRows([1], with: Tensor([1, 2], [0, 0]))
    #expect(changed.elements == [1, 2, 0, 0, 5, 6])
    #expect(x.elements == [1, 2, 3, 4, 5, 6])
    #expect(x.rows(1..<1).elements.isEmpty)
  }

  @Test func `rows outlive the tensor they were taken from`() {
    func tail() -> Tensor<Float> {
      Tensor<Float>([1000, 100], (0..<100_000).map(Float.init)).rows(999..<1000)
    }
    let kept = tail()
    let others = (0..<4).map { Tensor<Float>(repeating: Float($0), [1000, 100]) }
    #expect(kept.elements == (99_900..<100_000).map(Float.init))
    #expect(others[3].elements[0] == 3)
  }

  @Test func `a stored tensor is read back bit by bit`() throws {
    let x = Tensor<Float>([2, 3], [.nan, -.infinity, -0.0, .leastNonzeroMagnitude, 3e38, 0.1])
    let stored = try JSONEncoder().encode(x)
    let read = try JSONDecoder().decode(Tensor<Float>.self, from: stored)
    #expect(read.shape == x.shape)
    #expect(read.elements.map(\.bitPattern) == x.elements.map(\.bitPattern))
    let scalar = try JSONEncoder().encode(Tensor<Double>(scalar: .pi))
    #expect(try JSONDecoder().decode(Tensor<Double>.self, from: scalar).scalar == .pi)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Tensor<Double>.self, from: stored)
    }
  }

  @Test func `triangles keep what is on their side`() {
    let x = Tensor<Float>([3, 2], [1, 2, 3, 4, 5, 6])
    #expect(x.lowerTriangle().elements == [1, 0, 3, 4, 5, 6])
    #expect(x.lowerTriangle(diagonal: -1).elements == [0, 0, 3, 0, 5, 6])
    #expect(x.upperTriangle().elements == [1, 2, 0, 4, 0, 0])
    #expect(x.transposed().upperTriangle(diagonal: 1).elements == [0, 3, 5, 0, 0, 6])
    #expect(x.diagonal.elements == [1, 4])
    #expect(x.lowerTriangle(diagonal: -9).elements == [0, 0, 0, 0, 0, 0])
  }

  @Test func `random draws are those of their distribution, and of their seed`() {
    var random = SeededRandom(seed: 3)
    let x = Tensor<Double>.standardNormal([10_001], using: &random).elements
    let mean = x.reduce(0, +) / 10_001
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 10_001
    let fourth = x.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 10_001
    #expect(abs(mean) < 0.04)
    #expect(abs(variance - 1) < 0.06)
    #expect(abs(fourth - 3) < 0.4)
    let u = Tensor<Double>.uniform([10_000], from: -2, to: 4, using: &random).elements
    #expect(abs(u.reduce(0, +) / 10_000 - 1) < 0.08)
    #expect(u.allSatisfy { $0 > -2 && $0 < 4 })
    let g = Tensor<Double>.gumbelNoise([10_000], using: &random).elements
    #expect(abs(g.reduce(0, +) / 10_000 - 0.5772) < 0.06)
    var (a, b) = (SeededRandom(seed: 9), SeededRandom(seed: 9))
    #expect(
      Tensor<Float>.standardNormal([7], using: &a).elements
        == Tensor<Float>.standardNormal([7], using: &b).elements)
  }
}
