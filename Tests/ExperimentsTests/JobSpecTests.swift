import Foundation
import Inputs
import JobFiles
import Slurm
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

struct JobSpecTests {
  @Test func `a job of three lines has the defaults of the paper`() throws {
    let spec = try spec(job())
    #expect(spec.corrupt.noise == .multiple(factor: 3, of: .subjects))
    #expect(spec.corrupt.samples == 10 && spec.corrupt.seed == 0)
    #expect(spec.restore.map(\.site) == [.blockOutput, .mlpOutput, .attentionOutput])
    #expect(spec.restore.map(\.window) == [1, 10, 10])
    #expect(spec.metric.store == [.probability, .logProbability, .logitDifference])
    #expect(spec.data.filter == .correct && spec.parity == .none)
    #expect(spec.run.memory == 1 << 30 && spec.run.threads == nil && !spec.run.naive)
    #expect(try spec.restore[0].layers.resolve(count: 3, of: "m") == [0, 1, 2])
  }

  /// What a job says wrongly, and what the refusal must name.
  @Test(arguments: [
    ("layrs = 3", ["job.toml: layrs, line", "an unknown field \"layrs\""]),
    ("[run]\ntreads = 3", ["run.treads, line 7", "threads (did you mean that?)"]),
    ("[run]\nzzzzzzzz = 3", ["one of memory, naive, output, threads"]),
    ("[[restore]]\nsite = \"mlp_output\"\nlayrs = 3", ["restore[0].layrs, line 8", "layers (did"]),
    ("[[restore]]\nsite = \"block_ouput\"", ["restore[0].site", "did you mean block_output?"]),
    ("[[restore]]\nwindow = 3", ["restore[0].site", "no such field", "mlp_activation"]),
    ("[[restore]]\nsite = \"mlp_output\"\nwindow = 0", ["window", "1 to 100000"]),
    (
      "[[restore]]\nsite = \"mlp_output\"\n[[restore]]\nsite = \"mlp_output\"",
      ["restore[1].name", "restore[0]"]
    ),
    ("[restore]\nsite = \"mlp_output\"", ["restore", "a table", "expected a list"]),
    ("[corrupt]\nnoise = nan", ["corrupt.noise", "nan", "finite number above 0"]),
    ("[corrupt]\nnoise = inf", ["corrupt.noise", "inf"]),
    ("[corrupt]\nnoise = 1e400", ["corrupt.noise, line 7", "1e400", "range of a double"]),
    (
      "[corrupt]\nseed = 99999999999999999999",
      ["corrupt.seed, line 7", "99999999999999999999", "64 bits"]
    ),
    ("[corrupt]\nnoise = -1e-3", ["corrupt.noise", "-1e-3"]),
    ("[corrupt]\nnoise = 0", ["corrupt.noise", "the number 0"]),
    ("[corrupt]\nnoise = \"1e-3\"", ["corrupt.noise", "the text \"1e-3\""]),
    ("[corrupt]\nseed = -1", ["corrupt.seed", "-1", "0 to"]),
    ("[corrupt]\nseed = 1.0", ["corrupt.seed", "1.0", "an integer"]),
    ("[corrupt]\nsamples = 0", ["corrupt.samples", "1 to 100000"]),
    ("[corrupt]\nsamples = \"10\"", ["corrupt.samples", "the text \"10\""]),
    ("[corrupt]\nsamples = 2000-01-01", ["corrupt.samples, line 7", "2000-01-01", "a number"]),
    ("[corrupt]\nnoise = 1.0\nmultiple = 3.0", ["multiple beside noise", "exclude"]),
    ("[corrupt]\nnoise = 1.0\nof = \"subjects\"", ["of beside noise"]),
    ("[corrupt]\nof = \"subject\"", ["corrupt.of", "did you mean subjects?"]),
    ("[corrupt]\nnoise_file = \"n\"\nseed = 1", ["noise_file beside seed", "exclude"]),
    ("[metric]\nstore = []", ["metric.store", "an empty list"]),
    ("[metric]\nstore = [\"probabilty\"]", ["metric.store[0]", "did you mean probability?"]),
    ("[metric]\nstore = [\"probability\", \"probability\"]", ["store[1]", "a second time"]),
    ("[run]\nmemory = \"1 gig\"", ["run.memory", "1GiB"]),
    ("[run]\nmemory = 12", ["run.memory", "from 1MiB to 1024TiB"]),
    ("[run]\nmemory = \"99999999999999999999GiB\"", ["run.memory"]),
    ("[run]\nmemory = \"infGiB\"", ["run.memory"]),
    ("[run]\nnaive = 1", ["run.naive", "true or false"]),
    ("[run]\noutput = \"~/runs\"", ["run.output", "shell"]),
    ("[run]\noutput = \"\"", ["run.output", "a path"]),
    ("[save]\nlevel = 20", ["save.level", "1 to 19"]),
    ("[save]\nround_bits = 23", ["save.round_bits", "1 to 22"]),
    ("[slurm]\npartition = \"a b\"", ["slurm.partition"]),
    ("[slurm]\naccount = \"a\\n#SBATCH --x\"", ["slurm.account", "\\n"]),
    ("[slurm]\nqos = \"$(reboot)\"", ["slurm.qos"]),
    ("[slurm]\ntime = 01:30:00", ["slurm.time", "01:30:00", "between quotation marks"]),
    ("[slurm]\ntime = \"soon\"", ["slurm.time", "the text \"soon\""]),
    ("[slurm]\nmem = \"16 gigs\"", ["slurm.mem", "16G"]),
    ("[slurm]\nnodes = 0", ["slurm.nodes"]),
  ])
  func `a wrong field is refused by path, line, found and expected`(
    more: String, naming: [String]
  ) throws {
    let error = try jobRefusal { () throws(Refusal) in
      // A top-level key must stand before the first table.
      try spec(more.hasPrefix("[") ? job(more) : "\(more)\n\(job())")
    }
    #expect(error.kind == .job && error.file == "job.toml")
    for text in naming { #expect(error.description.contains(text), "\(error)") }
  }

  @Test func `what is missing is refused by name`() throws {
    expectRefusal(naming: "kind", "\"trace\"") { () throws(Refusal) in try spec("name = \"x\"")
    }
    expectRefusal(naming: "kind", "\"tracing\"") { () throws(Refusal) in
      try spec("kind = \"tracing\"")
    }
    expectRefusal(naming: "model", "[model]") { () throws(Refusal) in
      try spec("kind = \"trace\"")
    }
    expectRefusal(naming: "model.path, line 2") { () throws(Refusal) in
      try spec(job(model: ""))
    }
    expectRefusal(naming: "data.facts", "[[data.items]]") { () throws(Refusal) in
      try spec(job(data: "limit = 3"))
    }
    expectRefusal(naming: "model.digest", "64 hexadecimal") { () throws(Refusal) in
      try spec(job(model: "path = \"m\"\ndigest = \"abc\""))
    }
    expectRefusal(naming: "restore", "no units") { () throws(Refusal) in
      try spec("restore = []\n" + job())
    }
    expectRefusal(naming: "name", "../up") { () throws(Refusal) in
      try spec("name = \"../up\"\n" + job())
    }
    expectRefusal(naming: "parity", "none, rome") { () throws(Refusal) in
      try spec("parity = \"meng\"\n" + job())
    }
  }

  @Test func `a null, a number too large for a double and a number in quotes are refused`() throws {
    func json(_ corrupt: String) -> () throws(Refusal) -> TraceSpec {
      { () throws(Refusal) in
        try spec(
          #"{"kind":"trace","model":{"path":"m"},"data":{"facts":"f"},"corrupt":\#(corrupt)}"#,
          file: "job.json")
      }
    }
    expectRefusal(naming: "corrupt.samples", "null", action: json(#"{"samples":null}"#))
    expectRefusal(naming: "corrupt.noise", "1e400", action: json(#"{"noise":1e400}"#))
    expectRefusal(
      naming: "corrupt.seed", "99999999999999999999",
      action: json(#"{"seed":99999999999999999999}"#))
    expectRefusal(naming: "corrupt", "null", "a table", action: json("null"))
  }

  @Test func `the output cannot be the model, lie in it, or be the job`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("job.toml").path
      for output in ["m", "m/run", "./m/../m/run/", "job.toml"] {
        expectRefusal(naming: "run.output", "inside it", folder.path) { () throws(Refusal) in
          try spec(job("[run]\noutput = \"\(output)\""), file: file)
        }
      }
      #expect(throws: Never.self) { try spec(job("[run]\noutput = \"mm\""), file: file) }
      let model = folder.appendingPathComponent("m")
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent("link"), withDestinationURL: model)
      expectRefusal(naming: "run.output") { () throws(Refusal) in
        try spec(job("[run]\noutput = \"link/run\""), file: file)
      }
    }
  }

  @Test func `paths start from the folder of the job`() throws {
    let spec = try spec(job(model: "path = \"../m\\nx\""), file: "/a/b/job.toml")
    #expect(spec.model.path.resolved == "/a/m\nx")
    #expect(spec.model.path.written == "../m\nx")
    expectRefusal(naming: "model.path", "5000 bytes", "4095") { () throws(Refusal) in
      try Experiments.TraceSpec(
        document(job(model: "path = \"\(String(repeating: "a", count: 5000))\"")))
    }
  }

  @Test func `sizes are read in both kinds of units`() throws {
    for (text, bytes) in [
      ("\"1GiB\"", 1 << 30), ("\"1.5 GiB\"", 3 << 29), ("\"2GB\"", 2_000_000_000),
      ("1048576", 1 << 20), ("\"2048KiB\"", 1 << 21),
    ] {
      #expect(try spec(job("[run]\nmemory = \(text)")).run.memory == bytes)
    }
  }

  @Test func `what Slurm takes is kept as text`() throws {
    let text =
      "[slurm]\ntime = \"1-12:00:00\"\nnodes = 4\nmem = \"16G\"\nconstraint = \"[a|b]&c\"\n"
    let slurm = try spec(job(text + "tasks_per_node = 8")).slurm
    #expect(slurm.values[.time] == "1-12:00:00" && slurm.values[.nodes] == "4")
    #expect(slurm.values[.constraint] == "[a|b]&c")
    #expect(SlurmSection.Key.tasksPerNode.option == "--ntasks-per-node")
    #expect(try spec(job("[slurm]\ntime = 90")).slurm.values[.time] == "90")
  }

  @Test func `a bad value is refused as one from the command line`() throws {
    expectRefusal(naming: "run.threads, from --set", "the number 0", "1 to 4096") {
      () throws(Refusal) in
      try spec(job(), set: ["run.threads=0"])
    }
    expectRefusal(naming: "corrupt.noise, from --set", "nan", "finite") {
      () throws(Refusal) in
      try spec(job(), set: ["corrupt.noise=nan"])
    }
    expectRefusal(naming: "run.treads, from --set", "threads (did you mean that?)") {
      () throws(Refusal) in
      try spec(job(), set: ["run.treads=1"])
    }
  }

  /// Cuts and changes of a good job: each is read or refused, and none ends the process.
  @Test func `no damage to a job does more than refuse it`() throws {
    let good = Array(
      """
      kind = "trace"
      name = 'n'
      [model]
      path = "m" # comment
      [data]
      items = [{ prompt = "P is", subject = "P", answer = "x", id = 3 }]
      limit = 1_0
      [corrupt]
      multiple = 3.0e0
      [[restore]]
      site = "mlp_output"
      layers = [0, "1:3",
        -1]
      [slurm]
      time = \"\"\"1:00\"\"\"
      "odd key".x = 0x1F
      """.utf8)
    var random = SeededRandom(seed: 1)
    var read = 0
    var refused = 0
    for _ in 0..<1500 {
      var bytes = good
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes.removeSubrange(Int.random(in: 0..<bytes.count, using: &random)...)
      case 1:
        let start = Int.random(in: 0..<bytes.count, using: &random)
        bytes.removeSubrange(start..<min(bytes.count, start + 3))
      default:
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let odd = Array("[]{}\"'=.,\\#\n-0e:\u{1}\u{E9}".utf8)
        bytes[place] = odd[Int.random(in: 0..<odd.count, using: &random)]
      }
      do throws(Refusal) {
        _ = try TraceSpec(JobDocument(bytes, file: "job.toml"))
        read += 1
      } catch {
        #expect(error.kind == .job && error.file == "job.toml", "\(error)")
        refused += 1
      }
    }
    #expect(refused > 500 && read + refused == 1500)
  }
}
