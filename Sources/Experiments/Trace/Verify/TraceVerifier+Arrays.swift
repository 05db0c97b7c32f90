internal import Foundation
internal import Inputs
internal import ResultsStore

/// Arrays against journals: each file's bytes are made again from the results, and compared.
extension TraceVerifier {
  mutating func checkArrays(
    _ reader: TraceReader, _ journals: TraceJournals, _ present: ArrayFiles
  ) {
    var check = ArrayCheck(reader: reader, present: present, isFinished: isFinished)
    let layout = TraceLayout(reader.spec, reader.grid)
    for (name, values) in layout.axes { check.whole(name, values, mustExist: true) }
    let status = reader.facts.enumerated().map { fact, labels in
      reader.spec.status(answer: labels.answerID, journals.baselines[fact])
    }
    let undecided = reader.facts.indices.contains {
      journals.baselines[$0] == nil && journals.failures[$0] == nil
    }
    let baselines = reader.facts.indices.map { journals.baselines[$0] }
    let wasFailure = reader.facts.indices.contains { journals.everFailed.contains($0) }
    for (name, values) in reader.contents.arrays(of: baselines, status) {
      check.whole(
        name, values, mayLag: wasFailure,
        missing: undecided ? "a baseline of which no journal has a result" : nil)
    }
    for fact in reader.facts.indices {
      for restoration in reader.grid.restore.indices {
        check.cells(fact, restoration, status[fact], journals)
      }
    }
    checkSummary(reader, journals, status, &check)
    for fault in check.faults { report.add(fault) }
    for note in check.notes { report.note(note) }
    report.count(check.equal, "files of arrays against the journals")
    if check.alike > 0 {
      report.note("\(check.alike) files hold the same values in other bytes: another zstd's")
    }
  }

  private mutating func checkSummary(
    _ reader: TraceReader, _ journals: TraceJournals, _ status: [FactStatus],
    _ check: inout ArrayCheck
  ) {
    guard isFinished else { return }
    let payloads = journals.payloads
    let summary = report.attempt { () throws(Refusal) in
      try TraceSummary(reader.grid) { (fact, restoration, metric) throws(Refusal) in
        guard status[fact] == .traced, let baseline = journals.baselines[fact] else { return nil }
        return try reader.contents.cells(
          fact: fact, restoration: restoration, baseline, payloads, missing: { _ in .failed }
        ).floats(metric, roundBits: reader.spec.save.roundBits)
      }
    }
    for (name, values) in (summary?.arrays ?? [:]).sorted(by: { $0.key < $1.key }) {
      check.whole("summary/\(name)", .floats(values))
    }
  }

  /// Labels against the model and the facts, where those are still to be had; otherwise each label
  /// is read, which its checksum decides.
  mutating func checkLabels(_ reader: TraceReader, _ present: ArrayFiles) {
    var check = ArrayCheck(reader: reader, present: present, isFinished: isFinished)
    do throws(Refusal) {
      let job = try TraceJob(reader.spec)
      if let digest = job.factsDigest, digest != reader.inputs["facts"] {
        throw Refusal(
          .job, file: reader.spec.data.fileName, found: "the SHA-256 \(digest)",
          expected: "\(reader.inputs["facts"] ?? "none"), as spec.json says")
      }
      for (name, values) in TraceLayout.labels(job.facts) {
        check.whole(name, values, mustExist: true)
      }
      report.count(check.equal, "labels against model and facts")
    } catch {
      report.note("labels not checked against model and facts: \(error)")
      for name in ["fact_id", "prompt", "subject", "answer", "answer_id", "token", "token_id"] {
        check.readable(name)
      }
    }
    for fault in check.faults { report.add(fault) }
    let known = Set(check.known(reader.store.root, ""))
    let strange = present.names.subtracting(known).filter { name in
      var isFolder: ObjCBool = false
      let path = "\(folder.results)/\(name)"
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
    for name in strange.prefix(5) {
      report.note("\(folder.results)/\(escaped(name)): a file that no run writes")
    }
    if strange.count > 5 { report.note("and \(strange.count - 5) more such files") }
  }
}

/// Compares files of arrays with what they should hold.
struct ArrayCheck {
  let reader: TraceReader
  let present: ArrayFiles
  let isFinished: Bool
  private(set) var faults: [Refusal] = []
  private(set) var notes: [String] = []
  /// Files that are what they should be, byte for byte.
  private(set) var equal = 0
  /// Files with the right values in other bytes.
  private(set) var alike = 0

  init(reader: TraceReader, present: ArrayFiles, isFinished: Bool) {
    (self.reader, self.present, self.isFinished) = (reader, present, isFinished)
  }

  /// An array that is one file.
  ///
  /// - Parameters:
  ///   - mustExist: Also in a run that is not finished.
  ///   - mayLag: Whether a unit that failed once can have found its result since.
  ///   - missing: What of its sources is not in the journals.
  mutating func whole(
    _ name: String, _ values: ArrayValues, mustExist: Bool = false, mayLag: Bool = false,
    missing: String? = nil
  ) {
    guard let array = array(name) else { return }
    compare(array, array.onlyFile, values, mustExist, mayLag, missing)
  }

  /// The arrays of one fact and restoration.
  mutating func cells(
    _ fact: Int, _ restoration: Int, _ status: FactStatus, _ journals: TraceJournals
  ) {
    let contents = reader.contents
    let units = reader.plan.unitsOf[fact][restoration].map { reader.plan.units[$0].number }
    var files: [(name: String, values: ArrayValues)]
    var missing: String?
    if let baseline = journals.baselines[fact] {
      guard status == .traced else {
        files = contents.untraced(.skipped)
        return compare(files, fact, restoration, mayLag: journals.everFailed.contains(fact), nil)
      }
      let lost = units.first { journals.entries[$0] == nil && journals.failures[$0] == nil }
      missing = lost.map { "cells of unit \($0), of which no journal has a result" }
      do throws(Refusal) {
        files = contents.arrays(
          of: try contents.cells(
            fact: fact, restoration: restoration, baseline, journals.payloads,
            missing: { _ in .failed }))
      } catch { return faults.append(error) }
    } else {
      files = contents.untraced(.failed)
      missing = journals.failures[fact] == nil ? "a fact of which no journal has a baseline" : nil
    }
    let mayLag = ([fact] + units).contains { journals.everFailed.contains($0) }
    compare(files, fact, restoration, mayLag: mayLag, missing)
  }

  /// A file whose contents cannot be made again is whole, or it is a fault.
  mutating func readable(_ name: String) {
    guard let array = array(name) else { return }
    do throws(Refusal) {
      guard try ArrayValues.read(array, at: array.onlyFile) == nil else { return }
      throw Refusal(
        .store, file: array.path(ofFile: array.onlyFile), found: "nothing", expected: "a label")
    } catch { faults.append(error) }
  }

  /// Every file that a run may write below a group, from the root on.
  func known(_ group: ZarrGroup, _ path: String) -> [String] {
    var names = [path + "zarr.json"]
    for (name, spec) in group.arrays {
      names.append("\(path)\(name)/zarr.json")
      guard spec.fileGrid.reduce(1, *) > 0 else { continue }
      // Arrays are one file, or one for each fact and restoration.
      let (rows, columns) = (spec.fileGrid.first ?? 1, spec.fileGrid.dropFirst().first ?? 1)
      let rest = [Int](repeating: 0, count: max(0, spec.fileGrid.count - 2))
      for row in 0..<rows {
        for column in 0..<columns {
          let index = spec.fileGrid.count > 1 ? [row, column] + rest : [row]
          names.append("\(path)\(name)/\(spec.key(ofFile: index))")
        }
      }
    }
    return names + group.groups.flatMap { known($0.value, "\(path)\($0.key)/") }
  }

  private mutating func array(_ name: String) -> ZarrArray? {
    do throws(Refusal) { return try reader.store.array(name) } catch {
      faults.append(error)
      return nil
    }
  }

  private mutating func compare(
    _ files: [(name: String, values: ArrayValues)], _ fact: Int, _ restoration: Int, mayLag: Bool,
    _ missing: String?
  ) {
    for (name, values) in files {
      guard let array = array(name) else { continue }
      let index = TraceLayout.index(fact, restoration, array)
      compare(array, index, values, false, mayLag, missing)
    }
  }

  private mutating func compare(
    _ array: ZarrArray, _ index: [Int], _ values: ArrayValues, _ mustExist: Bool, _ mayLag: Bool,
    _ missing: String?
  ) {
    let path = array.path(ofFile: index)
    guard present.contains(path) else {
      if mustExist || isFinished {
        faults.append(
          Refusal(
            .store, file: path, found: "nothing",
            expected: "the results that the journals hold; the same command writes it again"))
      }
      return
    }
    do throws(Refusal) {
      let expected = Digest.of(try values.bytes(for: array, at: index))
      if try array.digest(ofFile: index) == expected {
        equal += 1
        return
      }
      guard let stored = try ArrayValues.read(array, at: index) else { return }
      if let missing {
        throw Refusal(.store, file: path, found: missing, expected: "results in the journals")
      }
      guard let difference = stored.difference(from: values) else {
        alike += 1
        return
      }
      if mayLag, !isFinished {
        notes.append("\(path): older than the journals; the same command writes it again")
        return
      }
      throw Refusal(
        .store, file: path,
        field: place(difference.place, in: array.boxInFile(index), array.spec.dimensions, index),
        found: difference.mine,
        expected: "\(difference.others), as the journals say; the same command writes it again")
    } catch { faults.append(error) }
  }

  /// An element's place by its dimensions: `layer 3, position 5, sample 0`.
  private func place(
    _ offset: Int, in box: [Int], _ names: [String], _ index: [Int]
  ) -> String {
    var rest = offset
    var parts: [String] = []
    for axis in box.indices.reversed() {
      let size = max(1, box[axis])
      // The file of a fact and restoration is one thick in both.
      let place = size == 1 && box.count > 2 ? index[axis] : rest % size
      parts.append("\(names[axis]) \(place)")
      rest /= size
    }
    return parts.reversed().joined(separator: ", ")
  }
}
