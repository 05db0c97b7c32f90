import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// Every scenario with a field too many, at every level, is refused by that field.
@Suite(.enabled(if: SharedMaterial.isPresent))
struct SpecMutationTests {
  /// A table of a specification, and fields that it has no use for.
  private struct Level {
    let path: [String]
    let useless: [(key: String, value: JSON)]

    init(_ path: [String], _ useless: [(String, JSON)] = []) {
      self.path = path
      self.useless = useless.map { (key: $0.0, value: $0.1) }
    }
  }

  private static func number(_ text: String) -> JSON { .number(JSONNumber(text: text)) }

  private static func table(_ key: String, _ value: JSON) -> JSON {
    var object = JSONObject()
    _ = object.insert(value, forKey: key)
    return .object(object)
  }

  /// Fields of a whole specification that its kind does not read.
  private static func useless(of kind: String) -> [(String, JSON)] {
    let tokens = table("input_ids", .array([.array([number("1")])]))
    let all: [(key: String, value: JSON, kinds: [String])] = [
      ("wrt", .string("interventions"), ["gradient"]),
      ("labels", .array([number("0")]), ["gradient"]),
      ("train", table("steps", number("1")), ["train"]),
      ("generate", table("max_new_tokens", number("1")), ["generate", "gradient"]),
      ("objective", .string("cross_entropy"), ["gradient", "train"]),
      ("base", tokens, ["forward", "generate", "gradient", "save_load", "gru_time"]),
      ("include_model", .bool(true), ["save_load"]), ("special_tokens", .bool(true), []),
    ]
    let own = kind == "attention_weight" ? "forward" : kind
    return all.filter { !$0.kinds.contains(own) }.map { ($0.key, $0.value) }
  }

  /// Fields of a representation that its type does not read.
  private static func useless(ofType type: String) -> [(String, JSON)] {
    let joins = ["RotatedSpace", "PCARotatedSpace", "Autoencoder"]
    var fields: [(String, JSON)] = []
    if !joins.contains(where: { type.contains($0) }) || type.hasPrefix("JumpReLU") {
      fields.append(("keep_last_dim", .bool(true)))
    }
    if !type.hasPrefix("LowRank"), !type.hasPrefix("JumpReLU") {
      fields.append(("low_rank_dimension", number("2")))
    }
    if type != "AutoencoderIntervention" { fields.append(("latent_dim", number("2"))) }
    if type != "custom.Scale" { fields.append(("args", table("factor", number("2")))) }
    if ["Boundless", "SigmoidMask", "Noise"].contains(where: { type.hasPrefix($0) }) {
      fields.append(("subspace_partition", .array([.array([number("0"), number("1")])])))
    }
    return fields
  }

  private static func levels(_ scenario: JSON) -> [Level] {
    guard case .object(let top) = scenario else { return [] }
    func text(_ value: JSON?) -> String? {
      if case .string(let text)? = value { text } else { nil }
    }
    func items(_ value: JSON?) -> [JSON] {
      if case .array(let items)? = value { items } else { [] }
    }
    var levels = [Level([], useless(of: text(top["kind"]) ?? "forward"))]
    for key in ["base", "unit_locations", "train", "generate"] {
      guard case .object? = top[key] else { continue }
      let sampling: [(String, JSON)] = [
        ("top_p", number("0.5")), ("temperature", number("2")), ("seed", number("1")),
        ("num_return_sequences", number("2")),
      ]
      levels.append(Level([key], key == "generate" ? sampling : []))
    }
    for (index, source) in items(top["sources"]).enumerated() {
      if case .object = source { levels.append(Level(["sources", "\(index)"])) }
    }
    for (index, item) in items(top["representations"]).enumerated() {
      guard case .object(let object) = item else { continue }
      let type = text(object["intervention_type"]) ?? "VanillaIntervention"
      let path = ["representations", "\(index)"]
      levels.append(Level(path, useless(ofType: type).filter { object[$0.0] == nil }))
      for key in ["args", "params"] where object[key] != nil {
        levels.append(Level(path + [key]))
      }
    }
    if case .object(let train)? = top["train"] {
      levels.append(Level(["train", "batches", "0"], [("wrt", .string("model"))]))
      if !items(train["groups"]).isEmpty {
        levels.append(Level(["train", "groups", "0"], [("momentum", number("1"))]))
      }
    }
    return levels
  }

  private static func inserting(
    _ key: String, _ added: JSON, in value: JSON, at path: ArraySlice<String>
  ) -> JSON {
    switch value {
    case .object(let object):
      var changed = JSONObject()
      for (name, member) in object.members {
        let isNext = name == path.first
        _ = changed.insert(
          isNext ? inserting(key, added, in: member, at: path.dropFirst()) : member, forKey: name)
      }
      if path.isEmpty { _ = changed.insert(added, forKey: key) }
      return .object(changed)
    case .array(let items):
      return .array(
        items.enumerated().map { index, item in
          "\(index)" == path.first
            ? inserting(key, added, in: item, at: path.dropFirst()) : item
        })
    default: return value
    }
  }

  @Test(arguments: ScenarioTests.scenarios)
  func `a field that is unknown or of no use is refused at every level`(
    scenario: ScenarioTests.Scenario
  ) throws {
    let document = try JSONField.load(scenario.path, kind: .job)
    var random = SeededRandom(
      seed: scenario.testDescription.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    var tried = 0
    for level in Self.levels(document.value) {
      var fields = [(key: "surplus_\(Int.random(in: 0..<100, using: &random))", value: JSON.null)]
      fields[0].value =
        [Self.number("1"), .bool(true), .string("x"), .array([])].randomElement(
          using: &random) ?? .null
      if let one = level.useless.randomElement(using: &random) { fields.append(one) }
      for (key, value) in fields {
        let mutant = Self.inserting(key, value, in: document.value, at: level.path[...])
        let named = key == "args" ? "factor" : key
        #expect {
          try SpecRun(
            JSONField(mutant, file: document.file, kind: .job),
            options: .init(models: ScenarioTests.models))()
        } throws: { error in
          guard let refusal = error as? Refusal else { return false }
          let isNamed = refusal.field.contains(named)
          if !isNamed { Issue.record("\(level.path) with \(key): \(refusal)") }
          return isNamed && refusal.kind == .job
        }
        tried += 1
      }
    }
    #expect(tried > 3)
  }
}
