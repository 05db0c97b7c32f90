import Autodiff
import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// Families and their variants against what transformers computes, from folders and from GGUF files.
struct FamilyPeerTests {
  private static let near = Tolerance(absolute: 1e-4, relative: 1e-4)

  static func logits(_ model: DecoderModel<Float>, _ tokens: [[Int]]) -> [Float] {
    model.run(.tokens(tokens), on: Tape(), visit: nil).value.elements
  }

  @Test(arguments: FamilyFolder.all)
  func `logits agree with the published implementation`(folder: FamilyFolder) throws {
    let opened = try folder.opened()
    #expect(opened.notes == [])
    let model = try opened.load()
    for prompt in try folder.prompts() {
      let wrong = Self.near.disagreement(Self.logits(model, prompt.tokens), prompt.logits)
      #expect(wrong == nil, "\(folder.name), \(prompt.tokens[0].count) tokens \(wrong ?? "")")
    }
  }

  @Test(arguments: FamilyFolder.all)
  func `a configuration as it was written and as transformers saves it are one shape`(
    folder: FamilyFolder
  ) throws {
    let family = try folder.opened().family
    let (written, saved) = (
      try family.shape(folder.config("config.json")), try family.shape(folder.config("full.json"))
    )
    #expect(written == saved)
  }

  @Test(arguments: FamilyFolder.all.filter { !$0.ggufs.isEmpty })
  func `GGUF files of a model compute what its folder computes`(folder: FamilyFolder) throws {
    let model = try folder.opened().load()
    for url in folder.ggufs {
      let opened = try PublishedModel(url.path)
      let other = try opened.load()
      for prompt in try folder.prompts() {
        let wrong = Tolerance(absolute: 2e-5, relative: 2e-5).disagreement(
          Self.logits(other, prompt.tokens), Self.logits(model, prompt.tokens))
        #expect(
          wrong == nil,
          "\(url.lastPathComponent), \(prompt.tokens[0].count) tokens \(wrong ?? "")")
      }
    }
  }

  @Test func `the repository carries models of many families`() {
    #expect(FamilyFolder.carried.count > 15)
    #expect(FamilyFolder.carried.count { !$0.ggufs.isEmpty } > 5)
  }

  @Test(.enabled(if: PeerPython.models != nil, PeerPython.reason))
  func `a Python with transformers writes many more`() {
    #expect(FamilyFolder.all.count > 50)
  }
}
