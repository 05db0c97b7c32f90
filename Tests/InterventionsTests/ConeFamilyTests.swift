import Autodiff
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// Models that are no single stack of blocks: what changes reach, and what is kept of the unchanged run.
struct ConeFamilyTests {
  /// A small model of random weights with two batches of three examples of unequal lengths.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let model: any TrainableModel<Float>
    let base, source: ModelInputs<Float>
    /// Along which places are positions.
    var unit = UnitAxis.position
    var testDescription: String { name }
  }

  static let recurrent: [Case] = [
    ("GRU classifier", GRUShape.Head.classifier(classes: 4)),
    ("GRU language model", .languageModel(tied: false)),
  ].map { name, head in
    let shape = GRUShape(
      layers: 3, width: 6, bias: true, hasEmbeddings: true, vocabulary: 30, positionCount: 16,
      head: head)
    return Case(
      name: name, model: GRUModel<Float>(shape, random(shape.weights)),
      base: .tokens(RunSupport.base), source: .tokens(RunSupport.source), unit: .step)
  }

  static let staged: [Case] =
    ResNetShape.small.enumerated().map { number, shape in
      let sizes = [(height: 17, width: 12), (height: 9, width: 14), (height: 16, width: 16)]
      return Case(
        name: "ResNet \(number)", model: ResNetModel<Float>.random(shape),
        base: .randomImages(sizes, channels: shape.channels, seed: 3),
        source: .randomImages(sizes, channels: shape.channels, seed: 4))
    } + [perceptron]

  static let stacks: [Case] = StackModel.all.compactMap { kind in
    guard let model = try? kind.model() else { return nil }
    return Case(name: kind.name, model: model, base: kind.inputs(), source: kind.inputs(seed: 2))
  }

  @Test func `every model of two stacks is among them`() {
    #expect(Self.stacks.count == StackModel.all.count)
  }

  private static let perceptron: Case = {
    let shape = MLPShape(layers: 3, width: 5, activation: .relu, classes: 4, bias: true)
    func embeddings(_ seed: UInt64) -> ModelInputs<Float> {
      .embeddings([2, 1, 3].map { RunSupport.random([$0, 5], seed: seed + UInt64($0)) })
    }
    return Case(
      name: "MLP", model: MLPModel<Float>(shape, random(shape.weights)), base: embeddings(1),
      source: embeddings(7))
  }()

  private static func random(_ specs: [WeightSpec]) -> NamedWeights<Float> {
    var random = SeededRandom(seed: 8)
    return NamedWeights(
      specs.map { ($0.name, Variable(Tensor<Float>.normal($0.size, using: &random))) })
  }

  /// One place of each example, in the base and in the source; none of the last where it may be left
  /// out.
  private static func call(
    _ kind: Case, _ site: Site, _ layer: Int, untouched: Bool = true
  ) -> InterventionCall<Float> {
    let lengths = kind.base.extents[kind.model.extent(of: site, layer: layer)]
    let base = lengths.enumerated().map { example, length in
      untouched && example == 2 ? [] : [length / 2]
    }
    let source = lengths.enumerated().map { example, length in
      untouched && example == 2 ? [] : [length - 1]
    }
    return InterventionCall(
      base: kind.base, sources: [kind.source],
      places: [
        .init(
          source: UnitPlaces(positions: .each(source)), base: UnitPlaces(positions: .each(base)))
      ])
  }

  /// The sites at which a row is a vector, each with the layers at which the model has it.
  private static func sites(_ kind: Case) -> [(site: Site, layer: Int)] {
    kind.model.sites.filter { !$0.site.isSplitIntoHeads && $0.site.own != .attentionWeight }
      .flatMap { site, layers in layers.map { (site, $0) } }
  }

  @Test(arguments: recurrent + staged + stacks)
  func `a change at one place gives the bits of a whole run, at any site`(kind: Case) throws {
    let plain = kind.model.run(kind.base, on: Tape(), visit: nil).value
    var changed = 0
    for (site, layer) in Self.sites(kind) {
      let setup = try InterventionSetup<Float>(
        [Representation(Vanilla(), at: site, layer: layer, unit: kind.unit)], in: kind.model)
      let call = Self.call(kind, site, layer)
      let (cone, naive) = (
        InterventionRun(kind.model, setup), InterventionRun(kind.model, setup, isNaive: true)
      )
      try cone.check(call)
      for wanted in [InterventionRun<Float>.Logits.all, .last] {
        for original in [true, false] {
          let found = cone(call, on: Tape(), logits: wanted, wantsOriginal: original)
          let expected = naive(call, on: Tape(), logits: wanted, wantsOriginal: original)
          #expect(found.logits.value.elements == expected.logits.value.elements, "\(site) \(layer)")
          #expect(found.logits.shape == expected.logits.shape)
          #expect(found.original?.value.elements == (original ? plain.elements : nil))
          if wanted == .all, found.logits.value.elements != plain.elements { changed += 1 }
        }
      }
    }
    // Twice each; a classifier's last block may hand on what is changed to nobody.
    #expect(changed > Self.sites(kind).count)
  }

  @Test(arguments: recurrent + staged + stacks)
  func `what is kept of unchanged runs gives the bits of a whole run, and can be put away`(
    kind: Case
  ) throws {
    for (site, layer) in Self.sites(kind) {
      let setup = try InterventionSetup<Float>(
        [Representation(Vanilla(), at: site, layer: layer, unit: kind.unit)], in: kind.model)
      let call = Self.call(kind, site, layer, untouched: false)
      let frozen = try #require(FrozenRun(kind.model, setup))
      let kept = frozen.caches(of: call).map { ExampleCache($0.tensors, like: $0.outline) }
      let isOutside =
        kind.model.continuation.unchangedRun(
          of: kind.base, touches: Self.touches(site, layer, call), wantsOriginal: false,
          logits: .last
        ) == nil
      #expect(kept.allSatisfy { ($0.state == nil) == isOutside }, "\(site) \(layer)")
      let tape = Tape<Float>()
      let found = frozen(call, kept, setup.bound(on: tape), on: tape).value.elements
      let expected = InterventionRun(kind.model, setup, isNaive: true)(
        call, on: Tape(), logits: .last
      ).logits.value.elements
      #expect(found == expected, "\(site) \(layer)")
    }
  }

  private static func touches(
    _ site: Site, _ layer: Int, _ call: InterventionCall<Float>
  ) -> [Cone.Touch] { [Cone.Touch(site: site, layer: layer, places: call.places[0].base)] }

  /// Every visit of a changed run: the site, the layer and the rows.
  private func visits(
    _ kind: Case, at site: Site, _ layer: Int, logits: WantedLogits = .all
  ) throws -> [SiteOfLayer: Int] {
    let call = Self.call(kind, site, layer, untouched: false)
    let run = try #require(
      kind.model.continuation.unchangedRun(
        of: kind.base, touches: Self.touches(site, layer, call), wantsOriginal: true,
        logits: logits))
    var rows: [SiteOfLayer: Int] = [:]
    _ = run(logits: logits, on: Tape()) { here in
      rows[SiteOfLayer(here.site, here.layer), default: 0] += here.value.value.rows
      return here.value
    }
    return rows
  }

  @Test(arguments: recurrent)
  func `a recurrent model goes on from each example's first changed step`(kind: Case) throws {
    // Five, seven and three steps, changed from the half on.
    let visits = try visits(kind, at: .cellInput, 1)
    for layer in 0..<3 {
      #expect(visits[SiteOfLayer(.cellOutput, layer)] == (5 - 2) + (7 - 3) + (3 - 1))
    }
    // What is only read needs no step after it.
    let read = try self.visits(kind, at: .cellInput, 1, logits: .none)
    #expect(read[SiteOfLayer(.cellOutput, 2)] == 3)
  }

  @Test(arguments: recurrent)
  func `steps before the first change run once for both runs`(kind: Case) throws {
    let model = try #require(kind.model as? GRUModel<Float>)
    let counting = CountingSteps(inner: model)
    let setup = try InterventionSetup<Float>(
      [Representation(Vanilla(), at: .cellOutput, layer: 0, unit: kind.unit)], in: counting)
    let call = Self.call(kind, .cellOutput, 0, untouched: false)
    func steps(isNaive: Bool) -> Int {
      let before = counting.counter.value
      _ = InterventionRun(counting, setup, isNaive: isNaive)(
        call, on: Tape(), wantsOriginal: true)
      return counting.counter.value - before
    }
    // The source's, and the base's unchanged and changed.
    #expect(steps(isNaive: true) == 3 * 15)
    // The source up to each last step; then two, three and one step of the base once, the rest twice.
    #expect(steps(isNaive: false) == 15 + 6 + 2 * 9)
  }

  @Test(arguments: staged)
  func `a model of stages goes on from the first that is touched`(kind: Case) throws {
    let layers = try #require(kind.model.sites.first { $0.site == .blockOutput }?.layers)
    let last = layers.upperBound - 1
    let visits = try visits(kind, at: .blockInput, last)
    #expect(visits[SiteOfLayer(.blockInput, last)] != nil)
    #expect(visits[SiteOfLayer(.logits, 0)] != nil)
    #expect(!visits.keys.contains { $0.site == .blockInput && $0.layer < last })
    #expect(visits[SiteOfLayer(.pixelValues, 0)] == nil)
    let read = try self.visits(kind, at: .blockInput, 0, logits: .none)
    #expect(read[SiteOfLayer(.blockInput, 0)] != nil && read[SiteOfLayer(.logits, 0)] == nil)

    let model = try #require(kind.model as? any StagedModel<Float>)
    let counting = CountingStages(inner: model)
    let setup = try InterventionSetup<Float>(
      [Representation(Zero(), at: .blockInput, layer: last)], in: counting)
    func stages(isNaive: Bool) -> Int {
      let before = counting.counter.value
      _ = InterventionRun(counting, setup, isNaive: isNaive)(
        Self.call(kind, .blockInput, last, untouched: false), on: Tape(), wantsOriginal: true)
      return counting.counter.value - before
    }
    let first = model.stage(of: .blockInput, layer: last)
    #expect(stages(isNaive: true) == 2 * model.stageCount)
    #expect(stages(isNaive: false) == 2 * model.stageCount - first)
  }

  @Test(arguments: stacks.filter { $0.model is EncoderDecoderModel<Float> })
  func `an encoder runs again only where it is touched, from its first touched block on`(
    kind: Case
  ) throws {
    let ofDecoder = try visits(kind, at: .decoderMlpOutput, 1)
    #expect(!ofDecoder.keys.contains { $0.site.stack == .encoder || $0.layer < 1 })
    // Four, six and one positions, changed from the half on.
    #expect(ofDecoder[SiteOfLayer(.decoderBlockOutput, 1)] == 2 + 3 + 1)
    // Keys that are made of the encoder's rows are seen from every position.
    let ofKeys = try visits(kind, at: .decoderCrossKeyOutput, 1)
    #expect(ofKeys[SiteOfLayer(.decoderBlockOutput, 1)] == 4 + 6 + 1)
    #expect(!ofKeys.keys.contains { $0.site.stack == .encoder || $0.layer < 1 })

    let ofEncoder = try visits(kind, at: .encoderMlpOutput, 1)
    #expect(ofEncoder[SiteOfLayer(.encoderBlockInput, 0)] == nil)
    #expect(
      ofEncoder[SiteOfLayer(.encoderBlockOutput, 1)]
        == kind.base.extents[kind.model.extent(of: .encoderBlockOutput, layer: 1)].reduce(0, +))
    #expect(ofEncoder[SiteOfLayer(.decoderBlockOutput, 0)] == 4 + 6 + 1)
    let read = try visits(kind, at: .encoderMlpOutput, 1, logits: .none)
    #expect(!read.keys.contains { $0.site.stack == .decoder })
    // What is only read needs no block after it.
    let early = try visits(kind, at: .encoderMlpOutput, 0, logits: .none)
    #expect(early[SiteOfLayer(.encoderBlockOutput, 0)] != nil)
    #expect(!early.keys.contains { $0.layer > 0 })
  }

  @Test func `models say along what their runs are cut`() throws {
    func cut(_ kind: Case) -> RunCut { kind.model.continuation.cut }
    #expect(Self.recurrent.allSatisfy { cut($0) == .steps })
    #expect((Self.staged + Self.stacks).allSatisfy { cut($0) == .layers })
    #expect(RunSupport.model(RunSupport.shapes[0]).continuation.cut == .positions)
  }
}
