internal import Foundation
package import Inputs
package import JobFiles

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
  ///   - hasNaive: Whether the kind has a quick way, and so a naive one.
  ///   - inputs: Refused as the run folder, and as what it lies in.
  package init(
    _ f: inout Fields, hasNaive: Bool = false, apartFrom inputs: [Input]
  ) throws(Refusal) {
    self.inputs = Inputs(items: inputs)
    memory = try f.field(
      "memory", .bytes(1 << 20...1 << 50), or: 1 << 30, unit: "bytes",
      "What a rank's activations may take.")
    threads = try f.optional(
      "threads", .int(1...4096), usually: "the launch's", "Compute threads of a rank.")
    naive =
      hasNaive
      ? try f.field(
        "naive", .flag, or: false,
        "Whether each result comes of a full forward pass of its own, to "
          + "check the quick way by.") : false
    output = try f.optional(
      "output", .path, usually: "the command line's", "The run's folder, where results go.")
    if let output {
      let place = f.place(of: "output")
      try checkOutput(output) { place.refusal($0, expected: $1) }
    }
  }

  /// The same without a folder, for a run inside another's.
  init(within whole: RunSection) {
    (memory, threads, naive, output) = (whole.memory, whole.threads, whole.naive, nil)
    inputs = whole.inputs
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
}
