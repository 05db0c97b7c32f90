import Experiments
import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Nothing in a run's folder can be changed, cut or lost without `verify` naming it.
  @Suite(.serialized, .timeLimit(.minutes(60)))
  struct KindDamage {
    /// What may go without a word: pictures, which are drawn again, and a folder whose checkpoints
    /// went with the units' ends. Files of `log` that are no records are gone once a run has ended.
    static let mayBeLost = ["figures", "interventions/checkpoints"]

    @Test(arguments: KindBench.all)
    func `a changed byte of any file is a fault that names the file`(kind: KindBench) async throws {
      let run = try await KindRuns.copy(kind)
      #expect(run.faults().isEmpty, "\(run.faults())")
      let tree = RunTree(run.path)
      #expect(tree.files.count > 15)
      var random = SeededRandom(seed: 3)
      for file in tree.files {
        let descriptor = open("\(run.path)/\(file)", O_RDWR)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size > 0 else { continue }
        var missed: [Int] = []
        let places = runsSlowTests ? Array(0..<size) : [Int.random(in: 0..<size, using: &random)]
        for place in places {
          // Another bit at each byte; all eight of a byte pass through the same checksums.
          var byte: UInt8 = 0
          pread(descriptor, &byte, 1, off_t(place))
          var flipped = byte ^ 1 << UInt8(place * 5 % 8)
          pwrite(descriptor, &flipped, 1, off_t(place))
          if !run.isNamed(file, run.faults()) { missed.append(place) }
          pwrite(descriptor, &byte, 1, off_t(place))
        }
        #expect(missed.isEmpty, "\(file) of \(size) bytes: \(missed)")
      }
      #expect(run.faults().isEmpty)
    }

    @Test(arguments: KindBench.all)
    func `a file or folder that was cut short or removed is named`(kind: KindBench) async throws {
      let run = try await KindRuns.copy(kind)
      let tree = RunTree(run.path)
      for file in tree.files {
        let url = URL(fileURLWithPath: "\(run.path)/\(file)")
        let whole = try Data(contentsOf: url)
        for rest in Set([whole.count - 1, whole.count / 2, 0]).sorted() where rest >= 0 {
          try whole.prefix(rest).write(to: url)
          let faults = run.faults()
          #expect(run.isNamed(file, faults), "\(file) cut to \(rest): \(faults)")
        }
        try FileManager.default.removeItem(at: url)
        let gone = run.faults()
        #expect(run.isNamed(file, gone), "\(file) removed: \(gone)")
        try whole.write(to: url)
      }
      let aside = run.bench.path("aside-\(UUID().uuidString.prefix(8))")
      for folder in tree.folders where !Self.mayBeLost.contains(folder) {
        try FileManager.default.moveItem(atPath: "\(run.path)/\(folder)", toPath: aside)
        let faults = run.faults()
        #expect(run.isNamed(folder, faults), "\(folder) removed: \(faults)")
        try FileManager.default.moveItem(atPath: aside, toPath: "\(run.path)/\(folder)")
      }
      #expect(run.faults().isEmpty)
    }

    @Test(arguments: KindBench.all)
    func `a record that was changed under a right checksum is found by running its unit again`(
      kind: KindBench
    ) async throws {
      let run = try await KindRuns.copy(kind)
      #expect(run.faults { $0.recompute = 1 }.isEmpty, "\(run.faults { $0.recompute = 1 })")
      let folder = try RunFolder.open(run.path)
      let records = try JournalReader.readAll(folder.journal, job: folder.spec.digest).results
      let start = try #require(
        FileManager.default.contentsOfDirectory(atPath: folder.log).compactMap {
          RunID(String($0.dropFirst("attempt-".count).prefix(16)))
        }.first)
      for file in try JournalReader.files(in: folder.journal) {
        try FileManager.default.removeItem(atPath: file)
      }
      var writer = try JournalWriter.open(
        in: folder.journal, job: folder.spec.digest, run: start, rank: 0)
      for record in records {
        var payload = record.payload
        if record.unit == kind.change.unit { payload[kind.change.place] ^= 1 }
        try writer.append(JournalRecord(.result, unit: record.unit, payload: payload))
      }
      try writer.commit()
      let ended = try await RunningTool(
        ["verify", run.path, "--recompute", "100%", "--threads", "2"], ranks: nil
      ).end()
      #expect(ended.code == 5)
      #expect(
        ended.errors.contains("running it again gives, from byte \(kind.change.place) on"),
        "\(ended.errors)")
    }
  }
}
