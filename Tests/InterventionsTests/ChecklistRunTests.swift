import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// How sources, groups and orders work together: group E of the checklist.
struct ChecklistRunTests {
  typealias Places = InterventionCall<Float>.Places

  private let model = RunSupport.model(RunSupport.shapes[0])
  private let rows = UnitPlaces(positions: .each([[1, 3], [4, 0], [2, 1]]))

  private func result(
    _ representations: [Representation<Float>], _ sources: [[[Int]]?], _ places: [Places],
    mode: InterventionSetup<Float>.Mode = .parallel, base: [[Int]] = RunSupport.base
  ) throws -> InterventionRun<Float>.Result {
    let setup = try InterventionSetup(representations, in: model, mode: mode)
    let call = InterventionCall<Float>(
      base: .tokens(base), sources: sources.map { $0.map { .tokens($0) } }, places: places)
    let run = InterventionRun(model, setup)
    try run.check(call)
    return run(call, on: Tape())
  }

  private func logits(
    _ representations: [Representation<Float>], _ sources: [[[Int]]?], _ places: [Places],
    mode: InterventionSetup<Float>.Mode = .parallel
  ) throws -> [Float] {
    try result(representations, sources, places, mode: mode).logits.value.elements
  }

  private func swap(_ site: Site, _ layer: Int, group: Int? = nil) -> Representation<Float> {
    Representation(Vanilla(), at: site, layer: layer, group: group)
  }

  /// What a site has at places in an unchanged run.
  private func seen(_ site: Site, _ layer: Int, _ at: UnitPlaces, in tokens: [[Int]]) throws
    -> InterventionCall<Float>.Given
  {
    let value = try result(
      [Representation(Collect(), at: site, layer: layer)], [], [Places(base: at)], base: tokens
    ).collected[0].value
    return .init(value)
  }

  @Test
  func `without interventions a run is the model's`() throws {
    #expect(try logits([], [], []) == RunSupport.logits(model, RunSupport.base))
    let folder = try SpecFolder()
    let outputs = try folder.run(
      #"{"model": "tiny", "base": {"input_ids": [[1, 2, 3]]}, "representations": []}"#)()
    let plain = outputs.floats("original.logits")?.elements
    #expect(outputs.floats("intervened.logits")?.elements == plain)
    #expect(plain?.count == 60)
  }

  @Test
  func `sources of a parallel run do not see each other's changes`() throws {
    let third = [[20, 3, 4, 4, 1], [9, 9, 9, 2, 1, 0, 5], [6, 6, 5]]
    let two = [swap(.mlpOutput, 0), swap(.blockOutput, 2)]
    let found = try logits(
      two, [RunSupport.source, third],
      [Places(source: rows, base: rows), Places(source: rows, base: rows)])
    let expected = try logits(
      two, [],
      [
        Places(base: rows, given: try seen(.mlpOutput, 0, rows, in: RunSupport.source)),
        Places(base: rows, given: try seen(.blockOutput, 2, rows, in: third)),
      ])
    #expect(found == expected)
  }

  @Test
  func `a group of a serial run changes the next source at all its places`() throws {
    let a = UnitPlaces(positions: .same([1]))
    let b = UnitPlaces(positions: .same([2]))
    let first = [swap(.mlpOutput, 0, group: 0), swap(.attentionOutput, 1, group: 0)]
    let moves = [Places(source: a, base: b), Places(source: b, base: a)]
    let last = swap(.blockOutput, 2, group: 1)
    let found = try logits(
      first + [last], [RunSupport.base, RunSupport.source],
      moves + [Places(source: rows, base: rows)], mode: .serial)
    let changed = try result(
      first.map { Representation($0.intervention, at: $0.site, layer: $0.layer, group: 0) }
        + [Representation(Collect(), at: .blockOutput, layer: 2, group: 1)],
      [RunSupport.base, nil], moves + [Places(base: rows)], base: RunSupport.source
    ).collected[0].value
    let expected = try logits(
      [swap(.blockOutput, 2)], [], [Places(base: rows, given: .init(changed))])
    #expect(found == expected)
  }

  @Test
  func `a given value takes a serial source's place`() throws {
    let two = [swap(.mlpOutput, 0), swap(.blockOutput, 2)]
    let onward = Places(source: rows, base: rows)
    let given = try seen(.mlpOutput, 0, rows, in: RunSupport.base)
    let found = try logits(
      two, [nil, RunSupport.source], [Places(base: rows, given: given), onward], mode: .serial)
    let expected = try logits(
      two, [RunSupport.base, RunSupport.source], [onward, onward], mode: .serial)
    #expect(found == expected)
    #expect(try found != logits([two[1]], [RunSupport.source], [onward]))
  }

  @Test
  func `a group is its members with a source each`() throws {
    let places = [Places(source: rows, base: rows), Places(source: rows, base: rows)]
    let grouped = try logits(
      [swap(.mlpOutput, 0, group: 0), swap(.blockOutput, 2, group: 0)], [RunSupport.source],
      places)
    let single = try logits(
      [swap(.mlpOutput, 0), swap(.blockOutput, 2)], [RunSupport.source, RunSupport.source], places)
    #expect(grouped == single)
  }

  @Test
  func `of three equal interventions any one gives the same bits`() throws {
    let three = (0..<3).map { _ in swap(.blockOutput, 1) }
    let places = three.map { _ in Places(source: rows, base: rows) }
    let found = try (0..<3).map { only in
      try logits(three, (0..<3).map { $0 == only ? RunSupport.source : nil }, places)
    }
    #expect(found[0] == found[1])
    #expect(found[0] == found[2])
    #expect(found[0] != RunSupport.logits(model, RunSupport.base))
  }

  @Test
  func `changes of one site act in the order of their list`() throws {
    let push = InterventionCall<Float>.Given(RunSupport.random([32]))
    let zero = Representation<Float>(Zero(), at: .mlpOutput, layer: 1)
    let add = Representation<Float>(Addition(), at: .mlpOutput, layer: 1)
    let look = Representation<Float>(Collect(), at: .mlpOutput, layer: 1)
    let one = UnitPlaces(positions: .same([1]))
    let (still, moved) = (Places(base: one), Places(base: one, given: push))
    let addLast = try result([zero, add, look], [], [still, moved, still])
    let zeroLast = try result([add, zero, look], [], [moved, still, still])
    let between = try result([zero, look, add], [], [still, still, moved])
    let pushed = push.value.elements
    #expect(addLast.collected[0].value.elements == pushed + pushed + pushed)
    #expect(zeroLast.collected[0].value.elements == Array(repeating: 0, count: 96))
    #expect(between.collected[0].value.elements == Array(repeating: 0, count: 96))
    #expect(between.logits.value.elements == addLast.logits.value.elements)
  }

  @Test(arguments: [
    (Site.queryOutput, UnitAxis.position, 0), (.valueOutput, .position, 2),
    (.headKeyOutput, .headPosition, 1),
  ])
  func `changes of a part and of the whole act in the order of their list`(
    site: Site, unit: UnitAxis, place: Int
  ) throws {
    let push = RunSupport.random([unit == .position ? 32 : 8])
    let add = Representation<Float>(Addition(), at: site, layer: 1, unit: unit)
    let double = Representation<Float>(Scale(factor: 2), at: .qkvOutput, layer: 1)
    let look = Representation<Float>(Collect(), at: .qkvOutput, layer: 1)
    let one = UnitPlaces(positions: .same([1]))
    let still = Places(base: one)
    func moved(_ factor: Float) -> Places {
      Places(base: one, given: .init(push.scaled(by: factor)))
    }
    let partFirst = try result([add, double, look], [], [moved(1), still, still])
    let wholeFirst = try result([double, add, look], [], [still, moved(2), still])
    #expect(partFirst.logits.value.elements == wholeFirst.logits.value.elements)
    #expect(partFirst.collected[0].value.elements == wholeFirst.collected[0].value.elements)

    let zero = Representation<Float>(Zero(), at: site, layer: 1, unit: unit)
    let seen = try result([zero, look], [], [still, still]).collected[0].value
    for row in 0..<seen.count / 96 {
      let own = seen.elements[row * 96..<(row + 1) * 96]
      for third in 0..<3 {
        let isZero = own.dropFirst(third * 32).prefix(32).allSatisfy { $0 == 0 }
        #expect(isZero == (third == place))
      }
    }
  }

  @Test(arguments: [
    ("mlp_output", "transformer.h[1].mlp.c_proj.output"),
    ("transformer.h[1].attn.output", "transformer.h[1].attn.resid_dropout.input"),
    ("mlp_input", "transformer.h[1].ln_2.output"),
    ("transformer.ln_f.input", "transformer.h[1].output"),
    ("transformer.h[1].ln_1.input", "transformer.h[1].input"),
  ])
  func `modules that hold one value act as a run comes by them, not as they are listed`(
    later: String, earlier: String
  ) throws {
    let folder = try SpecFolder()
    func logits(_ representations: [String]) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]}, "unit_locations": {"base": 2},
         "representations": [\(representations.joined(separator: ", "))]}
        """, tensors: ["v": [12]])().floats("intervened.logits")?.elements
    }
    func add(_ component: String) -> String {
      #"{"layer": 1, "component": "\#(component)", "source_representation": "v", "#
        + #""intervention_type": "AdditionIntervention"}"#
    }
    func double(_ component: String) -> String {
      #"{"layer": 1, "component": "\#(component)", "args": {"factor": 2}, "#
        + #""intervention_type": "custom.Scale"}"#
    }
    let listed = try logits([add(later), double(earlier)])
    #expect(try listed == logits([double(later), add(later)]))
    #expect(try listed == logits([double(earlier), add(later)]))
    #expect(try listed != logits([add(later), double(later)]))
  }

  @Test
  func `linked interventions at different places each start from what is there`() throws {
    let rotation = RotatedSpace(RunSupport.rotation(32), joinsUnits: false)
    func run(_ links: [String?]) throws -> [Float] {
      try logits(
        [
          Representation(rotation, at: .blockOutput, layer: 1, link: links[0]),
          Representation(rotation, at: .blockOutput, layer: 2, link: links[1]),
        ], [RunSupport.source, RunSupport.source],
        [
          Places(source: rows, base: rows, coordinates: .shared([0, 5])),
          Places(source: rows, base: rows, coordinates: .shared([7, 8])),
        ])
    }
    #expect(try run(["a", "a"]) == run([nil, nil]))
  }

  @Test
  func `sources may be longer or shorter than the base`() throws {
    let other = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [5, 4], [3, 3, 3, 3, 1]]
    let from = UnitPlaces(positions: .each([[8, 0], [1, 1], [4, 2]]))
    let found = try logits(
      [swap(.blockOutput, 1)], [other], [Places(source: from, base: rows)])
    let expected = try logits(
      [swap(.blockOutput, 1)], [],
      [Places(base: rows, given: try seen(.blockOutput, 1, from, in: other))])
    #expect(found == expected)
  }

  @Test
  func `runs leave nothing behind`() throws {
    let two = [swap(.mlpOutput, 0), swap(.blockOutput, 2)]
    let places = [Places(source: rows, base: rows), Places(source: rows, base: rows)]
    let setup = try InterventionSetup(two, in: model)
    let run = InterventionRun(model, setup)
    func found(_ places: [Places]) throws -> [Float] {
      let call = InterventionCall<Float>(
        base: .tokens(RunSupport.base), sources: [.tokens(RunSupport.source), nil], places: places)
      try run.check(call)
      return run(call, on: Tape()).logits.value.elements
    }
    let before = try found(places)
    // A short form in between, which in the reference changes what later calls mean.
    let short = UnitPlaces(positions: .same([1]))
    _ = try found([Places(source: short, base: short), Places(source: short, base: short)])
    #expect(try found(places) == before)
  }

  @Test(arguments: RunSupport.shapes)
  func `a run comes by each site of each layer once`(shape: DecoderShape) {
    let model = RunSupport.model(shape)
    let all = Set(model.sites.map(\.site))
    var visits: [String: Int] = [:]
    _ = model.showing(all).run(.tokens(RunSupport.base), on: Tape()) { here in
      visits["\(here.site.rawValue) \(here.layer)", default: 0] += 1
      return here.value
    }
    #expect(visits.values.allSatisfy { $0 == 1 })
    for (site, layers) in model.sites where site.unsplit == site {
      for layer in layers { #expect(visits["\(site.rawValue) \(layer)"] == 1) }
    }
  }

  @Test
  func `the output of a block is the input of the next`() throws {
    let one = [Places(source: rows, base: rows)]
    #expect(
      try logits([swap(.blockOutput, 1)], [RunSupport.source], one)
        == logits([swap(.blockInput, 2)], [RunSupport.source], one))
    #expect(
      try logits([swap(.attentionInput, 1)], [RunSupport.source], one)
        != logits([swap(.attentionOutput, 1)], [RunSupport.source], one))
  }

  @Test
  func `a block skipped on its own input is the identity`() throws {
    let found = try result(
      [
        Representation(Skip(), at: .blockOutput, layer: 1),
        Representation(Collect(), at: .blockInput, layer: 1),
        Representation(Collect(), at: .blockInput, layer: 2),
      ], [RunSupport.base, nil, nil],
      [Places(source: .whole, base: .whole), Places(base: .whole), Places(base: .whole)])
    #expect(found.collected[0].value.elements == found.collected[1].value.elements)
  }

  @Test
  func `units kept apart are as many linked interventions`() throws {
    let rotation = RotatedSpace(RunSupport.rotation(32), joinsUnits: false)
    let chosen = Coordinates.shared([1, 4, 9])
    func at(_ positions: Int...) -> Places {
      let places = UnitPlaces(positions: .same(positions))
      return Places(source: places, base: places, coordinates: chosen)
    }
    let apart = try logits(
      [Representation(rotation, at: .blockOutput, layer: 1)], [RunSupport.source], [at(1, 2)])
    let linked = try logits(
      [
        Representation(rotation, at: .blockOutput, layer: 1, group: 0, link: "a"),
        Representation(rotation, at: .blockOutput, layer: 1, group: 0, link: "a"),
      ], [RunSupport.source], [at(1), at(2)])
    #expect(apart == linked)
  }

  @Test
  func `a boundless space over two units of each example does not mix examples`() throws {
    let joined = Representation<Float>(
      BoundlessRotatedSpace(RunSupport.rotation(64)), at: .blockOutput, layer: 1)
    let together = try logits(
      [joined], [RunSupport.source], [Places(source: rows, base: rows)])
    let alone = try zip([[1, 3], [4, 0], [2, 1]], RunSupport.base.indices).flatMap { at, example in
      let places = UnitPlaces(positions: .same(at))
      return try result(
        [joined], [[RunSupport.source[example]]], [Places(source: places, base: places)],
        base: [RunSupport.base[example]]
      ).logits.value.elements
    }
    #expect(together == alone)
  }

  @Test
  func `a vector of the site's width goes to every unit, other shapes are refused`() throws {
    let vector = RunSupport.random([32])
    let add = [Representation<Float>(Addition(), at: .blockOutput, layer: 1)]
    func with(_ shape: [Int], repeats: Int) throws -> [Float] {
      let value = Tensor<Float>.concatenated(Array(repeating: vector, count: repeats))
      return try logits(add, [], [Places(base: rows, given: .init(value.reshaped(shape)))])
    }
    let expected = try with([3, 2, 32], repeats: 6)
    for shape in [[32], [1, 32], [1, 1, 32]] { #expect(try with(shape, repeats: 1) == expected) }
    for (shape, count) in [([2, 32], 2), ([1, 2, 32], 2), ([6, 32], 6), ([3, 64], 6)] {
      expectSavedRefusal("source_representations;shape \(shape);[3, 2, 32]", kind: .job) {
        try with(shape, repeats: count)
      }
    }
  }
}
