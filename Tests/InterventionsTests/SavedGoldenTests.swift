import Checkpoints
import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Interventions

/// A Python with pyvene, named by an environment variable.
private let peer = ProcessInfo.processInfo.environment["CAUSEWAY_PEER_PYTHON"]
private let reason: Comment = "CAUSEWAY_PEER_PYTHON names no Python with pyvene, or no goldens"

private let scenarios = SharedMaterial.root?.appendingPathComponent("goldens/scenarios")

/// The names of the scenarios whose folder pyvene saved.
private func savedNames() throws -> [String] {
  let names = try FileManager.default.contentsOfDirectory(atPath: #require(scenarios).path)
    .filter { $0.hasSuffix(".saved") }.map { String($0.dropLast(".saved".count)) }.sorted()
  #expect(names.count == 7)
  return names
}

@Test(.enabled(if: SharedMaterial.isPresent))
func `folders that pyvene saved are read with the state of their scenario`() throws {
  let root = try #require(scenarios)
  for name in try savedNames() {
    let folder = try PyveneFolder(reading: "\(root.path)/\(name).saved")
    let scenario = try JSONField.load("\(root.path)/\(name).json", kind: .job)
    let tensors = try SafetensorsFile("\(root.path)/\(name).safetensors")
    let fields = try scenario["representations"].items()
    #expect(folder.representations.count == fields.count)
    for (representation, field) in zip(folder.representations, fields) {
      #expect(try representation.layer == field["layer"].int())
      #expect(try representation.component == field["component"].string())
      #expect(try representation.unit == field["unit"].string())
      #expect(try representation.maxUnits == field["max_number_of_units"].int())
      #expect(
        try representation.interventionType.rawValue == field["intervention_type"].string())
      #expect(try representation.groupKey == field.optional("group_key")?.int())
      #expect(try representation.lowRankDimension == field.optional("low_rank_dimension")?.int())
      let partition = try field.optional("subspace_partition")?.items().map {
        try $0.items().map { try $0.int() }
      }
      #expect(representation.subspacePartition == partition)
      if let count = try field.optional("interchange_dim")?.int() {
        #expect(representation.interchangeDimensions == .first(count))
      }
      var expected: [String: String] = [:]
      if let params = try field.optional("params") {
        for (key, value) in try params.members() { expected[key] = try value.string() }
      }
      // The rotation itself is made of the two tensors before it.
      expected["rotate_layer.weight"] = nil
      expected["source_representation"] = try field.optional("source_representation")?.string()
      for (key, tensor) in expected {
        let values = try tensors.floats("in.\(tensor)")
        let shape = try tensors.tensor("in.\(tensor)").shape
        #expect(representation.state[key] == SavedTensor(shape: shape, values), "\(name), \(key)")
      }
      let others = ["embed_dim", "interchange_dim", "intervention_population"]
      #expect(Set(representation.state.keys).subtracting(others) == Set(expected.keys))
    }
  }
}

@Test(.enabled(if: SharedMaterial.isPresent))
func `a folder that is read and written again has pyvene's configuration byte for byte`() throws {
  let root = try #require(scenarios)
  let scratch = try SavedScratch()
  for name in try savedNames() {
    let folder = try PyveneFolder(reading: "\(root.path)/\(name).saved")
    try folder.write(to: "\(scratch.path)/\(name)")
    let config = URL(fileURLWithPath: "\(root.path)/\(name).saved/config.json")
    #expect(try scratch.bytes("\(name)/config.json") == Array(Data(contentsOf: config)), "\(name)")
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(root.path)/\(name).saved")
    #expect(try scratch.names(in: name) == names.sorted())
    #expect(try PyveneFolder(reading: "\(scratch.path)/\(name)") == folder)
  }
}

@Test(.enabled(if: SharedMaterial.isPresent && peer != nil, reason))
func `pyvene loads what is written as it loads its own folders`() throws {
  let root = try #require(scenarios)
  let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
  let scratch = try SavedScratch()
  var arguments = [fixtures.appendingPathComponent("pyvene_peer.py").path]
  var expected: [String] = []
  for name in try savedNames() {
    let saved = "\(root.path)/\(name).saved"
    let folder = try PyveneFolder(reading: saved)
    try folder.write(to: "\(scratch.path)/\(name)")
    let model = try JSONField.load("\(root.path)/\(name).json", kind: .job)["model"].string()
    let models = root.appendingPathComponent("../models/\(model)").path
    arguments += [models, saved, "\(scratch.path)/\(name)"]
    expected.append("equal \(folder.representations.count)")
  }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: try #require(peer))
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  process.waitUntilExit()
  #expect(process.terminationStatus == 0)
  #expect(text.split(separator: "\n").filter { $0.hasPrefix("equal") }.map(String.init) == expected)
}
