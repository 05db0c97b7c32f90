import Autodiff
import Foundation
import Tensors
import Testing
import _TestSupport

/// What PyTorch's minimiser did: see scripts/fixtures/lbfgs.py.
private struct Minimisation: Decodable {
  let name: String
  let start: [Double]
  let places: [[Double]]
  let evaluations: [Int]

  static func load(_ name: String) throws -> Minimisation {
    let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    let data = try Data(contentsOf: folder.appendingPathComponent("lbfgs.json"))
    let all = try JSONDecoder().decode([Minimisation].self, from: data)
    return try #require(all.first { $0.name == name })
  }
}

private func rosenbrock(_ x: Tensor<Double>) -> (value: Double, gradient: Tensor<Double>) {
  let x = x.elements
  var value = 0.0
  var gradient = [Double](repeating: 0, count: x.count)
  for i in 0..<x.count - 1 {
    let (rise, run) = (x[i + 1] - x[i] * x[i], 1 - x[i])
    value += 100 * rise * rise + run * run
    gradient[i] += -400 * x[i] * rise - 2 * run
    gradient[i + 1] += 200 * rise
  }
  return (value, Tensor([x.count], gradient))
}

private func bowl(_ x: Tensor<Double>) -> (value: Double, gradient: Tensor<Double>) {
  let terms = x.elements.enumerated().map { i, x in
    (Double(i + 1) * (x - 0.5) * (x - 0.5) + cos(x), 2 * Double(i + 1) * (x - 0.5) - sin(x))
  }
  return (terms.reduce(0) { $0 + $1.0 }, Tensor([terms.count], terms.map(\.1)))
}

@Suite struct `Quasi-Newton minimisation` {
  private func follows(
    _ name: String, _ minimiser: LBFGS<Double>,
    _ function: (Tensor<Double>) -> (value: Double, gradient: Tensor<Double>)
  ) throws {
    let recorded = try Minimisation.load(name)
    var minimiser = minimiser
    var x = Tensor([recorded.start.count], recorded.start)
    var count = 0
    for (place, evaluations) in zip(recorded.places, recorded.evaluations) {
      x = minimiser.step(x) { at in
        count += 1
        return function(at)
      }
      let tolerance = Tolerance(absolute: 1e-7, relative: 1e-7)
      #expect(tolerance.disagreement(x.elements, place) == nil, "\(name)")
      #expect(count == evaluations, "\(name)")
    }
  }

  @Test func `the minimiser follows PyTorch's steps, evaluation by evaluation`() throws {
    try follows("rosenbrock", LBFGS(iterations: 5, searchesLine: true), rosenbrock)
    try follows(
      "rosenbrock long", LBFGS(iterations: 30, history: 3, searchesLine: true), rosenbrock)
    try follows(
      "rosenbrock few evaluations", LBFGS(iterations: 4, evaluations: 3, searchesLine: true),
      rosenbrock)
    try follows("bowl", LBFGS(iterations: 6, searchesLine: true), bowl)
    try follows("bowl fixed", LBFGS(rate: 0.3, iterations: 4), bowl)
  }

  @Test func `the minimiser finds the bottom of a valley in float32`() {
    var minimiser = LBFGS<Float>(iterations: 60, searchesLine: true)
    let found = minimiser.step(Tensor<Float>([2], [-1.2, 1])) { x in
      let (value, gradient) = rosenbrock(Tensor([2], x.elements.map(Double.init)))
      return (Float(value), Tensor([2], gradient.elements.map(Float.init)))
    }
    #expect(Tolerance(absolute: 1e-3, relative: 0).disagreement(found.elements, [1, 1]) == nil)
  }

  @Test func `at a minimum, or where nothing is a number, the place stays`() {
    for start in [[1, 1], [Double.nan, 1], [.infinity, 0]] {
      var minimiser = LBFGS<Double>(searchesLine: true)
      let end = minimiser.step(Tensor([2], start), objective: rosenbrock)
      #expect(end.elements.map(\.bitPattern) == start.map(\.bitPattern))
    }
  }

  @Test func `a line that leads to what is not a number is followed as far as there are numbers`() {
    // Past 2 the function has no value; below it falls towards 2.
    var minimiser = LBFGS<Double>(rate: 8, searchesLine: true)
    let end = minimiser.step(Tensor([1], [0.0])) { x in
      let at = x.elements[0]
      return at < 2 ? (-at, Tensor([1], [-1])) : (.nan, Tensor([1], [.nan]))
    }
    #expect(end.elements[0] > 1 && end.elements[0] < 2)
  }
}
