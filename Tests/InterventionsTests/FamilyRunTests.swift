import Autodiff
import Foundation
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Models of every family under interventions: changes of nothing, and runs that share a prefix.
struct FamilyRunTests {
  struct Folder: Sendable, CustomTestStringConvertible {
    let url: URL
    var testDescription: String { url.lastPathComponent }
  }

  /// Those that ModelsTests carries, and the recorded ones of the shared material.
  static let folders: [Folder] = {
    let carried = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("ModelsTests/Fixtures/families")
    let shared = SharedMaterial.root?.appendingPathComponent("goldens/models")
    return [carried, shared].compactMap(\.self).flatMap { root in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
      return names.sorted().map { Folder(url: root.appendingPathComponent($0)) }
    }.filter { (try? OpenedModel($0.url.path).kind) == .decoder }
  }()

  private func call(
    _ count: Int, _ places: [InterventionCall<Float>.Places], isItself: Bool
  ) -> InterventionCall<Float> {
    InterventionCall(
      base: .tokens(RunSupport.base),
      sources: Array(
        repeating: .tokens(isItself ? RunSupport.base : RunSupport.source), count: count),
      places: places)
  }

  @Test(arguments: folders)
  func `putting back what a site holds changes no bit, at any site`(folder: Folder) throws {
    let model = try PublishedModel(folder.url.path).load()
    let plain = RunSupport.logits(model, RunSupport.base)
    for (site, layers) in model.sites where site.unsplit == site && site != .attentionWeight {
      let all = layers.map { Representation<Float>(Vanilla(), at: site, layer: $0, group: 0) }
      let setup = try InterventionSetup(all, in: model)
      let call = call(
        setup.groupCount, all.map { _ in .init(source: .whole, base: .whole) }, isItself: true)
      for isNaive in [true, false] {
        let run = InterventionRun(model, setup, isNaive: isNaive)
        try run.check(call)
        let found = run(call, on: Tape(), wantsOriginal: true)
        #expect(found.logits.value.elements == plain, "\(site)")
        #expect(found.original?.value.elements == plain, "\(site)")
      }
    }
  }

  @Test(arguments: folders)
  func `a change at one place gives the bits of a whole run, at any site`(folder: Folder) throws {
    let model = try PublishedModel(folder.url.path).load()
    let plain = RunSupport.logits(model, RunSupport.base)
    let places = InterventionCall<Float>.Places(
      source: UnitPlaces(positions: .each([[0], [6], [2]])),
      base: UnitPlaces(positions: .each([[3], [0], [2]])))
    for (site, layers) in model.sites where RunSupport.rowSites.contains(site) {
      for layer in layers {
        let setup = try InterventionSetup<Float>(
          [Representation(Vanilla(), at: site, layer: layer)], in: model)
        let call = call(setup.groupCount, [places], isItself: false)
        let (cone, naive) = (
          InterventionRun(model, setup), InterventionRun(model, setup, isNaive: true)
        )
        try cone.check(call)
        let found = cone(call, on: Tape(), wantsOriginal: true)
        let expected = naive(call, on: Tape(), wantsOriginal: true)
        #expect(found.logits.value.elements == expected.logits.value.elements, "\(site) \(layer)")
        #expect(found.original?.value.elements == plain, "\(site) \(layer)")
        #expect(found.logits.value.elements != plain, "\(site) \(layer)")
      }
    }
  }
}
