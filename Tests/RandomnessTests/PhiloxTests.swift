import Testing

@testable import Randomness

struct PhiloxTests {
  /// Known answers of the authors' own test, `kat_vectors` of Random123.
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), UInt64(0),
      SIMD4<UInt32>(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
    ),
    (
      SIMD4(repeating: UInt32.max), UInt64.max,
      SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
    ),
    (
      SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), 0x299F_31D0_A409_3822,
      SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
    ),
  ])
  func `Philox gives the published words`(
    counter: SIMD4<UInt32>, key: UInt64, expected: SIMD4<UInt32>
  ) {
    #expect(Philox(key: key).words(counter) == expected)
  }

  @Test func `Philox's normal draws have mean 0, variance 1 and the normal tails`() {
    let count = 200_000
    let draws = Philox(key: 7).normals(count, 0, 0, 0).map(Double.init)
    let mean = draws.reduce(0, +) / Double(count)
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    let fourth = draws.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count)
    // Five standard errors: 1/√n, √(2/n), √(96/n).
    #expect(abs(mean) < 0.0112)
    #expect(abs(variance - 1) < 0.0159)
    #expect(abs(fourth - 3) < 0.11)
    for (limit, share) in [(1.0, 0.317311), (2.0, 0.045500), (3.0, 0.002700)] {
      let found = Double(draws.count { abs($0) > limit }) / Double(count)
      #expect(abs(found - share) < 5 * (share / Double(count)).squareRoot(), "beyond \(limit)")
    }
  }

  @Test func `a draw depends on its place alone, and other places give other draws`() {
    let philox = Philox(key: 3)
    #expect(philox.normals(10, 1, 2, 3) == Array(philox.normals(1000, 1, 2, 3).prefix(10)))
    var seen: Set<[Float]> = []
    for place in 0..<8 {
      let (b, c, d) = (UInt32(place & 1), UInt32(place >> 1 & 1), UInt32(place >> 2))
      seen.insert(philox.normals(4, b, c, d))
      seen.insert(Philox(key: 4).normals(4, b, c, d))
    }
    #expect(seen.count == 16)
  }

  @Test func `a stream gives the words of its place, and whole numbers without bias`() {
    let philox = Philox(key: 9)
    var stream = philox.stream(5 << 32 | 7, 3)
    let (first, second) = (philox.words(SIMD4(0, 7, 5, 3)), philox.words(SIMD4(1, 7, 5, 3)))
    #expect(stream.next() == UInt64(first[0]) << 32 | UInt64(first[1]))
    #expect(stream.next() == UInt64(first[2]) << 32 | UInt64(first[3]))
    #expect(stream.next() == UInt64(second[0]) << 32 | UInt64(second[1]))
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[stream.below(7)] += 1 }
    // Five standard errors of a binomial count.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 463 })
    #expect((0..<1000).allSatisfy { _ in (0..<1).contains(stream.unit()) })
  }
}
