import Autodiff
import Foundation
import Tensors
import Testing
import _TestSupport

/// What PyTorch's optimisers did: see scripts/fixtures/optimizers.py.
private struct Recording: Decodable {
  struct Trajectory: Decodable {
    let name: String
    let norms: [Double]
    let after: [[[Float]]]
  }

  let shapes: [[Int]]
  let start: [[Float]]
  let gradients: [[[Float]]]
  let trajectories: [Trajectory]

  static func load() throws -> Recording {
    let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    let data = try Data(contentsOf: folder.appendingPathComponent("optimizers.json"))
    return try JSONDecoder().decode(Recording.self, from: data)
  }
}

private func groups(rate: Double, decay: Double = 0) -> [ParameterGroup] {
  [ParameterGroup(count: 2, rate: rate, weightDecay: decay)]
}

/// The recorded settings, and how each trajectory was made.
private let makers: [String: @Sendable () -> any Optimizer<Float>] = [
  "sgd": { GradientDescent(groups(rate: 0.1)) },
  "sgd decay": { GradientDescent(groups(rate: 0.1, decay: 0.05)) },
  "sgd momentum": { GradientDescent(groups(rate: 0.1, decay: 0.01), momentum: 0.9) },
  "sgd dampening": { GradientDescent(groups(rate: 0.1), momentum: 0.8, dampening: 0.3) },
  "sgd nesterov": { GradientDescent(groups(rate: 0.1), momentum: 0.9, nesterov: true) },
  "adam": { Adam(groups(rate: 0.01)) },
  "adam decay": { Adam(groups(rate: 0.01, decay: 0.1)) },
  "adam short memory": {
    Adam(groups(rate: 0.01), meanKeep: 0.3, squareKeep: 0.7, epsilon: 1e-4)
  },
  "adamw": { Adam(groups(rate: 0.01, decay: 0.1), decay: .decoupled) },
  "groups": {
    Adam([ParameterGroup(count: 1, rate: 0.05), ParameterGroup(count: 1, rate: 0.002)])
  },
  "absent gradients": { Adam(groups(rate: 0.01)) },
  "clipped": { Adam(groups(rate: 0.01)) },
  "linear": { GradientDescent(groups(rate: 0.1)) },
  "cosine": { GradientDescent(groups(rate: 0.1)) },
  "constant": { GradientDescent(groups(rate: 0.1)) },
]

private let schedules: [String: RateSchedule] = [
  "linear": .linear(warmUp: 3, total: 12), "cosine": .cosine(warmUp: 2, total: 12),
  "constant": .constant(warmUp: 4),
]

@Suite struct `Optimisers` {
  @Test(arguments: makers.keys.sorted())
  func `an optimiser follows PyTorch's trajectory`(name: String) throws {
    let recording = try Recording.load()
    let trajectory = try #require(recording.trajectories.first { $0.name == name })
    let make = try #require(makers[name])
    var optimizer = make()
    var parameters = zip(recording.shapes, recording.start).map { Tensor($0, $1) }
    // One unit in the last place of numbers below 4; clipping's norm is summed in another order.
    let tolerance = Tolerance(absolute: 2.4e-7, relative: 0)
    for (i, step) in recording.gradients.enumerated() {
      var gradients: [Tensor<Float>?] = zip(recording.shapes, step).map { Tensor($0, $1) }
      if name == "absent gradients", [0, 3, 4].contains(i) { gradients[1] = nil }
      if name == "clipped" {
        let before = gradients
        let norm: Double
        (gradients, norm) = clipped(gradients, toNorm: 0.5)
        #expect(abs(norm - trajectory.norms[i]) < 1e-6 * norm)
        if norm < 0.5 { #expect(gradients[0]?.elements == before[0]?.elements) }
      }
      parameters = optimizer.step(
        parameters, gradients: gradients, factor: schedules[name]?.factor(at: i) ?? 1)
      for (parameter, expected) in zip(parameters, trajectory.after[i]) {
        let worst = tolerance.disagreement(parameter.elements, expected)
        #expect(worst == nil, "step \(i)")
      }
    }
  }

  @Test func `every recorded trajectory is followed`() throws {
    #expect(Set(try Recording.load().trajectories.map(\.name)) == Set(makers.keys))
  }

  /// Runs a few steps, then the same steps with a pause in which the optimiser is stored.
  private func resumes<Kind: Optimizer<Float>>(_ make: () -> Kind) throws {
    var random = SeededRandom(seed: 61)
    let start = [Tensor<Float>.normal([3, 2], using: &random), .normal([4], using: &random)]
    let gradients = (0..<6).map { _ in
      [Tensor<Float>.normal([3, 2], using: &random), .normal([4], using: &random)]
    }
    func run(storing: Bool) throws -> [[Float]] {
      var optimizer = make()
      var parameters = start
      for step in gradients {
        if storing {
          let stored = try JSONEncoder().encode(optimizer)
          optimizer = try JSONDecoder().decode(Kind.self, from: stored)
          #expect(optimizer.misfit(with: parameters.map(\.shape)) == nil)
        }
        parameters = optimizer.step(parameters, gradients: step, factor: 1)
      }
      return parameters.map(\.elements)
    }
    #expect(try run(storing: true) == run(storing: false))
  }

  @Test func `an optimiser that was stored goes on with the same bits`() throws {
    let groups = groups(rate: 0.1, decay: 0.1)
    try resumes { Adam(groups) }
    try resumes { Adam(groups, decay: .decoupled) }
    try resumes { GradientDescent(groups, momentum: 0.9, nesterov: true) }
  }

  @Test func `a stored optimiser that does not fit the parameters says so`() throws {
    var optimizer = Adam<Float>(groups(rate: 0.1))
    let parameters = [Tensor<Float>(zeros: [3, 2]), Tensor<Float>(zeros: [4])]
    _ = optimizer.step(parameters, gradients: parameters)
    #expect(optimizer.misfit(with: [[3, 2], [4]]) == nil)
    #expect(
      optimizer.misfit(with: [[3, 2], [5]])
        == "parameter 1 is [5], the optimiser remembers it as [4]")
    #expect(optimizer.misfit(with: [[3, 2]]) == "1 parameters, the optimiser has 2")
    let text = String(decoding: try JSONEncoder().encode(optimizer), as: UTF8.self)
    for (good, bad) in [
      (#""step":1"#, #""step":-1"#), (#""shape":[4]"#, #""shape":[5]"#),
      (#""shape":[4]"#, #""shape":[-4]"#),
      (#""shape":[4]"#, #""shape":[4611686018427387904,4]"#),
    ] {
      #expect(text.contains(good))
      let damaged = Data(text.replacingOccurrences(of: good, with: bad).utf8)
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(Adam<Float>.self, from: damaged)
      }
    }
    let fewer = Data(text.replacingOccurrences(of: #""count":2"#, with: #""count":3"#).utf8)
    let damaged = try JSONDecoder().decode(Adam<Float>.self, from: fewer)
    #expect(damaged.misfit(with: [[3, 2], [4], [1]]) != nil)
  }

  @Test func `a norm that is not a number reaches the gradients`() {
    let (gradients, norm) = clipped([Tensor<Float>([2], [.nan, 1]), nil], toNorm: 1)
    #expect(norm.isNaN)
    #expect(gradients[0]?.elements.allSatisfy(\.isNaN) == true)
    #expect(gradients[1] == nil)
  }

  @Test func `schedules rise, stay or fall, and end at zero`() {
    let linear = RateSchedule.linear(warmUp: 2, total: 6)
    #expect((0..<8).map(linear.factor) == [0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0])
    let cosine = RateSchedule.cosine(warmUp: 0, total: 4)
    let expected = [1, 0.853553390593274, 0.5, 0.146446609406726, 0]
    let tolerance = Tolerance(absolute: 1e-14, relative: 0)
    #expect(tolerance.disagreement((0..<5).map(cosine.factor), expected) == nil)
    #expect((0..<4).map(RateSchedule.constant(warmUp: 2).factor) == [0, 0.5, 1, 1])
  }
}
