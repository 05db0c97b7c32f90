import Inputs
import Testing

@testable import CausalModels

let flags = CausalDomain.finite([.boolean(true), .boolean(false)])

/// C is whether both A and B are true.
func conjunction() throws -> CausalModel {
  try CausalModel([
    CausalVariable("A", flags, function: CausalFunction { _ in .boolean(true) }),
    CausalVariable("B", flags, function: CausalFunction { _ in .boolean(true) }),
    CausalVariable("C", flags, formula: "A and B"),
  ])
}

/// Hierarchical equality of five objects with names.
func equality() throws -> CausalModel {
  let objects = CausalDomain.finite(["p", "q", "r", "s", "t"].map { .text($0) })
  return try CausalModel(
    ["W", "X", "Y", "Z"].map { CausalVariable($0, objects) } + [
      CausalVariable("WX", flags, formula: "W == X"),
      CausalVariable("YZ", flags, formula: "Y == Z"),
      CausalVariable("O", flags, formula: "WX == YZ"),
    ])
}

/// Expects a refusal whose line holds each of the texts.
func expectRefusal<Result>(
  naming texts: String..., location: SourceLocation = #_sourceLocation,
  action: () throws -> Result
) {
  do {
    _ = try action()
    Issue.record("nothing was refused", sourceLocation: location)
  } catch let refusal as Refusal {
    #expect(!refusal.description.contains("\n"), sourceLocation: location)
    for text in texts {
      #expect(
        refusal.description.contains(text), "\(refusal.description) | \(text)",
        sourceLocation: location)
    }
  } catch {
    Issue.record("\(error)", sourceLocation: location)
  }
}
