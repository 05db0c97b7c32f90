internal import Foundation
package import Inputs
internal import Locks
internal import Tensors

/// What is kept of examples' unchanged runs: in memory as far as a budget goes, past it in a file of
/// the local disk that nobody else sees.
package final class CacheShelf: Sendable {
  private enum Place: Sendable {
    case memory(ExampleCache<Float>)
    case file(ExampleCache<Float>.Outline, offset: Int)
  }

  private struct State {
    var places: [Int: Place] = [:]
    var bytesInMemory = 0
    var fileEnd = 0
    var descriptor: Int32 = -1
  }

  private let state = Locked(State())
  private let budget: Int

  /// - Parameter budget: Bytes of memory.
  package init(budget: Int) { self.budget = budget }

  deinit {
    state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } }
  }

  /// What is kept of some examples; `make` runs those of which nothing is.
  package func caches(
    _ numbers: [Int], make: ([Int]) throws(Refusal) -> [ExampleCache<Float>]
  ) throws(Refusal) -> [ExampleCache<Float>] {
    let known = state.withLock { state in numbers.map { state.places[$0] } }
    let missing = zip(numbers, known).filter { $0.1 == nil }.map(\.0)
    var made: [Int: ExampleCache<Float>] = [:]
    if !missing.isEmpty {
      for (number, cache) in zip(missing, try make(missing)) {
        made[number] = cache
        try keep(cache, of: number)
      }
    }
    var caches: [ExampleCache<Float>] = []
    for (number, place) in zip(numbers, known) {
      switch place {
      case .memory(let cache): caches.append(cache)
      case .file(let outline, let offset): caches.append(try read(outline, at: offset))
      case nil:
        guard let cache = made[number] else { continue }
        caches.append(cache)
      }
    }
    return caches
  }

  /// Those of some examples of which nothing is kept.
  package func missing(_ numbers: some Sequence<Int>) -> [Int] {
    state.withLock { state in numbers.filter { state.places[$0] == nil } }
  }

  package func keep(_ cache: ExampleCache<Float>, of number: Int) throws(Refusal) {
    let bytes = cache.byteCount
    // Room in memory, or a stretch of the file, is taken at once; the writing needs no lock.
    let target = state.withLock { state -> Result<(descriptor: Int32, offset: Int)?, Refusal> in
      if state.bytesInMemory + bytes <= budget {
        state.bytesInMemory += bytes
        state.places[number] = .memory(cache)
        return .success(nil)
      }
      if state.descriptor < 0 {
        switch Self.openFile() {
        case .success(let descriptor): state.descriptor = descriptor
        case .failure(let refusal): return .failure(refusal)
        }
      }
      defer { state.fileEnd += bytes }
      return .success((state.descriptor, state.fileEnd))
    }
    guard let target = try target.get() else { return }
    var at = target.offset
    for tensor in cache.tensors {
      let count = tensor.count * MemoryLayout<Float>.stride
      let written = tensor.withPointer { from in
        Self.transferred(count, "written") { done in
          pwrite(target.descriptor, UnsafeRawPointer(from) + done, count - done, off_t(at + done))
        }
      }
      if let written { throw written }
      at += count
    }
    state.withLock { $0.places[number] = .file(cache.outline, offset: target.offset) }
  }

  private func read(
    _ outline: ExampleCache<Float>.Outline, at offset: Int
  ) throws(Refusal) -> ExampleCache<Float> {
    let descriptor = state.withLock { $0.descriptor }
    var at = offset
    var tensors: [Tensor<Float>] = []
    for shape in outline.shapes {
      let count = shape.reduce(1, *) * MemoryLayout<Float>.stride
      var failure: Refusal?
      tensors.append(
        Tensor(shape) { to in
          failure = Self.transferred(count, "read") { done in
            pread(descriptor, UnsafeMutableRawPointer(to) + done, count - done, off_t(at + done))
          }
        })
      if let failure { throw failure }
      at += count
    }
    return ExampleCache(tensors, like: outline)
  }

  /// Calls `move` until so many bytes have moved.
  ///
  /// - Returns: Why they have not; nil where they have.
  private static func transferred(
    _ count: Int, _ what: String, _ move: (Int) -> Int
  ) -> Refusal? {
    var done = 0
    while done < count {
      let moved = move(done)
      if moved < 0, errno == EINTR { continue }
      guard moved > 0 else {
        return Refusal(
          .resources, file: folder, field: "kept states of examples",
          found: "\(done) of \(count) bytes \(what) (\(moved < 0 ? systemMessage() : "no more"))",
          expected: "room on the local disk, more run.memory, or another TMPDIR")
      }
      done += moved
    }
    return nil
  }

  private static var folder: String { NSTemporaryDirectory() }

  /// A file that is gone from its folder once it is open, so that no kill leaves it behind.
  private static func openFile() -> Result<Int32, Refusal> {
    // mkstemp puts letters of its own for the last six.
    var path = Array("\(folder)/causeway-states-\(String(repeating: "X", count: 6))".utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0 else {
      return .failure(
        Refusal(
          .resources, file: folder, found: systemMessage(),
          expected: "a folder of the local disk for states past run.memory; see TMPDIR"))
    }
    unlink(path)
    return .success(descriptor)
  }
}
