package import Inputs

/// `[run]`: how the job is run, which changes no number and is not in the digest.
package struct RunSection: Sendable, Equatable {
  /// Bytes that a rank's activations may take.
  package let memory: Int
  /// Compute threads of a rank; nil leaves it to the launch.
  package let threads: Int?
  /// One full forward pass a cell, to check the quick way by.
  package let naive: Bool
  /// The run folder; nil where the command line names it.
  package let output: JobPath?

  /// - Parameter more: Fields that the kind of job reads itself.
  package init(
    _ field: JobField?, folder: String, besides more: [String] = []
  ) throws(Refusal) {
    let section = try field?.table(known: ["memory", "threads", "naive", "output"] + more)
    memory =
      try section?.optional("memory").map { (field) throws(Refusal) in
        try field.byteCount(in: 1 << 20...1 << 50)
      } ?? 1 << 30
    threads = try section?.optional("threads").map { (field) throws(Refusal) in
      try field.int(in: 1...4096)
    }
    naive =
      try section?.optional("naive").map { (field) throws(Refusal) in try field.bool() } ?? false
    output = try section?.optional("output").map { (field) throws(Refusal) in
      try field.path(from: folder)
    }
  }

  package var canonical: JobValue {
    .fields([
      "memory": .text(ByteCount.text(memory)), "threads": threads.map(JobValue.int),
      "naive": .flag(naive), "output": output.map { .text($0.written) },
    ])
  }

  /// Refuses an output folder that is one of the inputs, or lies inside it.
  ///
  /// - Parameter field: The section, where the job has one.
  func checkOutput(
    at field: JobField?, apartFrom inputs: [(what: String, path: String)]
  ) throws(Refusal) {
    guard let output, let field else { return }
    for input in inputs where output.isWithin(input.path) {
      throw try field.anyTable().place(of: "output").refusal(
        "\(quoted(output.resolved)), which is \(input.what) \(quoted(input.path)) or inside it",
        expected: "a folder of its own")
    }
  }
}
