import Foundation
import Inputs
import ResultsStore
import Testing

/// What a run folder holds of results: what must be the same on any number of ranks.
struct StoredRun {
  /// SHA-256 of every file of `results.zarr`, by path.
  let files: [String: String]
  /// The journals' result records, by unit.
  let records: [UInt64: [UInt8]]
  /// Results that the journals hold more than once.
  let duplicates: Int

  init(_ folder: String) throws {
    let results = folder + "/results.zarr"
    var files: [String: String] = [:]
    for name in FileManager.default.enumerator(atPath: results)?.allObjects as? [String] ?? [] {
      var isFolder: ObjCBool = false
      let path = "\(results)/\(name)"
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      files[name] = Digest.of(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    }
    self.files = files
    let run = try RunFolder.open(folder)
    let journals = try JournalReader.readAll(run.journal, job: run.spec.digest)
    records = Dictionary(uniqueKeysWithValues: journals.results.map { ($0.unit, $0.payload) })
    duplicates = journals.duplicates
  }

  /// Expects every file of the results and every record to be the same bytes.
  func expectSame(as other: StoredRun, _ what: String, _ place: SourceLocation = #_sourceLocation) {
    #expect(!files.isEmpty && !records.isEmpty, "\(what)", sourceLocation: place)
    let names = Set(files.keys).union(other.files.keys)
    let odd = names.filter { files[$0] != other.files[$0] }.sorted()
    #expect(odd.isEmpty, "\(what): other files", sourceLocation: place)
    let units = Set(records.keys).union(other.records.keys)
    let oddUnits = units.filter { records[$0] != other.records[$0] }.sorted()
    #expect(oddUnits.isEmpty, "\(what): other records", sourceLocation: place)
  }

  /// The units that a run's journals hold so far, read while it may still go on.
  static func journalBytes(_ folder: String) -> Int {
    let journal = folder + "/journal"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: journal)) ?? []
    return names.reduce(0) { total, name in
      let size = try? FileManager.default.attributesOfItem(atPath: "\(journal)/\(name)")[.size]
      return total + ((size as? Int) ?? 0)
    }
  }
}
