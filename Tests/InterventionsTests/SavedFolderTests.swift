import Checkpoints
import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Interventions

private func constant(_ values: [Float]) -> SavedRepresentation {
  SavedRepresentation(
    layer: 0, component: "block_output", interventionType: .addition, hasConstantSource: true,
    interchangeDimensions: .first(values.count),
    state: ["source_representation": SavedTensor(shape: [values.count], values)])
}

/// A folder with two interventions, one with a file, and the text of its configuration.
private func smallFolder() throws -> (scratch: SavedScratch, config: String) {
  let scratch = try SavedScratch()
  let vanilla = SavedRepresentation(
    layer: 3, component: "head_attention_value_output", unit: "h.pos", maxUnits: 2,
    interventionType: .vanilla, interchangeDimensions: .first(8))
  try PyveneFolder([constant([1, 2]), vanilla]).write(to: scratch.path)
  return (scratch, String(decoding: try scratch.bytes("config.json"), as: UTF8.self))
}

/// The refusal of the folder after one text in its configuration is replaced.
private func expectRefusal(
  _ terms: String, _ old: String, _ new: String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let (scratch, config) = try smallFolder()
  let flat = config.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  try #require(flat.contains(old), "\(flat)", sourceLocation: sourceLocation)
  let range = try #require(flat.firstRange(of: old))
  try scratch.put("config.json", flat.replacingCharacters(in: range, with: new).utf8)
  expectSavedRefusal("config.json;" + terms, sourceLocation: sourceLocation) {
    try PyveneFolder(reading: scratch.path)
  }
}

@Test(arguments: ["", "/"])
func `every type and every field survives a folder`(suffix: String) throws {
  let scratch = try SavedScratch()
  var folder = PyveneFolder(mode: .serial, everySavedType)
  folder.representations.append(constant([1, -.infinity, 3]))
  folder.representations.append(
    SavedRepresentation(
      layer: 7, component: "transformer.h[1].mlp.output", unit: "h.pos", maxUnits: 5,
      interventionType: .vanilla, subspacePartition: [[0, 2], [2, 3, 9], []], groupKey: 1,
      linkKey: 0, moeKey: 3))
  folder.representations.append(
    SavedRepresentation(
      component: "block_output", interventionType: .vanilla, linkKey: .text("a \"é\" b")))
  folder.order = folder.representations.indices.reversed()
  folder.modelType = "<class 'transformers.models.gpt2.modeling_gpt2.GPT2Model'> \"é\n"
  folder.transformersVersion = "5.23.0"
  try folder.write(to: scratch.path + "/x" + suffix)
  #expect(try PyveneFolder(reading: scratch.path + "/x" + suffix) == folder)

  try folder.write(to: scratch.path + "/y")
  try folder.write(to: scratch.path + "/y")
  let names = try scratch.names(in: "x")
  #expect(names.count == 1 + 7 + 1)
  #expect(try scratch.names(in: "y") == names)
  for name in names { #expect(try scratch.bytes("x/\(name)") == scratch.bytes("y/\(name)")) }
}

@Test func `interventions without state write no binary`() throws {
  let scratch = try SavedScratch()
  let folder = PyveneFolder(everySavedType.filter { $0.state.isEmpty })
  #expect(folder.representations.count == 8)
  try folder.write(to: scratch.path)
  #expect(try scratch.names() == ["config.json"])
  #expect(try PyveneFolder(reading: scratch.path) == folder)
}

@Test func `what old versions did not save is written for pyvene of today`() throws {
  let scratch = try SavedScratch()
  var folder = PyveneFolder(everySavedType.filter { $0.interventionType.isTrainable })
  let whole = folder
  for i in folder.representations.indices {
    for name in ["embed_dim", "interchange_dim", "intervention_population"] {
      folder.representations[i].state[name] = nil
    }
  }
  try folder.write(to: scratch.path)
  #expect(try PyveneFolder(reading: scratch.path) == whole)
}

@Test func `keys are spelt as pyvene spells them, repetitions counted`() {
  let plain = SavedRepresentation(layer: 2, component: "mlp_output", interventionType: .vanilla)
  let path = SavedRepresentation(
    component: "h[0].mlp.output", unit: "h.pos", maxUnits: 3, interventionType: .vanilla)
  let all = [plain, path, plain]
  #expect(
    SavedKey.underscores.keys(of: all) == [
      "layer_2_comp_mlp_output_unit_pos_nunit_1#0", "comp_h[0]_mlp_output_unit_h_pos_nunit_3#0",
      "layer_2_comp_mlp_output_unit_pos_nunit_1#1",
    ])
  #expect(
    SavedKey.dots.keys(of: all) == [
      "layer.2.comp.mlp_output.unit.pos.nunit.1#0", "comp.h[0].mlp.output.unit.h.pos.nunit.3#0",
      "layer.2.comp.mlp_output.unit.pos.nunit.1#1",
    ])
  #expect(
    SavedKey.representationDots.keys(of: [plain]) == ["layer.2.repr.mlp_output.unit.pos.nunit.1#0"])
}

@Test(arguments: [SavedKey.dots, .representationDots])
func `folders of older versions are read, with 13 places and other keys`(spelling: SavedKey)
  throws
{
  let (scratch, config) = try smallFolder()
  let folder = try PyveneFolder(reading: scratch.path)
  let (now, then) = (
    SavedKey.underscores.keys(of: folder.representations), spelling.keys(of: folder.representations)
  )
  var old = config.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  for (now, then) in zip(now, then) { old = old.replacingOccurrences(of: now, with: then) }
  old = old.replacingOccurrences(of: "null, null ]", with: "null ]")
    .replacingOccurrences(of: "true, null ]", with: "true ]")
    .replacingOccurrences(of: "pyvene.models.interventions", with: "models.interventions")
    .replacingOccurrences(of: "{ \"inter", with: "{ \"model_type\": \"gpt2\", \"inter")
  try scratch.put("config.json", old.utf8)
  try FileManager.default.moveItem(
    atPath: "\(scratch.path)/intkey_\(now[0]).bin", toPath: "\(scratch.path)/intkey_\(then[0]).bin")
  var read = try PyveneFolder(reading: scratch.path)
  #expect(read.modelType == "gpt2")
  read.modelType = nil
  #expect(read == folder)

  try scratch.put("intkey_\(now[0]).bin", try scratch.bytes("intkey_\(then[0]).bin"))
  expectSavedRefusal("second state") { try PyveneFolder(reading: scratch.path) }
}

@Test func `a configuration that pyvene would not write is refused by field`() throws {
  let type = "\"<class 'pyvene.models.interventions.AdditionIntervention'>\""
  try expectRefusal(
    "intervention_types[0];AdditionIntervention", type, type.replacing("Add", with: "Addd"))
  try expectRefusal("intervention_types[0];os.system", type, "\"<class 'os.system'>\"")
  try expectRefusal("intervention_types;1 items;2", "\(type), ", "")
  try expectRefusal("intervention_dimensions;0 items", "[ 2, 8 ]", "[]")
  try expectRefusal("intervention_dimensions[0];-2", "[ 2, 8 ]", "[ -2, 8 ]")
  try expectRefusal("intervention_constant_sources[0];1", "[ true, false ]", "[ 1, false ]")
  try expectRefusal("mode;both;parallel", "\"parallel\"", "\"both\"")
  try expectRefusal("representations;no such field", "\"representations\"", "\"r\"")
  try expectRefusal("representations[0];12 places", "null, true, null ]", "true ]")
  try expectRefusal("representations[0][0];-1", "[ 0, \"block", "[ -1, \"block")
  try expectRefusal("representations[0][1];../../evil", "\"block_output\"", "\"../../evil\"")
  try expectRefusal("representations[1][2];letters", "\"h.pos\"", "\"h/pos\"")
  try expectRefusal("representations[1][3];0", "\"h.pos\", 2", "\"h.pos\", 0")
  try expectRefusal(
    "representations[0][5];intervention_type", "\"pos\", 1, null, null", "\"pos\", 1, null, \"x\"")
  try expectRefusal("sorted_keys[0];layer_9", "\"layer_0_comp", "\"layer_9_comp")
  try expectRefusal(
    "sorted_keys;1 keys", ", \"layer_3_comp_head_attention_value_output_unit_h_pos_nunit_2#0\"", "")
  try expectRefusal(
    "sorted_keys[1];again", "layer_3_comp_head_attention_value_output_unit_h_pos_nunit_2#0",
    "layer_0_comp_block_output_unit_pos_nunit_1#0")
}

@Test func `a state that is missing or of another type is refused by file and tensor`() throws {
  for representation in everySavedType where representation.interventionType.isTrainable {
    let scratch = try SavedScratch()
    let type = representation.interventionType
    try PyveneFolder([representation]).write(to: scratch.path)
    let file = "intkey_layer_1_comp_mlp_output_unit_pos_nunit_1#0.bin"
    let required = representation.state.keys.filter {
      !["embed_dim", "interchange_dim", "intervention_population"].contains($0)
    }
    func save(_ change: (inout [String: SavedTensor]) -> Void) throws {
      var state = representation.state
      change(&state)
      var writer = PyTorchWriter()
      for (name, tensor) in state {
        switch tensor.values {
        case .floats(let values): writer.add(name, shape: tensor.shape, values)
        case .integers(let values): writer.add(name, shape: tensor.shape, values)
        }
      }
      try writer.write(to: "\(scratch.path)/\(file)")
    }
    for name in required {
      try save { $0[name] = nil }
      expectSavedRefusal("\(file);\(name);\(type.rawValue)") {
        try PyveneFolder(reading: scratch.path)
      }
      try save { $0[name] = ramp(5, 5, 1) }
      expectSavedRefusal("\(file);\(name);[5, 5, 1]") { try PyveneFolder(reading: scratch.path) }
      try save { $0[name] = SavedTensor(shape: [1], [1]) }
      expectSavedRefusal("\(file);\(name);integers") { try PyveneFolder(reading: scratch.path) }
    }
    try save { $0["extra"] = ramp(1) }
    expectSavedRefusal("\(file);extra") { try PyveneFolder(reading: scratch.path) }
    try save { $0["embed_dim"] = SavedTensor(shape: [], [5]) }
    expectSavedRefusal("\(file);expected [;5") { try PyveneFolder(reading: scratch.path) }
    try FileManager.default.removeItem(atPath: "\(scratch.path)/\(file)")
    expectSavedRefusal("\(file);no such file;\(type.rawValue)") {
      try PyveneFolder(reading: scratch.path)
    }
  }
  let (scratch, _) = try smallFolder()
  try PyTorchWriter().write(
    to: scratch.path + "/intkey_layer_0_comp_block_output_unit_pos_nunit_1#0.bin")
  expectSavedRefusal("source_representation;Addition") { try PyveneFolder(reading: scratch.path) }
}

@Test func `collect and noise, whose constant source is never saved, are read without a file`()
  throws
{
  let scratch = try SavedScratch()
  let folder = PyveneFolder(
    [.collect, .noise, .zero].map {
      SavedRepresentation(component: "block_output", interventionType: $0)
    })
  #expect(folder.representations.allSatisfy { $0.isSourceConstant })
  try folder.write(to: scratch.path)
  #expect(try PyveneFolder(reading: scratch.path) == folder)
}

@Test func `writing refuses other states in the folder, bad names and incomplete states`() throws {
  let (scratch, config) = try smallFolder()
  let other = SavedRepresentation(component: "mlp_output", interventionType: .vanilla)
  expectSavedRefusal("intkey_layer_0_comp_block_output;another", kind: .store) {
    try PyveneFolder([other]).write(to: scratch.path)
  }
  #expect(String(decoding: try scratch.bytes("config.json"), as: UTF8.self) == config)
  let bad = SavedRepresentation(component: "a/b", interventionType: .vanilla)
  expectSavedRefusal("a/b;file's", kind: .store) {
    try PyveneFolder([bad]).write(to: scratch.path + "/bad")
  }
  let empty = SavedRepresentation(component: "mlp_output", interventionType: .sigmoidMask)
  expectSavedRefusal("mask;SigmoidMask", kind: .store) {
    try PyveneFolder([empty]).write(to: scratch.path + "/bad")
  }
  expectSavedRefusal("absent/x;create", kind: .store) {
    try PyveneFolder([other]).write(to: scratch.path + "/absent/x")
  }
  expectSavedRefusal("config.json;folder", kind: .store) {
    try PyveneFolder([other]).write(to: scratch.path + "/config.json")
  }
  #expect(try scratch.names().count == 2)
}

@Test func `a folder with changed bytes is read or refused, never a trap`() throws {
  let (scratch, _) = try smallFolder()
  let names = try scratch.names()
  #expect(names.count == 2)
  var random = SeededRandom(seed: 21)
  var refused = 0
  for name in names {
    let whole = try scratch.bytes(name)
    for round in 0..<800 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = UInt8(truncatingIfNeeded: random.next() % (round < 400 ? 128 : 256))
      }
      if round % 8 == 7 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
      try scratch.put(name, bytes)
      do throws(Refusal) { _ = try PyveneFolder(reading: scratch.path) } catch { refused += 1 }
    }
    try scratch.put(name, whole)
  }
  #expect(refused > 500)
}
