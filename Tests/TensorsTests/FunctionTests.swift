import Foundation
import Tensors
import Testing
import _TestSupport

/// A function, what the mathematics library says of it, and the units in the last place by which
/// they may differ.
private struct Reference: Sendable, CustomTestStringConvertible {
  let function: UnaryFunction
  let units: Double
  let exact: @Sendable (Double) -> Double
  var testDescription: String { "\(function)" }
}

private func gelu(_ x: Double) -> Double {
  x / (1 + exp(-2 * 0.7978845608028654 * (x + 0.044715 * x * x * x)))
}

private let references = [
  Reference(function: .exp, units: 3, exact: exp),
  Reference(function: .log, units: 2, exact: log),
  Reference(function: .tanh, units: 4, exact: tanh),
  Reference(function: .sigmoid, units: 6, exact: { 1 / (1 + exp(-$0)) }),
  Reference(function: .activation(.relu), units: 0, exact: { max(0, $0) }),
  Reference(function: .activation(.silu), units: 8, exact: { $0 / (1 + exp(-$0)) }),
  Reference(function: .activation(.geluTanh), units: 100, exact: gelu),
  Reference(
    function: .activation(.geluErf), units: 4,
    exact: { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }),
]

@Suite struct `Functions of one number` {
  /// Numbers of every size down to 10⁻³⁰, both signs, in a batch that vectors do not divide.
  private static var inputs: [Float] {
    var random = SeededRandom(seed: 1)
    let sizes: [Float] = [1e-30, 1e-20, 1e-8, 1e-4, 0.01, 0.1, 0.624, 0.626, 1, 2, 5, 9, 20, 60]
    return sizes.flatMap { size in
      [size, -size] + Tensor<Float>.normal([37], using: &random).elements.map { $0 * size }
    }
  }

  @Test(arguments: references)
  private func `a function agrees with the mathematics library`(reference: Reference) {
    let x = Self.inputs.filter { reference.function != .log || $0 > 0 }
    let found = Tensor([x.count], x).map(reference.function).elements
    for (x, y) in zip(x, found) {
      let exact = reference.exact(Double(x))
      if exact > Double(Float.greatestFiniteMagnitude) {
        #expect(y == .infinity, "\(reference.function)(\(x))")
        continue
      }
      // GELU by the error function cancels below zero; half a unit of x is what it can promise.
      let slack = reference.function == .activation(.geluErf) ? 1.2e-7 * abs(Double(x)) : 0
      let unit = max(Double(Float(exact).ulp), Double(Float.leastNormalMagnitude))
      #expect(
        abs(Double(y) - exact) <= reference.units * unit + slack, "\(reference.function)(\(x))")
    }
    let double = Tensor([x.count], x.map(Double.init)).map(reference.function).elements
    for (x, y) in zip(x, double) {
      let exact = reference.exact(Double(x))
      #expect(abs(y - exact) <= 1e-13 * abs(exact) + 1e-16 * abs(Double(x)))
    }
  }

  @Test(arguments: references)
  private func `what is not a number stays so, whatever its bits`(reference: Reference) {
    let bits: [UInt32] = [
      0x7fc0_0000, 0xffc0_0000, 0x7fc0_0001, 0x7fff_ffff, 0xffff_ffff, 0x7fc0_01ff,
    ]
    let x = (0..<40).map { Float(bitPattern: bits[$0 % bits.count]) }
    let y = Tensor([40], x).map(reference.function).elements
    #expect(y.map(\.isNaN) == Array(repeating: true, count: 40))
    let double = Tensor<Double>([3], [.nan, -.nan, .signalingNaN]).map(reference.function)
    #expect(double.elements.map(\.isNaN) == [true, true, true])
  }

  @Test func `extremes have their limits`() {
    let highest = Tensor<Float>([2], [88.7228317, 88.7228394]).map(.exp).elements
    #expect(abs(Double(highest[0]) / exp(Double(Float(88.7228317))) - 1) < 3e-7)
    #expect(highest[1] == .infinity)
    let x = Tensor<Float>([6], [-.infinity, -200, -0.0, 0, 200, .infinity])
    #expect(x.map(.exp).elements == [0, 0, 1, 1, .infinity, .infinity])
    #expect(x.map(.sigmoid).elements == [0, 0, 0.5, 0.5, 1, 1])
    #expect(x.map(.tanh).elements == [-1, -1, 0, 0, 1, 1])
    #expect(x.map(.tanh).elements[2].sign == .minus)
    #expect(x.map(.activation(.relu)).elements == [0, 0, 0, 0, 200, .infinity])
    #expect(x.map(.activation(.silu)).elements.dropFirst() == [0, 0, 0, 200, .infinity])
    #expect(x.map(.activation(.geluTanh)).elements.dropFirst() == [0, 0, 0, 200, .infinity])
    #expect(x.map(.activation(.geluErf)).elements.dropFirst() == [0, 0, 0, 200, .infinity])
    let logs = Tensor<Float>([3], [0, 1, .infinity]).map(.log).elements
    #expect(logs == [-.infinity, 0, .infinity])
  }

  @Test func `an element has the same bits wherever it stands`() {
    let x = Self.inputs
    for function in references.map(\.function) where function != .log {
      let whole = Tensor([x.count], x).map(function).elements
      for i in stride(from: 0, to: x.count, by: 11) {
        #expect(Tensor([1], [x[i]]).map(function).elements[0] == whole[i], "\(function)(\(x[i]))")
      }
    }
  }
}
