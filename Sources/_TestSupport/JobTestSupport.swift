package import Foundation
package import Inputs
package import JobFiles
package import Testing

package func document(
  _ text: String, file: String = "job.toml", set overrides: [String] = []
) throws(Refusal) -> JobDocument {
  try JobDocument(Array(text.utf8), file: file, overrides: overrides)
}

/// Ends a test in which nothing was refused, which it has recorded.
package struct NotRefused: Error {}

/// The refusal of something that must be refused.
package func jobRefusal<Result>(
  _ action: () throws(Refusal) -> Result, _ location: SourceLocation = #_sourceLocation
) throws -> Refusal {
  do throws(Refusal) {
    _ = try action()
  } catch {
    return error
  }
  Issue.record("nothing was refused", sourceLocation: location)
  throw NotRefused()
}

/// Expects a refusal of that kind whose one line holds each of the texts.
package func expectRefusal<Result>(
  naming texts: String..., kind: Refusal.Kind = .job,
  location: SourceLocation = #_sourceLocation, action: () throws(Refusal) -> Result
) {
  do throws(Refusal) {
    _ = try action()
    Issue.record("nothing was refused", sourceLocation: location)
  } catch {
    #expect(error.kind == kind, sourceLocation: location)
    #expect(!error.description.contains("\n"), sourceLocation: location)
    for text in texts {
      #expect(error.description.contains(text), "\(error) | \(text)", sourceLocation: location)
    }
  }
}

/// A folder that is gone after the test.
package func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("job-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}
