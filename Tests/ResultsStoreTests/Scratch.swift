import Foundation
import Inputs

@testable import ResultsStore

/// A folder for one test, gone when the test is.
final class Scratch: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "causeway-store-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }

  func put(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
  }

  /// The paths of all files below, relative and sorted.
  func tree() throws -> [String] {
    let all = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
    return all.filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: file($0), isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }
}

/// The identifier that ends in those digits.
func runID(_ number: Int) throws -> RunID {
  let digits = "\(number)"
  let text = String(repeating: "0", count: 16 - digits.count) + digits
  guard let id = RunID(text) else {
    throw Refusal(.store, found: text, expected: "a run identifier")
  }
  return id
}

/// The refusal that a piece of work ends in; nil if it ends well.
func refusal(_ work: () throws(Refusal) -> Void) -> Refusal? {
  do throws(Refusal) {
    try work()
    return nil
  } catch { return error }
}

/// A job's digest, of no particular job.
let job = String(repeating: "ab", count: 32)
