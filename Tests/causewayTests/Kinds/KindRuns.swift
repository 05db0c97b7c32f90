import Experiments
import Foundation
import Inputs
import ResultsStore
import Testing

/// Finished runs of the suite's jobs, each made once. Tests change copies of them.
actor KindRuns {
  private static let shared = KindRuns()
  private var runs: [JobKind: Task<Workbench, any Error>] = [:]

  /// The bench on whose folder `run` a kind's job has come to its end on one thread.
  static func finished(_ kind: KindBench) async throws -> Workbench {
    try await shared.run(kind).value
  }

  private func run(_ kind: KindBench) -> Task<Workbench, any Error> {
    if let task = runs[kind.kind] { return task }
    let task = Task {
      let bench = try kind.bench()
      try await bench.finish("run", ["--threads", "1"])
      return bench
    }
    runs[kind.kind] = task
    return task
  }

  /// A copy of a kind's finished run, which goes when its holder does.
  static func copy(_ kind: KindBench) async throws -> RunCopy {
    try RunCopy(of: try await finished(kind))
  }
}

/// A run's folder that a test may change.
final class RunCopy {
  let bench: Workbench
  let path: String

  init(of bench: Workbench) throws {
    self.bench = bench
    path = bench.path("copy-\(UUID().uuidString.prefix(8))")
    try FileManager.default.copyItem(atPath: bench.path("run"), toPath: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// What verifying finds, or what keeps it from beginning.
  func faults(_ change: (inout VerifyOptions) -> Void = { _ in }) -> [Refusal] {
    var options = VerifyOptions()
    change(&options)
    do throws(Refusal) {
      return try JobKind(ofRun: path).experiment.verify(path, options).faults
    } catch { return [error] }
  }

  /// Whether a fault, which ends `verify` with 5, names the file or folder or what it lies in. An
  /// array's metadata stands in its own file and in the root's: either can be the one named. Without
  /// its specification the folder is no run's.
  func isNamed(_ name: String, _ faults: [Refusal]) -> Bool {
    faults.contains { fault in
      guard fault.kind == .store else { return false }
      if name.hasSuffix("zarr.json"), fault.file.hasPrefix(path + "/results.zarr"),
        fault.file.hasSuffix("zarr.json")
      {
        return true
      }
      if name == "spec.json", fault.file == path { return true }
      let whole = "\(path)/\(name)"
      return fault.file == whole || fault.file.hasPrefix(whole + "/")
        || fault.file != path && whole.hasPrefix(fault.file + "/")
    }
  }
}

/// What lies in a run's folder.
struct RunTree {
  /// Relative paths, sorted.
  private(set) var files: [String] = []
  private(set) var folders: [String] = []
  let path: String

  init(_ path: String) {
    self.path = path
    for name in FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? [] {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder) else {
        continue
      }
      if isFolder.boolValue { folders.append(name) } else { files.append(name) }
    }
    files.sort()
    folders.sort()
  }

  /// Files and folders, the run's own with them, but for those in a folder.
  func inodes(without folder: String?) -> Int {
    1 + (files + folders).count { name in folder.map { !name.hasPrefix($0 + "/") } ?? true }
  }

  /// What `du` says, in bytes.
  var diskBytes: Int {
    ([""] + files + folders).reduce(0) { total, name in
      var status = stat()
      guard lstat("\(path)/\(name)", &status) == 0 else { return total }
      return total + 512 * Int(status.st_blocks)
    }
  }

  /// SHA-256 of each file that must be the same however the job was run.
  func digests() throws -> [String: String] {
    let own = ["journal/", "log/", "lease/", "provenance.json", "figures/"]
    var digests: [String: String] = [:]
    for file in files where !own.contains(where: { file.hasPrefix($0) }) {
      digests[file] = Digest.of(
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)"))))
    }
    return digests
  }
}

extension Workbench {
  /// What tells how far a run's folder has come: its journals, checkpoints, starts and what is in
  /// flight.
  func state(of run: String) -> String {
    let names = try? FileManager.default.contentsOfDirectory(atPath: path("\(run)/log"))
    return "\(StoredRun.journalBytes(path(run))) \(Self.checkpoints(path(run))) "
      + "\((names ?? []).sorted()) \(inFlight(run))"
  }

  /// The files that tell what ranks are at, each with the units.
  func inFlight(_ run: String) -> [String: [Int]] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: path("\(run)/log"))
    var units: [String: [Int]] = [:]
    for name in names ?? [] where name.hasPrefix("in-flight-") {
      let bytes = [UInt8](
        (try? Data(contentsOf: URL(fileURLWithPath: path("\(run)/log/\(name)")))) ?? Data())
      units[name] = stride(from: 0, to: bytes.count - 7, by: 8).compactMap { start in
        let slot = (0..<8).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
        return slot > 0 ? slot - 1 : nil
      }
    }
    return units
  }
}
