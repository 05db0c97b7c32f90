import Checkpoints

/// How fast the tensors of a GGUF file become floats, by their type.
enum ReadingBenchmark {
  /// - Parameter path: A file that the page cache holds after the first reading.
  static func run(_ path: String) throws -> [String] {
    let file = try GGUFFile(path)
    let groups = Dictionary(grouping: file.tensors.values) { $0.elementType.name }
    let largest = file.tensors.values.map(\.count).max() ?? 0
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest)
    defer { buffer.deallocate() }
    buffer.initialize(repeating: 0)
    return try groups.sorted { $0.key < $1.key }.map { name, tensors in
      var best = Double.infinity
      for _ in 0..<5 {
        best = min(
          best,
          try seconds {
            for tensor in tensors {
              try file.read(
                tensor.name, into: UnsafeMutableBufferPointer(rebasing: buffer[..<tensor.count]))
            }
          })
      }
      let elements = Double(tensors.reduce(0) { $0 + $1.count })
      let bytes = Double(tensors.reduce(0) { $0 + $1.byteCount })
      return #"{"name": "\#(name)", "seconds": \#(best), "#
        + #""gelements": \#(elements / best / 1e9), "gbytes": \#(bytes / best / 1e9)}"#
    }
  }
}
