import Foundation
import Testing

@testable import Tensors

@Suite(.serialized) struct `OpenBLAS and its memory` {
  /// Bytes of addresses that this process has.
  private func addresses() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      .split(separator: " ").first.flatMap { Int($0) }
    return try #require(pages) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  @Test func `the library starts no threads, of which each would have a buffer`() {
    #expect(BLAS.threads == 1)
  }

  @Test func `a buffer is as large as is counted, and is taken once`() throws {
    // More than other tests of this process take.
    #expect(BLAS.takeBuffers(threads: 12))
    let before = try addresses()
    #expect(BLAS.takeBuffers(threads: 14))
    let more = try addresses() - before
    // Other tests allocate at the same time, but no gigabyte.
    #expect(abs(more - 2 * BLAS.bufferBytes) < BLAS.bufferBytes / 2, "\(more) bytes more")
    #expect(BLAS.takeBuffers(threads: 13))
    #expect(abs(try addresses() - before - more) < BLAS.bufferBytes / 2)
  }

  @Test func `what cannot be spared is told before anything is taken`() throws {
    let before = try addresses()
    #expect(!BLAS.takeBuffers(threads: 20, sparing: Int.max / 2))
    #expect(try addresses() - before < BLAS.bufferBytes)
  }
}
