package import Inputs

/// Causal models that a job can name.
package enum BuiltInTask: String, CaseIterable, Sendable {
  case hierarchicalEquality = "hierarchical_equality"
  case priceTagging = "price_tagging"
  case indirectObject = "indirect_object_identification"
  case multiplyQuantified = "multiply_quantified_inference"
  case twoDigitAddition = "two_digit_addition"
  case threeDigitAddition = "three_digit_addition"

  package func task() throws(Refusal) -> CausalTask {
    switch self {
    case .hierarchicalEquality: try .hierarchicalEquality()
    case .priceTagging: try .priceTagging()
    case .indirectObject: try .indirectObject()
    case .multiplyQuantified: try .multiplyQuantified()
    case .twoDigitAddition: try .addition(digits: 2)
    case .threeDigitAddition: try .addition(digits: 3)
    }
  }
}
