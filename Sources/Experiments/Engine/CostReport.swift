package import Cluster
internal import Foundation
internal import Inputs

/// What `plan` prints.
package protocol CostReport: Sendable {
  typealias Entry = (key: String, value: Double, text: String)

  /// In the order in which they are printed; numbers are in the units that their keys name.
  var entries: [Entry] { get }
  /// Of one core like this machine's, whose rate a short trial tells.
  var coreHours: Double { get }
  /// What a rank of so many compute threads and the run folder take.
  ///
  /// - Parameter coreHours: Told, since a run that only asks for room has no use for them.
  func needs(threads: Int, coreHours: Double) -> RunNeeds
}

extension CostReport {
  package func needs(threads: Int) -> RunNeeds { needs(threads: threads, coreHours: coreHours) }

  /// A line for each entry, its name first.
  package var text: String {
    let entries = entries
    let width = entries.map(\.key.count).max() ?? 0
    return entries.map { entry in
      "\(entry.key.replacing("_", with: " ").padding(to: width + 2))\(entry.text)"
    }.joined(separator: "\n")
  }

  package var json: String {
    "{" + entries.map { "\"\($0.key)\": \(Self.number($0.value))" }.joined(separator: ", ") + "}"
  }

  /// How many times fewer something is, with a comma before it; nothing where it is not fewer.
  static func fewer(_ times: Double) -> String {
    times >= 1.05 ? ", \(String(format: "%.1f", times)) times fewer" : ""
  }

  /// Counts as integers.
  private static func number(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }
}

extension RunNeeds {
  /// What `plan` says of it.
  ///
  /// - Parameters:
  ///   - threads: Compute threads of the rank that `rankBytes` are of.
  ///   - folder: The run's, where the job names it: then what its disk has left is said too.
  func entries(threads: Int, folder: String?) -> [CostReport.Entry] {
    var entries: [CostReport.Entry] = [
      ("weight_bytes", Double(weightBytes), "\(Self.text(weightBytes)), once a host"),
      (
        "rank_bytes", Double(rankBytes),
        "\(Self.text(rankBytes)) a rank of \(threads == 1 ? "one compute thread" : "\(threads) compute threads")"
      ),
      ("disk_bytes", Double(diskBytes), "at most \(Self.text(diskBytes)), with journals"),
      ("inodes", Double(files), "at most \(Self.count(files)), with folders"),
    ]
    if let folder, let (free, isShort) = disk(of: folder) {
      entries.append(
        (
          "disk_free", Double(free),
          Self.text(free) + (isShort ? ", too little: the run would be refused" : "")
        ))
    }
    return entries
  }
}
