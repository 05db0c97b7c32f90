import Inputs
import Testing
import _TestSupport

/// Expects a refusal of that kind, whose one-line description holds the terms.
func expectRefusal<Result>(
  _ terms: String, kind: Refusal.Kind = .model, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Result
) {
  do {
    _ = try body()
    Issue.record("accepted; wanted a refusal with \(terms)", sourceLocation: sourceLocation)
  } catch let refusal as Refusal {
    #expect(refusal.kind == kind, sourceLocation: sourceLocation)
    #expect(
      holds(terms, in: refusal.description), "\(refusal) does not hold \(terms)",
      sourceLocation: sourceLocation)
    #expect(!refusal.description.contains("\n"), sourceLocation: sourceLocation)
  } catch {
    Issue.record("\(error) is not a Refusal", sourceLocation: sourceLocation)
  }
}
