import Autodiff
import Foundation
import Inputs
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// What formulas can say beyond sums and products.
struct FormulaFunctionTests {
  private let base = Tensor<Double>([2, 3], [1, -2, 3, 4, 5, -6])
  private let source = Tensor<Double>([2, 3], [2, 1, 0, -1, 7, 2])
  private let constants: [String: Tensor<Double>] = [
    "v": Tensor([3], [1, 0, -1]), "M": Tensor([3, 2], [1, 2, 3, 4, 5, 6]),
    "T": Tensor([2, 3, 3], (0..<18).map { Double($0) }), "k": Tensor(scalar: 2),
  ]

  private func value(_ formula: String) throws -> [Double] {
    let expression = try Expression(formula, constants: constants)
    try expression.check(width: 3)
    let input = InterventionInput(
      base: Variable(base), source: Variable(source), coordinates: .all)
    let tape = Tape<Double>()
    return expression.apply(input, expression.parameters.bound(on: tape, asLeaves: false), on: tape)
      .value.elements
  }

  private func expect(
    _ formula: String, _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try value(formula)
    #expect(
      Tolerance(absolute: 1e-12, relative: 1e-12).disagreement(found, expected) == nil,
      "\(formula)", sourceLocation: sourceLocation)
  }

  private func elementwise(_ function: (Double, Double) -> Double) -> [Double] {
    zip(base.elements, source.elements).map(function)
  }

  /// A number of each row for each of its elements.
  private func byRow(_ function: ([Double]) -> Double) -> [Double] {
    (0..<2).flatMap { row in
      let own = Array(base.elements[row * 3..<(row + 1) * 3])
      return [Double](repeating: function(own), count: 3)
    }
  }

  @Test
  func `functions go over elements or over each vector's coordinates`() throws {
    try expect("max(base, source)", elementwise { max($0, $1) })
    try expect("min(base, 1)", elementwise { x, _ in min(x, 1) })
    try expect("max(0, base)", elementwise { x, _ in max(0, x) })
    try expect("clamp(base, -1, k)", elementwise { x, _ in min(max(x, -1), 2) })
    try expect(
      "clamp(source, min(base), v * 3)",
      (0..<6).map { place in
        let own = base.elements[place / 3 * 3..<place / 3 * 3 + 3]
        let high = [3, 0, -3.0][place % 3]
        return min(max(source.elements[place], own.min() ?? 0), high)
      })
    try expect("log(exp(base))", base.elements)
    try expect("sqrt(base * base)", base.elements.map(abs))
    try expect("0 * base + norm(base)", byRow { sqrt($0.reduce(0) { $0 + $1 * $1 }) })
    try expect("base - base + mean(base)", byRow { $0.reduce(0, +) / 3 })
    try expect("0 * base + sum(base) / k", byRow { $0.reduce(0, +) / 2 })
    try expect("max(base) + 0 * base", byRow { $0.max() ?? 0 })
    try expect("min(base) * (base - base + 1)", byRow { $0.min() ?? 0 })
    let norms = byRow { sqrt($0.reduce(0) { $0 + $1 * $1 }) }
    try expect("base / norm(base) * norm(v)", zip(base.elements, norms).map { $0 / $1 * sqrt(2) })
    let sums = byRow { $0.reduce(0) { $0 + exp($1) } }
    try expect("softmax(base)", zip(base.elements, sums).map { exp($0) / $1 })
  }

  @Test
  func `slices take coordinates of vectors, rows of matrices and matrices of several`() throws {
    let b = base.elements
    try expect("concat(base[1:], base[0])", [b[1], b[2], b[0], b[4], b[5], b[3]])
    try expect("concat(base[-1], base[:2])", [b[2], b[0], b[1], b[5], b[3], b[4]])
    try expect("concat(base[..., 1:3], base[:1])", [b[1], b[2], b[0], b[4], b[5], b[3]])
    try expect("0 * base + base[2]", [b[2], b[2], b[2], b[5], b[5], b[5]])
    try expect("0 * base + v[2]", [-1, -1, -1, -1, -1, -1])
    try expect("0 * base + concat(v[1:], v[0])", [0, -1, 1, 0, -1, 1])
    try expect("0 * base + M[..., 1]", [2, 4, 6, 2, 4, 6])
    try expect("0 * base + concat(M[-1], M[0][1])", [5, 6, 2, 5, 6, 2])
    try expect("0 * base + sum(M)", [3, 7, 11, 3, 7, 11])
    let second = (0..<3).map { column in
      (0..<3).reduce(0.0) { $0 + b[$1] * Double(9 + $1 * 3 + column) }
    }
    #expect(try Array(value("base @ T[1]")[..<3]) == second)
    let last = (0..<3).map { row in
      (0..<2).reduce(0.0) { $0 + b[$1] * Double(row * 3 + $1 + 1) }
    }
    #expect(try Array(value("base[:2] @ T[-2].T[1:]")[..<3]) == last)
    // A row on the right is the projection on it.
    try expect("base - (base @ v) * v / (v @ v)", [2, -2, 2, -1, 5, -1])
    try expect("0 * base + T[0] @ v", [-2, -2, -2, -2, -2, -2])
  }

  @Test(arguments: [
    "norm(x) * x", "x / norm(x)", "mean(x) * source", "sum(x) * x", "softmax(x) * source",
    "log(x * x + 1)", "sqrt(x * x + 1)", "exp(x / 9)", "max(x, source)", "min(x, 0.3)",
    "max(x) * x", "min(x) * x", "clamp(x, -2.5, 3.5)", "clamp(source, x, 4)",
    "concat(x[1:] * x[:2], x[-1])", "x * r[1] + r", "x @ D[1]", "x - (x @ r) * r / (r @ r)",
    "x + D[0] @ r", "x * norm(r)", "x + sum(D[1])", "x + softmax(r)", "x * max(r)",
    "x + D[0][..., 1]", "x + D[1][2]",
  ])
  func `gradients of formulas agree with central differences`(formula: String) throws {
    let parsed = try FormulaParser.parse(formula.replacing(/\bx\b/, with: "base"))
    var random = SeededRandom(seed: 3)
    let inputs = [
      base.scaled(by: 0.7), source.scaled(by: 0.45),
      Tensor<Double>.normal([3], using: &random), .normal([2, 3, 3], using: &random),
    ]
    expectGradient(at: inputs) { tape, leaves in
      tape.value(
        parsed, ["base": leaves[0], "source": leaves[1], "r": leaves[2], "D": leaves[3]])
    }
  }

  @Test(arguments: [
    ("norm(k) * base", "norm of a number"), ("max(base, v, v)", "at most 2"),
    ("clamp(base, 1)", "clamp of 3 values"), ("base[3]", "0 to 2"), ("base[2:1]", "[2:1]"),
    ("base[]", "a number or a range"), ("base[1", "\"]\""), ("base[.., 1]", "a number or a range"),
    ("k[0] + base", "a slice of a number"), ("T[0:1] + base", "one matrix by its number"),
    ("base + T", "element by element"), ("concat(base, v)", "concat of"),
    ("base[:2]", "[units, 2]"),
    ("concat(base)", "concat of 2 values"), ("softmax(T)", "softmax of"),
    ("base @ M[0]", "columns"),
    ("base[99999999999999999999]", "a whole number"), ("exp(T)", "exp of"),
  ])
  func `what does not fit is refused with the part that is at fault`(
    formula: String, words: String
  ) throws {
    #expect {
      try Expression(formula, constants: constants).check(width: 3)
    } throws: {
      ($0 as? Refusal).map { "\($0)".contains(words) } ?? false
    }
  }

  @Test
  func `a formula is read again as it is written`() throws {
    for text in [
      "clamp(base[..., 1:-1], -1, norm(base)) - concat(base[2], base[:1]).T",
      "-max(base, source)[0] @ T[1].T",
    ] {
      let formula = try FormulaParser.parse(text)
      #expect(try FormulaParser.parse(formula.text) == formula)
    }
  }

  @Test
  func `the length of a zero vector has no gradient, and equal extremes share theirs`() {
    let tape = Tape<Double>()
    let x = tape.leaf(Tensor([2, 2], [0, 0, 3, 4]))
    let norm = tape.sum(tape.normOfRows(x))
    #expect(norm.value.scalar == 5)
    let gradient = tape.gradients(of: norm, at: [x])[0].elements
    #expect(
      Tolerance(absolute: 0, relative: 1e-14).disagreement(gradient, [0, 0, 0.6, 0.8]) == nil)
    let (a, b) = (tape.leaf(Tensor([3], [1, 2, 3])), tape.leaf(Tensor([3], [1, 1, 4])))
    let largest = tape.sum(tape.maximum(a, b))
    #expect(largest.value.scalar == 7)
    #expect(
      tape.gradients(of: largest, at: [a, b]).map(\.elements) == [[0.5, 1, 0], [0.5, 0, 1]])
  }
}
