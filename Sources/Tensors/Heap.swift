internal import CKernels

/// The C library's memory for small blocks.
public enum Heap {
  /// Keeps threads that are made from now on from taking 64 MiB of addresses each for a heap of
  /// their own, which they do while there is room: then none is left for what was reckoned with.
  public static func shareAmongThreads() { ck_use_one_heap() }
}
