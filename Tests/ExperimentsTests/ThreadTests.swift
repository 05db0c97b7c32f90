import Foundation
import Testing

@testable import Experiments

/// What compute threads share: the model, the queue of units, the journal. ThreadSanitizer watches
/// these tests in `scripts/sanitize thread`.
struct ThreadTests {
  @Test func `a run on four threads stores the bytes of a run on one`() throws {
    let facts = (0..<8).map { TinyRun.facts[$0 % 3] }
    let (one, four) = (try TinyRun(facts: facts), try TinyRun(facts: facts))
    try one.run()
    try four.run(threads: 4)
    let names = one.files().filter { $0.hasPrefix("results.zarr/") }
    #expect(names.count > 60 && names == four.files().filter { $0.hasPrefix("results.zarr/") })
    for name in names {
      let bytes = try [one, four].map {
        try Data(contentsOf: URL(fileURLWithPath: "\($0.path)/\(name)"))
      }
      #expect(bytes[0] == bytes[1], "\(name)")
    }
    #expect(
      try four.verify {
        $0.recompute = 1; $0.threads = 4
      }.faults.isEmpty)
  }

  @Test func `a run on four threads that is stopped is finished by the next`() throws {
    let run = try TinyRun(facts: (0..<8).map { TinyRun.facts[$0 % 3] })
    try run.run(stoppingAfter: 3, threads: 4)
    try run.run(threads: 4)
    #expect(try run.verify().exitCode == 0)
  }
}
