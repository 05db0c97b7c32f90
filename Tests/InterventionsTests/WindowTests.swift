import Autodiff
@testable import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Models whose queries see a few keys only: how far a change is seen, and what of a run that saves.
struct WindowTests {
  /// Layers by their windows.
  private static func shape(_ windows: [Int?]) -> DecoderShape {
    var shape = DecoderShape.llama(
      layers: windows.count, width: 24, heads: 4, keyHeads: 2, mlpWidth: 20, vocabulary: 40)
    for (layer, window) in windows.enumerated() { shape.blocks[layer].attention.window = window }
    return shape
  }

  static let shapes = [shape([2, 2, 2, 2]), shape([nil, 3, 2]), shape([3, nil, 2, 1])]
  private let tokens = [3, 17, 5, 22, 9, 31, 8, 1]

  /// How many layers later positions see a change, and how far: the farthest position at the end.
  private func farthest(_ windows: [Int?], _ site: Site, _ layer: Int, _ position: Int) -> Int {
    let first = site.reachesLaterPositionsInItsBlock ? layer : layer + 1
    return windows[min(first, windows.count)...].reduce(position) { seen, window in
      min(tokens.count - 1, window.map { seen + $0 - 1 } ?? tokens.count - 1)
    }
  }

  @Test(arguments: shapes, StaircaseTests.sites)
  func `a patch is a full pass to the bit, and its rows are those that windows let it reach`(
    shape: DecoderShape, site: Site
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let runs = try BaseRuns(model, [BaseRun(tokens)], keeping: [site])
    let last = tokens.count - 1
    let baseline = runs.stream(run: 0, position: last).elements
    var patches: [Patch] = []
    var expected: [Float] = []
    var missing = 0
    for layer in 0..<shape.layers {
      for position in tokens.indices {
        let patch = Patch(
          base: 0, [Touch(site, layers: layer..<layer + 1, positions: [position], .zero)])
        patches.append(patch)
        let reaches = farthest(shape.windows, site, layer, position) == last
        #expect(patch.reaches(runs.rows, windows: shape.windows) == reaches)
        let naive = try NaiveSweep(model, runs, [patch]).run().elements
        expected += naive
        if !reaches {
          missing += 1
          #expect(naive == baseline, "\(layer) \(position)")
        }
      }
    }
    #expect(missing > 0)
    let staircase = Staircase(model, runs, patches)
    #expect(try staircase.run().elements == expected)
    let unlimited = SweepPlan(
      patches, runs.rows, windows: Array(repeating: nil, count: shape.layers))
    #expect(staircase.blockRows < unlimited.blockRows)
  }

  @Test(arguments: shapes)
  func `patches of several layers and places are full passes to the bit`(
    shape: DecoderShape
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let sites: [Site] = [.mlpOutput, .keyOutput, .blockOutput, .attentionWeight, .blockInput]
    let runs = try BaseRuns(
      model, [BaseRun(tokens), BaseRun(tokens.reversed())], keeping: Set(sites))
    var random = SeededRandom(seed: 6)
    func number(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    let patches = (0..<40).map { index in
      Patch(
        base: index % 2,
        (0..<1 + number(3)).map { _ in
          let first = number(shape.layers)
          let positions = Array(Set((0..<1 + number(3)).map { _ in number(tokens.count) }))
          return Touch(
            sites[number(sites.count)], layers: first..<first + 1 + number(shape.layers - first),
            positions: positions, .run(1 - index % 2, positions: positions))
        })
    }
    for reading in 1...3 {
      let found = try Staircase(model, runs, patches, reading: reading).run()
      let expected = try NaiveSweep(model, runs, patches, reading: reading).run()
      #expect(found.elements == expected.elements, "\(reading) positions")
    }
  }

  @Test func `the rows of a patch grow with the layers that see it`() {
    let rows = RunRows([(length: tokens.count, shared: nil)])
    func passes(_ site: Site, _ layer: Int, _ position: Int, _ windows: [Int?]) -> [Int] {
      SweepPlan(
        [Patch(base: 0, [Touch(site, layers: layer..<layer + 1, positions: [position], .zero)])],
        rows, windows: windows
      ).passes.map(\.rows)
    }
    #expect(passes(.mlpOutput, 0, 4, [2, 2, 2, 2]) == [1, 2, 3, 4])
    #expect(passes(.keyOutput, 0, 4, [2, 2, 2, 2]) == [2, 3, 4, 4])
    #expect(passes(.mlpOutput, 0, 3, [2, 2, 2, 2]) == [])
    #expect(passes(.blockOutput, 1, 2, [2, 2, 3, nil]) == [3, 6])
  }

  @Test(arguments: shapes)
  func `a changed run beside the unchanged one has the rows that see the change`(
    shape: DecoderShape
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let base = [tokens, Array(tokens[2..<7]), [4]]
    for site in RunSupport.rowSites + [.attentionWeight] {
      for layer in 0..<shape.layers {
        let setup = try InterventionSetup<Float>(
          [
            Representation(
              Zero(), at: site, layer: layer,
              unit: site == .attentionWeight ? .headPosition : .position)
          ], in: model)
        let call = InterventionCall<Float>(
          base: .tokens(base), places: [.init(base: UnitPlaces(positions: .each([[2], [0], []])))])
        for logits in [InterventionRun<Float>.Logits.all, .last] {
          let runs = [false, true].map { InterventionRun(model, setup, isNaive: $0) }
          let results = runs.map {
            $0(call, on: Tape(), logits: logits, wantsOriginal: true)
          }
          #expect(
            results[0].logits.value.elements == results[1].logits.value.elements,
            "\(site) \(layer)")
          #expect(
            results[0].original?.value.elements == results[1].original?.value.elements)
        }
      }
    }
  }

  @Test(arguments: shapes, [WantedLogits.all, .last])
  func `of a changed run those rows are made that lie from the change to the farthest that sees it`(
    shape: DecoderShape, logits: WantedLogits
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let last = tokens.count - 1
    let plain = model.run(.tokens([tokens, tokens]), on: Tape(), visit: nil).value
    var unreached = 0
    for site in [Site.blockInput, .keyOutput, .attentionOutput, .mlpOutput] {
      for layer in 0..<shape.layers {
        for positions in [[0, 0], [2, 5], [last, 1]] {
          let places = UnitPlaces(positions: .each(positions.map { [$0] }))
          let run = try #require(
            model.continuation.unchangedRun(
              of: .tokens([tokens, tokens]),
              touches: [Cone.Touch(site: site, layer: layer, places: places)],
              wantsOriginal: true, logits: logits))
          var rows = [Int](repeating: 0, count: shape.layers)
          let found = run(logits: logits, on: Tape()) { here in
            if here.site == .mlpOutput { rows[here.layer] += here.value.value.rows }
            return here.value
          }
          let ends = positions.map { farthest(shape.windows, site, layer, $0) }
          let made = zip(positions, ends).reduce(0) { $0 + $1.1 - $1.0 + 1 }
          let name: Comment = "\(site) \(layer) \(positions)"
          #expect(rows[layer...].allSatisfy { $0 == made }, name)
          #expect(rows[..<layer].allSatisfy { $0 == 0 }, name)
          if logits == .last, ends.allSatisfy({ $0 < last }) {
            unreached += 1
            #expect(
              found?.value.elements
                == plain.gathered([last, 2 * last + 1]).elements, name)
          }
        }
      }
    }
    #expect(unreached > 0 || logits == .all)
  }
}
