internal import Foundation
package import Inputs
internal import Cluster

/// Sends scripts to Slurm.
package enum Sbatch {
  /// Sends a script, and the same again as often as asked, each to start when the one before has
  /// ended.
  ///
  /// - Returns: The jobs' numbers.
  /// - Throws: `cluster`, with what `sbatch` said.
  package static func send(_ script: BatchScript, chain: Int) throws(Refusal) -> [Int] {
    let base = NSTemporaryDirectory() + "causeway-\(getpid())-batch"
    let (path, output) = (base + ".sh", base + ".out")
    defer {
      unlink(path)
      unlink(output)
    }
    do { try script.text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
      throw Refusal(
        .resources, file: path, found: escaped(error.localizedDescription),
        expected: "room for the script")
    }
    var jobs: [Int] = []
    for _ in 0..<max(1, chain) {
      let after = jobs.last.map { ["--dependency=afterany:\($0)"] } ?? []
      let code = try runBriefly(
        ["sbatch", "--parsable"] + after + [path], output: output, within: .seconds(120))
      let said = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
      // NUMBER or NUMBER;CLUSTER, on the last line.
      let line = said.split(separator: "\n").last ?? ""
      guard code == 0, let number = line.split(separator: ";").first.flatMap({ Int($0) }) else {
        throw Refusal(
          .cluster, field: "sbatch",
          found: said.isEmpty ? "no answer" : quoted(said.trimmingCharacters(in: .newlines)),
          expected: "the number of a job\(jobs.isEmpty ? "" : "; \(jobs) were sent")")
      }
      jobs.append(number)
    }
    return jobs
  }
}
