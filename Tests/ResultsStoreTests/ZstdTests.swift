import Foundation
import Inputs
import Testing
import _TestSupport

@testable import ResultsStore

@Test(arguments: [0, 1, 7, 1000, 300_000])
func `bytes come back from a zstd frame`(count: Int) throws {
  var random = SeededRandom(seed: 1)
  let bytes = (0..<count).map { _ in UInt8.random(in: 0...9, using: &random) }
  let frame = try Zstd.compress(bytes)
  #expect(try Zstd.decompress(frame, to: .exactly(count)) == bytes)
  #expect(try Zstd.decompress(frame, to: .atMost(count + 5)) == bytes)
}

@Test func `a frame is refused unless its content has exactly the expected size`() throws {
  let frame = try Zstd.compress([UInt8](repeating: 3, count: 100))
  for size in [Zstd.Size.exactly(99), .exactly(101), .atMost(99), .exactly(0)] {
    let error = refusal { () throws(Refusal) in _ = try Zstd.decompress(frame, to: size) }
    #expect(error?.found.contains("size of 100") == true)
  }
}

@Test func `a frame without checksum, or with anything after it, is refused`() throws {
  let bytes = Array("twelve bytes".utf8)
  let plain = try Zstd.compress(bytes, checksum: false)
  let frame = try Zstd.compress(bytes)
  #expect(
    refusal { () throws(Refusal) in _ = try Zstd.decompress(plain, to: .exactly(12)) }?.found
      .contains("without checksum") == true)
  for tail in [[0], frame, [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]] {
    #expect(
      refusal { () throws(Refusal) in _ = try Zstd.decompress(frame + tail, to: .exactly(12)) }?
        .found.contains("trailing") == true)
  }
}

@Test func `a frame cut anywhere is refused`() throws {
  let frame = try Zstd.compress(Array("a short text, a short text".utf8))
  for count in 0..<frame.count {
    #expect(
      refusal { () throws(Refusal) in
        _ = try Zstd.decompress(frame[..<count], to: .exactly(26))
      } != nil)
  }
}

@Test func `a level that zstd does not have is refused`() {
  for level in [0, -3, 23] {
    #expect(
      refusal { () throws(Refusal) in _ = try Zstd.compress([1], level: level) }?.found
        == "\(level)")
  }
}

@Test(.enabled(if: SharedMaterial.isPresent))
func `each damaged zstd file of the corpus is refused in the wanted words`() throws {
  let scratch = try Scratch()
  let cases = try BadInputCorpus(in: scratch.path).cases.filter { $0.kind == "zstd" }
  #expect(cases.count == 12)
  for entry in cases {
    let frame = try scratch.bytes(entry.file)
    let error = refusal { () throws(Refusal) in
      do throws(Refusal) { _ = try Zstd.decompress(frame, to: .exactly(24)) } catch {
        throw error.inFile(entry.file)
      }
    }
    guard entry.expectation == "reject" else {
      #expect(error == nil, "\(entry.file)")
      continue
    }
    let found = try #require(error, "\(entry.file) was accepted")
    #expect(found.file == entry.file && found.kind == .store)
    #expect(holds(entry.terms, in: found.found), "\(found), wanted \(entry.terms)")
  }
}
