import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

@Test(.enabled(if: SharedMaterial.isPresent))
func `every reference safetensors file is read whole`() throws {
  let root = try #require(SharedMaterial.root).appendingPathComponent("goldens")
  let walker = try #require(FileManager.default.enumerator(atPath: root.path))
  let paths = walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".safetensors") }
  #expect(paths.count > 200)
  for path in paths.sorted() {
    let file = try SafetensorsFile(root.appendingPathComponent(path).path)
    for tensor in file.tensors.values {
      let count =
        tensor.elementType.isFloatingPoint
        ? try file.floats(tensor.name).count : try file.integers(tensor.name).count
      #expect(count == tensor.shape.reduce(1, *), "\(path), \(tensor.name)")
    }
  }
}

@Test(.enabled(if: SharedMaterial.isPresent))
func `every reference model folder opens`() throws {
  let root = try #require(SharedMaterial.root).appendingPathComponent("goldens/models")
  let names = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
  #expect(names.count > 30)
  for name in names {
    let model = try Checkpoint(root.appendingPathComponent(name).path)
    #expect(!model.tensors.isEmpty, "\(name)")
    #expect(try model.digest().count == 64)
  }
}

/// Seconds of this thread's processor time, which other work on the machine hardly changes.
private func threadSeconds(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
  let start = now()
  try body()
  return now() - start
}

@Test(.enabled(if: SmolLM2.isPresent, Comment(rawValue: SmolLM2.reason)))
func `SmolLM2 is dequantised as the reference reader does, and in under a second`() throws {
  let root = try #require(SharedMaterial.root)
  let goldens = try JSONField.load(
    root.appendingPathComponent("goldens/smollm2/goldens.json").path, kind: .model)
  let model = try Checkpoint(#require(SmolLM2.file).path)

  var digest = ""
  let digestTime = try threadSeconds { digest = try model.digest() }
  #expect(try digest == goldens["gguf_sha256"].string())

  let largest = try #require(model.tensors.values.map(\.count).max())
  let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest)
  defer { buffer.deallocate() }
  var elements = 0
  let readTime = try threadSeconds {
    for tensor in model.tensors.values {
      try model.read(
        tensor.name, into: UnsafeMutableBufferPointer(rebasing: buffer[..<tensor.count]))
      elements += tensor.count
    }
  }
  #expect(elements == 134_515_008)
  print("\(elements) weights in \(readTime) s, digest in \(digestTime) s")
  #if !DEBUG
    #expect(readTime < 1)
    #expect(digestTime < 0.3)
  #endif

  for (name, expected) in try goldens["dequantised_tensors"].members() {
    let tensor = try model.tensor(name)
    #expect(try tensor.elementType.name == expected["type"].string(), "\(name)")
    let dimensions = try expected["shape_ggml_order"].items().map { try $0.int() }
    #expect(tensor.shape == dimensions.reversed(), "\(name)")
    let values = try model.floats(name)
    let first = try expected["first"].items().map { Float(try $0.double()) }
    let last = try expected["last"].items().map { Float(try $0.double()) }
    #expect(Array(values.prefix(first.count)) == first, "\(name)")
    #expect(Array(values.suffix(last.count)) == last, "\(name)")
    if let inside = try expected.optional("at_12345") {
      #expect(values[12345] == Float(try inside.double()), "\(name)")
    }
    var (sum, squares) = (0.0, 0.0)
    for value in values {
      sum += Double(value)
      squares += Double(value) * Double(value)
    }
    #expect(abs(sum - (try expected["sum"].double())) < 1e-6, "\(name)")
    #expect(
      abs(squares / (try expected["sum_of_squares"].double()) - 1) < 1e-9, "\(name)")
  }
}
