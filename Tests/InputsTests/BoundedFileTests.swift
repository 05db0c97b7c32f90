import Foundation
import Inputs
import Testing

struct BoundedFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("inputs-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test func `bytes are those of the file, and never past its end`() throws {
    try withFolder { folder in
      let path = folder + "/data"
      try Data([1, 2, 3, 4, 5]).write(to: URL(fileURLWithPath: path))
      let file = try BoundedFile(path, kind: .model)
      #expect(file.size == 5)
      #expect(try file.bytes(at: 1, count: 3) == [2, 3, 4])
      #expect(try file.bytes(at: 5, count: 0) == [])
      #expect(try file.readAll(limit: 5) == [1, 2, 3, 4, 5])
      for (offset, count) in [(0, 6), (5, 1), (6, 0), (-1, 1), (0, -1), (.max, 2), (1, .max)] {
        let error = #expect(throws: Refusal.self) { try file.bytes(at: offset, count: count) }
        #expect(error?.found == "5 bytes, truncated", "\(offset) \(count)")
      }
      let error = #expect(throws: Refusal.self) { try file.readAll(limit: 4) }
      #expect(error?.expected == "at most 4 bytes (the limit)")
    }
  }

  @Test func `what is no regular file is refused, without waiting for a pipe`() throws {
    try withFolder { folder in
      mkfifo(folder + "/pipe", 0o600)
      for (name, found) in [
        ("", "a directory"), ("/pipe", "a pipe, device or socket"),
        ("/none", "No such file or directory"),
      ] {
        let error = #expect(throws: Refusal.self) {
          try BoundedFile(folder + name, kind: .store)
        }
        #expect(error?.found == found)
        #expect(error?.kind == .store)
      }
    }
  }

  @Test func `a file that shrinks while it is read is told from a whole one`() throws {
    try withFolder { folder in
      let path = folder + "/data"
      try Data(repeating: 7, count: 100).write(to: URL(fileURLWithPath: path))
      let file = try BoundedFile(path, kind: .model)
      truncate(path, 50)
      let error = #expect(throws: Refusal.self) { try file.bytes(at: 0, count: 100) }
      #expect(error?.found == "the file cut short while it was read")
    }
  }

  @Test func `a long file of holes is refused before it takes memory`() throws {
    try withFolder { folder in
      let path = folder + "/holes.json"
      #expect(FileManager.default.createFile(atPath: path, contents: Data("{\"a\": ".utf8)))
      truncate(path, 1 << 30)
      let error = #expect(throws: Refusal.self) {
        try BoundedFile(path, kind: .model).jsonBytes(limit: 1 << 31)
      }
      #expect(error?.found == "the control character 0 at byte 6")
    }
  }

  @Test func `digests are SHA-256, of pieces as of the whole`() throws {
    // FIPS 180-4's examples.
    #expect(
      Digest.of(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest.of([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    try withFolder { folder in
      let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "/long"))
      var digest = Digest()
      try BoundedFile(folder + "/long", kind: .model).update(&digest)
      #expect(digest.hexadecimal() == Digest.of(bytes))
    }
  }
}
