import Checkpoints
import Foundation
import Inputs
import Testing
import _TestSupport

extension EndToEnd {
  /// The files of jobs/pyvene, one for each section of pyvene's tutorials.
  @Suite(.serialized, .timeLimit(.minutes(60)))
  struct PyveneJobFiles {
    private static let peer = ProcessInfo.processInfo.environment["CAUSEWAY_PEER_PYTHON"]

    @Test func `every file has a fact, and every fact a file`() {
      #expect(PyveneJobs.names == PyveneFact.all.keys.sorted())
      #expect(Set(PyveneFact.cuts.keys).isSubset(of: PyveneJobs.names))
    }

    @Test func `the page names every file, and only files that there are`() throws {
      let page = try String(
        contentsOf: PyveneJobs.repository.appendingPathComponent(
          "Sources/Interventions/Interventions.docc/ComingFromPyvene.md"), encoding: .utf8)
      let named = page.matches(of: /`jobs\/([a-z0-9\/-]+)\.toml`/).map { String($0.output.1) }
      for name in PyveneJobs.names { #expect(named.contains("pyvene/\(name)"), "\(name)") }
      for name in Set(named).sorted() {
        let file = PyveneJobs.repository.appendingPathComponent("jobs/\(name).toml")
        #expect(FileManager.default.fileExists(atPath: file.path), "\(name)")
      }
    }

    @Test func `every file begins with its command`() throws {
      for name in PyveneJobs.names {
        let own = try PyveneJobs.commands(name).filter { $0[1] == "jobs/pyvene/\(name).toml" }
        #expect(!own.isEmpty, "\(name)")
      }
    }

    @Test(.enabled(if: PyveneJobs.canMakeModels, PyveneJobs.reason))
    func `files for small models do what they say`() async throws {
      try await runAll { try !PyveneJobs.readsSmolLM2($0) }
    }

    @Test(
      .enabled(if: PyveneJobs.canMakeModels, PyveneJobs.reason),
      .enabled(if: SmolLM2.file != nil, "no SmolLM2: scripts/fetch-model, or CAUSEWAY_SMOLLM2"))
    func `files for SmolLM2 do what they say`() async throws {
      try await runAll(where: PyveneJobs.readsSmolLM2)
    }

    private func runAll(where isMeant: (String) throws -> Bool) async throws {
      let jobs = try PyveneJobs()
      for (name, cuts) in PyveneFact.cuts { try jobs.shorten(name, cuts) }
      for name in try PyveneJobs.names.filter(isMeant) {
        if let refused = try await jobs.perform(name) {
          Issue.record("\(refused)")
          continue
        }
        for fact in PyveneFact.all[name] ?? [] {
          if case .equals(let other) = fact { #expect(try await jobs.perform(other) == nil) }
          try fact.check(name, in: jobs)
        }
      }
    }

    /// Those that pyvene can say and whose parameters are in the file.
    private static let shared = [
      "backpack-debiasing", "generation", "generation-source", "gru-cross-time", "gru-step",
      "image-patch", "inference-time", "interchange-training", "new-model",
    ]

    @Test(
      .enabled(if: PyveneJobs.canMakeModels, PyveneJobs.reason),
      .enabled(if: peer != nil, "CAUSEWAY_PEER_PYTHON names no Python with pyvene"))
    func `pyvene says the same of the same files`() async throws {
      let jobs = try PyveneJobs()
      let out = jobs.root.appendingPathComponent("peer")
      try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
      let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
      let reference = PyveneJobs.repository
        .appendingPathComponent("Tests/InterventionsTests/Fixtures")
      let code = try PyveneJobs.process(
        try #require(Self.peer),
        [
          "-B", fixtures.appendingPathComponent("tutorial_peer.py").path, reference.path,
          jobs.root.appendingPathComponent("jobs/pyvene").path, out.path,
        ] + Self.shared)
      try #require(code == 0)
      for name in Self.shared {
        #expect(try await jobs.perform(name) == nil, "\(name)")
        let theirs = try SafetensorsFile(
          out.appendingPathComponent("\(name).safetensors").path, kind: .job)
        let ours = try SafetensorsFile(jobs.tensors(name), kind: .job)
        #expect(!theirs.tensors.isEmpty)
        for (tensor, description) in theirs.tensors {
          if !description.elementType.isFloatingPoint {
            #expect(try ours.integers(tensor) == theirs.integers(tensor), "\(name): \(tensor)")
            continue
          }
          let off = Tolerance(absolute: 1e-4, relative: 1e-4)
            .disagreement(try ours.floats(tensor), try theirs.floats(tensor))
          #expect(off == nil, "\(name): \(tensor): \(off ?? "")")
        }
      }
    }
  }
}
