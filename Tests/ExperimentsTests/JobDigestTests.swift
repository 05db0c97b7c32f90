import CausalModels
import Foundation
import Inputs
import JobFiles
import Slurm
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

struct JobDigestTests {
  private let toml = """
    kind = "trace"
    [model]
    path = "m"
    [data]
    facts = "f.json"
    [corrupt]
    samples = 5
    multiple = 3
    [[restore]]
    site = "mlp_output"
    layers = [0, -1]
    """

  @Test func `one job has one digest, in TOML and JSON, in any order, defaults written or not`()
    throws
  {
    let digest = try spec(toml).digest
    #expect(digest.utf8.count == 64)
    let json = """
      {"restore": [{"layers": [0, -1], "window": 10, "positions": "all", "site": "mlp_output"}],
       "corrupt": {"of": "subjects", "multiple": 3.0e0, "seed": 0, "samples": 5},
       "data": {"filter": "correct", "facts": "f.json"},
       "model": {"path": "m"}, "kind": "trace"}
      """
    #expect(try spec(json, file: "other.json").digest == digest)
  }

  @Test(arguments: [
    "run.threads=3", "run.memory=2GiB", "run.naive=true", "run.output=elsewhere", "name=other",
    "slurm.nodes=7", "corrupt.seed=0", "restore[0].window=10",
    "metric.store=[\"logit_difference\", \"probability\", \"log_probability\"]",
  ])
  func `what changes no number leaves the digest`(option: String) throws {
    #expect(try spec(toml, set: [option]).digest == spec(toml).digest)
  }

  @Test(arguments: [
    "corrupt.samples=6", "corrupt.multiple=3.5", "corrupt.seed=1", "corrupt.of=embeddings",
    "restore[0].layers=0", "restore[0].positions=last", "restore[0].window=9", "data.limit=3",
    "restore[0].name=x", "data.filter=none", "data.minimum_probability=0.1", "data.ids=[1]",
    "metric.store=[\"probability\"]", "parity=rome", "model.path=n", "save.round_bits=10",
    "model.tokenizer=t", "data.facts=g.json",
  ])
  func `what changes a number changes the digest`(option: String) throws {
    #expect(try spec(toml, set: [option]).digest != spec(toml).digest)
  }

  @Test func `the spec that a run keeps is the same job`() throws {
    let more = """
      [run]
      memory = "1.5GiB"
      threads = 2
      output = "out"
      [slurm]
      time = "1:00"
      nodes = 2
      [save]
      round_bits = 7
      [[data.items]]
      prompt = "A \\"quoted\\" 🙂 is"
      subject = "quoted"
      answer = "b"
      [[data.items]]
      input_ids = [1, 2, 3]
      subject_range = [0, 2]
      answer_id = 7
      foil_id = 8
      id = "x"
      """
    let whole =
      "name = \"n\"\nparity = \"rome\"\n"
      + toml.replacingOccurrences(
        of: "facts = \"f.json\"", with: "limit = 2\nminimum_probability = 0.25")
      + "\n" + more
    let first = try spec(whole)
    let fromTOML = try spec(first.toml, file: "spec.toml")
    let fromJSON = try spec(first.json, file: "spec.json")
    #expect(fromTOML.digest == first.digest && fromJSON.digest == first.digest)
    #expect(fromTOML.json == first.json && fromJSON.toml == first.toml)
    #expect(fromTOML.run == first.run && fromTOML.slurm == first.slurm)
    #expect(first.toml.contains("# Digest \(first.digest)"))
  }

  @Test func `canonical JSON is fixed to the byte`() throws {
    let root = try document("b = 1.50\na = \"\\u001f\\n\"\n[c]\nz = true\ny = [1, -0.0]\n").root
    #expect(
      JobText.canonicalJSON(root)
        == #"{"a":"\u001f\n","b":1.5,"c":{"y":[1,-0.0],"z":true}}"#)
    // SHA-256 of the canonical JSON of the job above, written out by hand.
    #expect(
      try spec(toml).digest
        == "89aa820e5376197cf8f38ee7ec5b02e55746b19f9e46873a326a8832ca10fcbd")
  }

  @Test func `the job of the project is read, with its facts`() throws {
    let jobs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../jobs/trace-smollm2.toml").standardizedFileURL.path
    let spec = try TraceSpec(JobDocument(reading: jobs))
    #expect(spec.restore.map(\.name) == ["block_output", "mlp_output", "attention_output"])
    #expect(spec.restore.map(\.window) == [1, 10, 10])
    #expect(spec.corrupt.samples == 10)
    let facts = try spec.data.facts.load().chosen
    #expect(facts.count == 20)
    #expect(facts.allSatisfy { $0.example.base.content == $0.text.map { ExampleInput.text($0) } })
  }
}
