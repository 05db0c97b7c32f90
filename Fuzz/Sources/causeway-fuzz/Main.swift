import CFuzzer
import Foundation

/// Feeds one of the readers of foreign files with what libFuzzer makes up.
///
///     causeway-fuzz READER [LIBFUZZER-OPTION...] [CORPUS...]
///
/// A refusal is the right answer; a trap, a finding of AddressSanitizer, a second of silence or half
/// a gigabyte of memory is not.
@main
struct CausewayFuzz {
  static func main() throws {
    var words = CommandLine.arguments
    guard words.count > 1, let reader = Reader(rawValue: words[1]) else {
      let names = Reader.allCases.map(\.rawValue).joined(separator: ", ")
      try FileHandle.standardError.write(
        contentsOf: Data(
          "usage: causeway-fuzz READER [OPTION...] [CORPUS...]\nreaders: \(names)\n".utf8))
      exit(2)
    }
    chosen = reader
    words.remove(at: 1)
    var count = Int32(words.count)
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
      .allocate(capacity: words.count + 1)
    for (place, word) in words.enumerated() { arguments?[place] = strdup(word) }
    arguments?[words.count] = nil
    exit(LLVMFuzzerRunDriver(&count, &arguments, runOne))
  }
}

/// Set once, before the only thread that reads it is asked to.
nonisolated(unsafe) private var chosen = Reader.json

private func runOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  chosen.read(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}
