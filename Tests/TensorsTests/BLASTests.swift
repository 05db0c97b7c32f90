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

  /// What the processor has, as the kernel tells.
  private func instructions() throws -> Set<Substring> {
    let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    return Set(line.split(separator: " "))
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil,
      "OPENBLAS_CORETYPE goes before"))
  func `kernels are not of an older processor than this one`() throws {
    let known = try instructions()
    let wide = ["SkylakeX", "Cooperlake", "SapphireRapids"]
    if known.isSuperset(of: ["avx512f", "avx512bw", "avx512dq", "avx512vl"]) {
      #expect(wide.contains(BLAS.coreName))
    } else if known.isSuperset(of: ["avx2", "fma"]) {
      #expect((wide + ["Haswell", "Zen"]).contains(BLAS.coreName))
    }
    #expect(BLAS.replacedCore != BLAS.coreName)
    #expect(getenv("OPENBLAS_CORETYPE") == nil)
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
