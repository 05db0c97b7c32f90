internal import CKernels
internal import COpenBLAS
internal import Foundation
internal import Locks

/// OpenBLAS as this program uses it: products run on the thread that asks for one, and in memory
/// that was taken before the work.
public enum BLAS {
  /// Bytes of addresses of the buffer that each thread needs while it is in the library:
  /// `BUFFER_SIZE` of OpenBLAS, the same for all kernels. Few of them are ever touched.
  public static let bufferBytes = 128 << 20

  /// Buffers that are mapped.
  private static let taken = Locked(0)

  /// OpenBLAS's version and how it was built.
  public static var version: String { String(cString: openblas_get_config()) }

  /// The name of OpenBLAS's kernels for this processor.
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// The name of the kernels that the library took by itself, where they were of an older processor than
  /// this one and others are used; nil where the choice is its own, or `OPENBLAS_CORETYPE`'s.
  package static var replacedCore: String? {
    replaced_blas_core().map { String(cString: $0) }
  }

  /// Threads of the library's own, with the one that calls it.
  package static var threads: Int { Int(openblas_get_num_threads()) }

  /// Maps the buffers for so many threads that are in the library at once; they stay mapped.
  ///
  /// The library would map each at a thread's first product, and where it cannot, it tries again for
  /// ever. So there is a probe before.
  ///
  /// - Parameter spare: Bytes that must be left to the process beside them.
  /// - Returns: False where the process may not have as many addresses: nothing is mapped then.
  public static func takeBuffers(threads: Int, sparing spare: Int = 0) -> Bool {
    precondition(threads > 0 && spare >= 0, "\(threads) threads, \(spare) bytes")
    openblas_set_num_threads(1)
    return taken.withLock { taken in
      let missing = max(0, threads - taken)
      let sizes = Array(repeating: bufferBytes, count: missing) + (spare > 0 ? [spare] : [])
      guard canMap(sizes) else { return false }
      guard missing > 0 else { return true }
      // Those that are mapped come first.
      let buffers = (0..<threads).map { _ in blas_memory_alloc(0) }
      for buffer in buffers { blas_memory_free(buffer) }
      taken = threads
      return true
    }
  }

  /// Whether blocks of these sizes can be had at once. Each is asked for alone, as the library does:
  /// the kernel judges a block by its own size.
  private static func canMap(_ sizes: [Int]) -> Bool {
    var blocks: [(start: UnsafeMutableRawPointer, size: Int)] = []
    defer { for block in blocks { munmap(block.start, block.size) } }
    for size in sizes {
      let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let start, start != MAP_FAILED else { return false }
      blocks.append((start, size))
    }
    return true
  }
}
