internal import Foundation
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
  private let inputs: Inputs

  /// Where the job stands says nothing of how it is run.
  private struct Inputs: Sendable, Equatable {
    let items: [Input]

    static func == (_: Inputs, _: Inputs) -> Bool { true }
  }

  /// What the job reads, where no run folder may lie.
  package struct Input: Sendable {
    let what: String
    let path: String

    package init(_ what: String, _ path: String) { (self.what, self.path) = (what, path) }
  }

  /// - Parameters:
  ///   - more: Fields that the kind of job reads itself.
  ///   - inputs: Refused as the run folder, and as what it lies in.
  package init(
    _ field: JobField?, folder: String, besides more: [String] = [], apartFrom inputs: [Input]
  ) throws(Refusal) {
    self.inputs = Inputs(items: inputs)
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
    if let output, let place = section?.place(of: "output") {
      try checkOutput(output) { place.refusal($0, expected: $1) }
    }
  }

  /// Refuses a run folder of the command line that is one of the inputs, or lies inside it.
  package func checkOutput(_ path: String) throws(Refusal) {
    guard !path.isEmpty else {
      throw Refusal(
        .commandLine, field: "--output", found: "an empty path", expected: "a run folder")
    }
    let full = URL(fileURLWithPath: path).standardizedFileURL.path
    try checkOutput(JobPath(written: path, resolved: full)) {
      Refusal(.commandLine, field: "--output", found: $0, expected: $1)
    }
  }

  private func checkOutput(
    _ output: JobPath, _ refusal: (_ found: String, _ expected: String) -> Refusal
  ) throws(Refusal) {
    for input in inputs.items where output.isWithin(input.path) {
      throw refusal(
        "\(quoted(output.resolved)), which is \(input.what) \(quoted(input.path)) or inside it",
        "a folder of its own")
    }
  }

  package var canonical: JobValue {
    .fields([
      "memory": .text(ByteCount.text(memory)), "threads": threads.map(JobValue.int),
      "naive": .flag(naive), "output": output.map { .text($0.written) },
    ])
  }
}
