internal import CausalModels
internal import Inputs
internal import JobFiles
package import Models

/// What examples must fit: what the model reads, and among how many answers it chooses.
package struct ExampleLimits: Sendable, Equatable {
  package var inputs: InputLimits
  /// Logits of one prediction.
  package var answers: Int
  /// The model in words, for refusals.
  package var model: String

  package init(_ inputs: InputLimits, answers: Int, model: String) {
    (self.inputs, self.answers, self.model) = (inputs, answers, model)
  }

  func check(_ input: ExampleInput, at place: JobPlace) throws(Refusal) {
    let count: Int
    switch input {
    case .text(let text):
      throw place.refusal("the text \(quoted(text))", expected: "tokens or features")
    case .tokens(let ids):
      count = ids.count
      guard let vocabulary = inputs.vocabulary else {
        throw place.refusal(
          "tokens", expected: "features: \(escaped(model)) has no token embeddings")
      }
      for (position, id) in ids.enumerated() where !(0..<vocabulary).contains(id) {
        throw place.item(position).refusal(
          "token \(id)", expected: "a token from 0 to \(vocabulary - 1), of \(escaped(model))")
      }
    case .features(let rows):
      count = rows.count
      for (position, row) in rows.enumerated() where row.count != inputs.width {
        throw place.item(position).refusal(
          "\(row.count) features", expected: "\(inputs.width), the width of \(escaped(model))")
      }
    }
    guard count > 0, count <= inputs.positions ?? .max else {
      throw place.refusal(
        "\(count) positions",
        expected: "1 to \(inputs.positions ?? .max), the context of \(escaped(model))")
    }
  }
}
