import Autodiff
import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// What holds of every decoder whatever its family.
struct FamilyLawsTests {
  private static let sequences = [[3, 17, 5, 22, 9, 11, 30], [8], [1, 4, 29], [12, 7, 7, 2, 19]]

  @Test(arguments: FamilyFolder.decoders)
  func `a packed batch of unequal lengths is its sequences one by one, to the bit`(
    folder: FamilyFolder
  ) throws {
    let model = try folder.opened().load()
    let together = FamilyPeerTests.logits(model, Self.sequences)
    let alone = Self.sequences.flatMap { FamilyPeerTests.logits(model, [$0]) }
    #expect(together == alone)
  }

  @Test(arguments: FamilyFolder.decoders)
  func `continuing from a prefix leaves every logit as it is, to the bit`(
    folder: FamilyFolder
  ) throws {
    let model = try folder.opened().load()
    // Longer than windows and than contexts before their scaling.
    let ids = (0..<20).map { ($0 * 7 + 3) % 50 }
    let whole = Run<Float>(Batch(lengths: [ids.count]), keepsKeyValues: true)
    let expected = model.logits(model(ids, in: whole), on: whole.tape).value
    for start in [1, 9, 19] {
      let rest = Run<Float>(
        Batch([(count: ids.count - start, prefix: [0..<start])]), prefix: whole.kept)
      let found = model.logits(model(Array(ids[start...]), in: rest), on: rest.tape).value
      #expect(found.elements == expected.rows(start..<ids.count).elements, "from \(start)")
    }
  }

  @Test(arguments: FamilyFolder.decoders)
  func `wanting a few rows of a block gives those rows, to the bit`(folder: FamilyFolder) throws {
    let model = try folder.opened().load()
    let ids = Array(1...12)
    let run = Run<Float>(Batch(lengths: [12]))
    let last = model.shape.layers - 1
    let stream = model.blocks(
      0..<last, model.stream(of: model.tokenEmbeddings(ids, on: run.tape), in: run), in: run)
    let all = model.block(last, stream, in: run).value
    let few = model.block(last, stream, in: run, queries: [11, 3]).value
    #expect(few.rows(0..<1).elements == all.rows(11..<12).elements)
    #expect(few.rows(1..<2).elements == all.rows(3..<4).elements)
  }

  @Test(arguments: FamilyFolder.decoders)
  func `a model that was saved and opened again is the same to the bit`(
    folder: FamilyFolder
  ) throws {
    let opened = try OpenedModel(folder.url.path)
    guard let model = try opened.load() as? DecoderModel<Float> else {
      Issue.record("\(folder.name) is no decoder")
      return
    }
    let place = FileManager.default.temporaryDirectory.appendingPathComponent(
      "saved-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    try opened.save(model.weights, to: place.path)
    let again = try PublishedModel(place.path)
    #expect(again.shape == model.shape)
    // The names are those of the file that was read.
    let names = Set(again.checkpoint.tensors.keys)
    #expect(names.isSubset(of: opened.checkpoint.tensors.keys))
    #expect(
      FamilyPeerTests.logits(try again.load(), Self.sequences)
        == FamilyPeerTests.logits(model, Self.sequences))
  }

  @Test(arguments: FamilyFolder.decoders)
  func `the gradient at a site agrees with central differences`(folder: FamilyFolder) throws {
    let shape = try folder.opened().shape
    let model = DecoderModel<Double>.random(shape, seed: 4)
    let (site, layer) = (Site.blockInput, shape.layers / 2)
    let tokens = [[3, 5, 2], [4]]
    var value: Tensor<Double>?
    _ = model.run(.tokens(tokens), on: Tape()) { here in
      if here.site == site, here.layer == layer { value = here.value.value }
      return here.value
    }
    let input = try #require(value)
    expectGradient(at: [input], tolerance: Tolerance(absolute: 1e-6, relative: 1e-4)) {
      tape, leaves in
      model.run(.tokens(tokens), on: tape) { here in
        here.site == site && here.layer == layer ? leaves[0] : here.value
      }
    }
  }

  @Test(arguments: FamilyFolder.decoders)
  func `a module that holds another value than a site is not named for it`(
    folder: FamilyFolder
  ) throws {
    let opened = try folder.opened()
    let shape = opened.shape
    if shape.head.softCap != nil { #expect(opened.modulePath(of: .logits, layer: 0) == nil) }
    if shape.front.width != nil {
      let path = opened.modulePath(of: .tokenEmbeddingOutput, layer: 0)
      #expect(path?.contains("embed_tokens") == false)
    }
  }

  @Test func `what lies inside networks is a site of the layers that have it alone`() {
    var shape = DecoderShape.llama(
      layers: 5, width: 16, heads: 2, keyHeads: 1, mlpWidth: 12, vocabulary: 20)
    for layer in [1, 2, 4] {
      shape.blocks[layer].mlp.experts = .init(count: 3, used: 2, isNormalised: true)
    }
    let model = DecoderModel<Float>.random(shape)
    func layers(_ site: Site) -> [Range<Int>] {
      model.sites.filter { $0.site == site }.map(\.layers)
    }
    #expect(layers(.routerOutput) == [1..<3, 4..<5])
    #expect(layers(.mlpActivation) == [0..<1, 3..<4])
    #expect(layers(.mlpOutput) == [0..<5])
    #expect(!shape.has(.routerOutput) && !shape.has(.mlpActivation) && shape.has(.mlpOutput))
    var seen: [Site: [Int]] = [:]
    _ = model.run(.tokens([[1, 2, 3]]), on: Tape()) { here in
      seen[here.site, default: []].append(here.layer)
      return here.value
    }
    #expect(seen[.routerOutput] == [1, 2, 4] && seen[.mlpActivation] == [0, 3])
  }
}
