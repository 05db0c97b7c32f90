internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Randomness
internal import Tensors

extension InterventionBuilding {
  /// A formula with its constants and what training changes:
  /// `{"formula": …, "constants": {NAME: number or tensor}, "trained": {NAME: {"start": tensor} or
  /// {"shape": [rows, columns], "orthogonal": true, "seed": 0}}}`. Where `params` has a trained name, its
  /// tensor is the start; of an orthogonal one also as `original` and `base`, as it is saved. Without a
  /// seed the first has 0, the next 1 and so on, so that no two start alike.
  func expression() throws(Refusal) -> Expression<Float> {
    let formula = try needed("formula", \.formula)
    var constants: [String: Tensor<Float>] = [:]
    for (name, field) in spec.arguments?.constants ?? [] {
      constants[name] =
        field.isNumber
        ? Tensor(scalar: Float(try field.double())) : try tensor(field)
    }
    var trained: [(name: String, value: Expression<Float>.Parameter)] = []
    for (name, fields) in spec.arguments?.trained ?? [] {
      trained.append((name, try start(name, fields, number: trained.count)))
    }
    do {
      return try Expression(try formula.string(), constants: constants, trained: trained)
    } catch {
      throw formula.refusal("\(error.found) (\(error.field))", expected: error.expected)
    }
  }

  /// Where a trained parameter starts: from a tensor, or from random draws of a shape.
  private func start(
    _ name: String, _ fields: TrainedArgument, number: Int
  ) throws(Refusal) -> Expression<Float>.Parameter {
    var random = SplitMix64(seed: UInt64(fields.seed ?? number))
    let said = try fields.shape?.integers()
    if fields.isOrthogonal, let stored = try stored(name, shape: said) {
      return .orthogonal(stored)
    }
    var value: Tensor<Float>
    if let given = try parameter(name, shape: said) {
      if let start = fields.start {
        throw start.refusal("a start beside params.\(name)", expected: "one of the two")
      }
      value = given
    } else if let start = fields.start {
      value = try tensor(start, shape: said)
      if let said, said != value.shape {
        throw start.refusal("shape \(value.shape)", expected: "\(said), as shape says")
      }
    } else {
      guard let shape = said else {
        throw fields.place.member("shape").refusal("no such field", expected: "a shape, or a start")
      }
      let (count, overflow) = shape.reduce((1, false)) { total, size in
        let (product, overflow) = total.0.multipliedReportingOverflow(by: size)
        return (product, total.1 || overflow)
      }
      guard !overflow, count > 0, count <= 1 << 28, shape.count <= 2 else {
        throw fields.place.member("shape").refusal(
          "\(shape)", expected: "at most two sizes above 0, of at most \(1 << 28) elements")
      }
      let scale = 1 / Float(shape.first ?? 1).squareRoot()
      value = Tensor.standardNormal(shape, using: &random).scaled(by: scale)
    }
    guard fields.isOrthogonal else { return .free(value) }
    guard value.shape.count == 2, value.rows >= value.width, value.width > 0 else {
      throw fields.place.refusal(
        "an orthogonal parameter of shape \(value.shape)",
        expected: "[rows, columns] with no more columns than rows")
    }
    return .orthogonal(OrthogonalWeight(weight: value, using: &random))
  }

  /// An orthogonal parameter from the two tensors that it is saved as.
  private func stored(
    _ name: String, shape: [Int]?
  ) throws(Refusal) -> OrthogonalWeight<Float>? {
    let (first, second) = (
      Expression<Float>.originalName(name), Expression<Float>.baseName(name)
    )
    guard let original = try parameter(first, shape: shape) else {
      if try parameter(second, shape: nil) == nil { return nil }
      throw refusal(first, "no such parameter", expected: "both or neither of base and original")
    }
    guard original.shape.count == 2, original.rows >= original.width, original.width > 0 else {
      throw refusal(
        first, "shape \(original.shape)", expected: "[rows, columns] with no more columns than rows"
      )
    }
    let base = try required(second, shape: [original.rows, original.rows])
    return OrthogonalWeight(base: base, original: original)
  }
}
