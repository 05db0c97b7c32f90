import Autodiff
import Checkpoints
import Foundation
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Channels, pixels and patches of pixels of convolutional models.
struct ImageInterventionTests {
  typealias Places = InterventionCall<Float>.Places

  private static let sizes = [(height: 40, width: 33), (height: 36, width: 40)]

  private static func inputs(_ shape: ResNetShape, seed: UInt64) -> ModelInputs<Float> {
    .randomImages(sizes, channels: shape.channels, seed: seed)
  }

  private static func logits(
    _ model: ResNetModel<Float>, _ representations: [Representation<Float>],
    base: ModelInputs<Float>, source: ModelInputs<Float>, _ places: [Places]
  ) throws -> Tensor<Float> {
    let setup = try InterventionSetup(representations, in: model)
    let call = InterventionCall<Float>(
      base: base, sources: Array(repeating: source, count: setup.groupCount), places: places)
    let run = InterventionRun(model, setup)
    try run.check(call)
    return run(call, on: Tape()).logits.value
  }

  /// What the site holds, by example, pixel and channel.
  private static func values(
    _ model: ResNetModel<Float>, _ inputs: ModelInputs<Float>, _ site: Site, _ layer: Int
  ) -> (rows: Tensor<Float>, images: [ImageSize]) {
    var rows = Tensor<Float>(zeros: [0, 0])
    _ = model.run(inputs, on: Tape()) { here in
      if here.site == site, here.layer == layer { rows = here.value.value }
      return here.value
    }
    return (rows, inputs.extents.images(at: model.extent(of: site, layer: layer)) ?? [])
  }

  @Test(arguments: ResNetShape.small)
  func `channels, pixels and patches are replaced where they are named and nowhere else`(
    shape: ResNetShape
  ) throws {
    let model = ResNetModel<Float>.random(shape)
    let (base, source) = (Self.inputs(shape, seed: 3), Self.inputs(shape, seed: 4))
    let (site, layer) = (Site.conv0Output, 1)
    let (own, images) = Self.values(model, base, site, layer)
    let theirs = Self.values(model, source, site, layer).rows
    let patches = try images.map {
      try #require(ImagePatch(y: 0, x: 1, height: $0.height, width: 1).positions(in: $0))
    }
    let cases: [(UnitAxis, UnitPlaces)] = [
      (.channel, UnitPlaces(blocks: .each([[1], [0]]))),
      (.position, UnitPlaces(blocks: .each([[1], [0]]))),
      (.feature, UnitPlaces(blocks: .each([[1], [0]]))),
      (.pixel, UnitPlaces(positions: .each(patches))),
      (.channelPixel, UnitPlaces(blocks: .each([[1], [0]]), positions: .each(patches))),
    ]
    for (axis, places) in cases {
      let found = try Self.logits(
        model, [Representation(Vanilla(), at: site, layer: layer, unit: axis)], base: base,
        source: source, [Places(source: places, base: places)])
      var changed = own.elements
      var start = 0
      for (example, image) in images.enumerated() {
        for pixel in 0..<image.count {
          for channel in 0..<own.width {
            let isChannel = channel == [1, 0][example] || axis == .pixel
            let isPixel = patches[example].contains(pixel) || !(axis == .pixel || axis.isPair)
            if isChannel && isPixel {
              let at = (start + pixel) * own.width + channel
              changed[at] = theirs.elements[at]
            }
          }
        }
        start += image.count
      }
      #expect(changed != own.elements)
      let expected = model.run(base, on: Tape()) { here in
        here.site == site && here.layer == layer
          ? Variable(Tensor(own.shape, changed)) : here.value
      }
      #expect(found.elements == expected.value.elements, "\(axis)")
    }
  }

  @Test(arguments: ResNetShape.small)
  func `a run patched with its own values at any site is itself`(shape: ResNetShape) throws {
    let model = ResNetModel<Float>.random(shape)
    let base = Self.inputs(shape, seed: 3)
    let plain = model.run(base, on: Tape(), visit: nil).value.elements
    for axis in [UnitAxis.channel, .pixel, .channelPixel, .feature] {
      for (site, layers) in model.sites where site != .logits {
        let all = layers.map { Representation<Float>(Vanilla(), at: site, layer: $0, unit: axis) }
        let found = try Self.logits(
          model, all, base: base, source: base,
          all.map { _ in Places(source: .whole, base: .whole) })
        #expect(found.elements == plain, "\(site) \(axis)")
      }
    }
  }

  @Test
  func `a batch gives the bits of its examples alone`() throws {
    let shape = ResNetShape.small[1]
    let model = ResNetModel<Float>.random(shape)
    let (base, source) = (Self.inputs(shape, seed: 3), Self.inputs(shape, seed: 4))
    guard case .images(let bases) = base, case .images(let sources) = source else { return }
    let one = [
      Representation<Float>(Vanilla(), at: .blockOutput, layer: 0, unit: .channel),
      Representation<Float>(
        RotatedSpace(RunSupport.rotation(2 * shape.embeddingWidth)), at: .embedderOutput,
        layer: 0, unit: .pixel),
    ]
    let (channels, pixels) = ([[1, 7], [0, 3]], [[2, 0], [5, 1]])
    func places(_ examples: [Int]) -> [Places] {
      let blocks = UnitPlaces(blocks: .each(examples.map { channels[$0] }))
      let rows = UnitPlaces(positions: .each(examples.map { pixels[$0] }))
      return [
        Places(source: blocks, base: blocks),
        Places(source: rows, base: rows, coordinates: .shared([0, 1, 5])),
      ]
    }
    let together = try Self.logits(model, one, base: base, source: source, places([0, 1]))
    let alone = try (0..<2).flatMap { example in
      try Self.logits(
        model, one, base: .images([bases[example]]), source: .images([sources[example]]),
        places([example])
      ).elements
    }
    #expect(together.elements == alone)
    #expect(together.elements != model.run(base, on: Tape(), visit: nil).value.elements)
  }

  @Test
  func `channels are collected and given as the published implementation holds them`() throws {
    let shape = ResNetShape.small[0]
    let model = ResNetModel<Float>.random(shape)
    let base = ModelInputs<Float>.randomImages([(20, 13), (20, 13)], channels: shape.channels)
    let (rows, images) = Self.values(model, base, .blockOutput, 2)
    let whole = rows.imagesOfRows(images[0])
    let setup = try InterventionSetup<Float>(
      [
        Representation(Collect(), at: .blockOutput, layer: 2, unit: .channel),
        Representation(Collect(), at: .blockOutput, layer: 2, unit: .channel),
        Representation(Collect(), at: .blockOutput, layer: 2, unit: .pixel),
        Representation(Collect(), at: .poolerOutput, layer: 0, unit: .channel),
      ], in: model)
    var call = InterventionCall<Float>(
      base: base,
      places: [
        Places(base: .whole), Places(base: UnitPlaces(blocks: .each([[4, 0], [2, 2]]))),
        Places(base: .whole), Places(base: .whole),
      ])
    let run = InterventionRun(model, setup)
    try run.check(call)
    let found = run(call, on: Tape())
    let size = [images[0].height, images[0].width]
    #expect(found.collected[0].value.shape == whole.shape && whole.shape == [2, 6] + size)
    #expect(found.collected[0].value.elements == whole.elements)
    #expect(found.collected[1].value.shape == [2, 2] + size)
    let channels = whole.reshaped([12, images[0].count])
    #expect(
      found.collected[1].value.elements == channels.gathered([4, 0, 8, 8]).elements)
    #expect(found.collected[2].value.shape == [2, images[0].count, 6])
    #expect(found.collected[2].value.elements == rows.elements)
    #expect(found.collected[3].value.shape == [2, 6, 1, 1])

    let put = try InterventionSetup<Float>(
      [Representation(Vanilla(), at: .blockOutput, layer: 2, unit: .channel)], in: model)
    let places = UnitPlaces(blocks: .same([3, 1]))
    let given = Tensor<Float>(
      [2, 2] + size, RunSupport.random([4 * images[0].count], seed: 9).elements)
    call = InterventionCall<Float>(
      base: base, places: [Places(base: places, given: .init(given))])
    let putting = InterventionRun(model, put)
    try putting.check(call)
    var changed = (0..<12).map { channels.rows($0..<$0 + 1) }
    let flat = given.reshaped([4, images[0].count])
    for (row, channel) in [3, 1, 9, 7].enumerated() { changed[channel] = flat.rows(row..<row + 1) }
    let expected = model.run(base, on: Tape()) { here in
      guard here.site == .blockOutput, here.layer == 2 else { return here.value }
      let all = Tensor<Float>.concatenated(changed).reshaped([2, 6, images[0].count])
      return Variable(all.transposedEach(rows: 6).reshaped(here.value.shape))
    }
    #expect(putting(call, on: Tape()).logits.value.elements == expected.value.elements)

    call.places[0].given = .init(Tensor<Float>(zeros: [2, 3] + size))
    #expect(throws: Refusal.self) { try putting.check(call) }
  }

  @Test
  func `gradients at what a site is given agree with central differences`() throws {
    let shape = ResNetShape.small[1]
    let model = ResNetModel<Double>.random(shape)
    let inputs = ModelInputs<Double>.randomImages([(20, 9)], channels: shape.channels)
    for (site, layer) in [
      (Site.embedderOutput, 0), (.conv1Output, 1), (.shortcutOutput, 2), (.blockOutput, 0),
      (.poolerOutput, 0),
    ] {
      var own = Tensor<Double>(zeros: [0])
      _ = model.run(inputs, on: Tape()) { here in
        if here.site == site, here.layer == layer { own = here.value.value }
        return here.value
      }
      expectGradient(at: [own]) { tape, leaves in
        model.run(inputs, on: tape) { here in
          here.site == site && here.layer == layer ? leaves[0] : here.value
        }
      }
    }
  }

  @Test func `what does not fit an image's site is refused`() throws {
    let shape = ResNetShape.small[0]
    let model = ResNetModel<Float>.random(shape)
    let base = Self.inputs(shape, seed: 3)
    func refused(
      _ representation: Representation<Float>, _ places: UnitPlaces, _ terms: [String]
    ) {
      do throws(Refusal) {
        let setup = try InterventionSetup<Float>([representation], in: model)
        let call = InterventionCall<Float>(
          base: base, sources: [base], places: [Places(source: places, base: places)])
        try InterventionRun(model, setup).check(call)
        Issue.record("accepted; wanted a refusal with \(terms)")
      } catch {
        for term in terms { #expect(error.description.contains(term), "\(error)") }
      }
    }
    let (site, layer) = (Site.blockOutput, 2)
    refused(
      Representation(Vanilla(), at: site, layer: layer, unit: .head), .whole,
      ["unit h", "channel, pixel, channel.pixel"])
    refused(
      Representation(Vanilla(), at: site, layer: layer, unit: .channel),
      UnitPlaces(blocks: .same([6])), ["channel 6", "0 to 5"])
    refused(
      Representation(Vanilla(), at: site, layer: layer, unit: .pixel),
      UnitPlaces(positions: .same([25])), ["example 0", "position 25", "0 to 24"])
    refused(
      Representation(Skip(), at: site, layer: layer, unit: .pixel), .whole,
      ["block_output of layer 2", "another size"])
    let found = try Self.logits(
      model, [Representation(Skip(), at: site, layer: 1, unit: .pixel)], base: base, source: base,
      [Places(source: .whole, base: .whole)])
    let (rows, _) = Self.values(model, base, .blockInput, 1)
    let expected = model.run(base, on: Tape()) { here in
      here.site == site && here.layer == 1 ? Variable(rows) : here.value
    }
    #expect(found.elements == expected.value.elements)
  }
}
