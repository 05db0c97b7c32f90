import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments

struct InterventionItemTests {
  private func item(_ text: String) throws(Refusal) -> InterventionItem {
    let list = try document("[[interventions]]\n\(text)\n").field.anyTable()
      .required("interventions", expected: "interventions")
    return try FieldType.tables { (f, _) throws(Refusal) in try InterventionItem(&f) }
      .value(of: list)[0]
  }

  private static let twoRotations = """
    intervention_type = "expression"
    [interventions.args]
    formula = "base @ R @ S"
    [interventions.args.trained]
    R = {shape = [4, 4], orthogonal = true}
    S = {shape = [4, 4], orthogonal = true}
    T = {shape = [4, 4], orthogonal = true, seed = 7}
    """

  @Test func `trained parameters of a formula start from the job's seed, each from its own`() throws
  {
    let item = try item(Self.twoRotations)
    let trained = try item.description(layer: 0, width: nil, units: 1, seed: 40)["args"]["trained"]
    #expect(try trained["R"]["seed"].int() == 40)
    #expect(try trained["S"]["seed"].int() == 41)
    #expect(try trained["T"]["seed"].int() == 7)
  }

  @Test func `a refusal of the engine gets the line of its field, or of what holds it`() throws {
    let item = try item(Self.twoRotations)
    func field(_ path: String) -> String {
      item.located(
        Refusal(.job, file: "job.toml", field: path, found: "this", expected: "that")
      ).field
    }
    #expect(
      field("interventions[0].args.trained.S.shape[1]")
        == "interventions[0].args.trained.S.shape[1], line 7")
    #expect(field("interventions[0].args.formula") == "interventions[0].args.formula, line 4")
    #expect(field("interventions[0]").hasPrefix("interventions[0], line "))
    #expect(field("interventions[01].args") == "interventions[01].args")
    #expect(field("train") == "train")
  }

  @Test func `fields that a type does not read are refused`() throws {
    for (field, type) in [
      ("low_rank_dimension", "SigmoidMaskIntervention"),
      ("latent_dim", "LowRankRotatedSpaceIntervention"),
    ] {
      expectRefusal(naming: "interventions[0].\(field), line 3", type, "does not read") {
        () throws(Refusal) in
        try item("intervention_type = \"\(type)\"\n\(field) = 2")
      }
    }
  }
}
