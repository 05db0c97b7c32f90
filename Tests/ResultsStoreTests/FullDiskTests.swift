import Foundation
import Inputs
import Testing

@testable import ResultsStore

/// Lets files of this process grow to `bytes` at most: a write past it is cut short, the next
/// fails with `EFBIG`. What a full disk does, without filling one.
private func limitFiles(to bytes: Int) {
  signal(SIGXFSZ, SIG_IGN)
  var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
  #expect(setrlimit(__rlimit_resource_t(1), &limit) == 0)
}

@Test func `a file that finds no room is refused and leaves the old one`() async {
  await #expect(processExitsWith: .success) {
    let scratch = try Scratch()
    let files = FileWriter(run: try runID(1), rank: 0)
    try files.write("old", to: scratch.file("a"))
    limitFiles(to: 5000)
    let large = [UInt8](repeating: 1, count: 6000)
    let error = refusal { () throws(Refusal) in try files.write(large, to: scratch.file("a")) }
    #expect(error?.kind == .resources && error?.file == scratch.file("a"))
    #expect(error?.found.contains("EFBIG") == true)
    #expect(try scratch.bytes("a") == Array("old".utf8))
    #expect(try scratch.tree() == ["a"])
  }
}

@Test func `a commit that finds no room counts for nothing, and its journal is abandoned`() async {
  await #expect(processExitsWith: .success) {
    let scratch = try Scratch()
    var journal = try JournalWriter.open(in: scratch.path, job: job, run: try runID(1), rank: 0)
    try journal.append(JournalRecord(.result, unit: 1, payload: [1]))
    try journal.commit()
    limitFiles(to: 5000)
    let noise = (0..<6000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    try journal.append(JournalRecord(.result, unit: 2, payload: noise.shuffled()))
    for word in ["EFBIG", "a journal whose last commit failed"] {
      do throws(Refusal) {
        try journal.commit()
        Issue.record("a commit without room was said to be durable")
      } catch { #expect(error.found.contains(word), "\(error)") }
    }
    let all = try JournalReader.readAll(scratch.path, job: job)
    #expect(all.results.map(\.unit) == [1])
    #expect(all.findings.map(\.kind) == [.tornTail])
    var next = try JournalWriter.open(in: scratch.path, job: job, run: try runID(2), rank: 0)
    try next.append(JournalRecord(.result, unit: 2, payload: [2]))
    try next.commit()
    #expect(try JournalReader.readAll(scratch.path, job: job).results.map(\.unit) == [1, 2])
  }
}
