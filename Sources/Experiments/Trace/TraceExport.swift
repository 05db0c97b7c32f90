internal import Foundation
package import Inputs
internal import ResultsStore

/// A trace as a table in long form, one line a cell, for programs that read no arrays.
///
/// CSV after RFC 4180, with lines that end in a line feed: the text of a token is quoted, a value
/// that is none is empty.
package struct TraceExport {
  private let reader: TraceReader
  private let journals: TraceJournals
  /// One line for each sample; otherwise one for their mean.
  private let bySample: Bool

  package init(_ path: String, bySample: Bool) throws(Refusal) {
    let folder = try RunFolder.open(path)
    guard let reader = try TraceReader(folder) else {
      throw Refusal(
        .store, file: folder.path, found: "a run that has only begun",
        expected: "results to export")
    }
    self.reader = reader
    journals = try TraceJournals(folder, reader.grid, reader.plan)
    self.bySample = bySample
  }

  /// Writes the table; the file appears when it is whole.
  ///
  /// - Returns: The number of lines below the heading.
  package func write(to path: String, replacing: Bool) throws(Refusal) -> Int {
    var table = try TableFile(path, replacing: replacing, heading: heading)
    for fact in reader.facts.indices {
      for restoration in reader.grid.restore.indices {
        for line in try lines(fact, restoration) { try table.add(line) }
      }
    }
    let count = table.count
    try table.commit()
    return count
  }

  private var heading: String {
    let names =
      ["fact", "site", "layer", "position", "token", "role"] + (bySample ? ["sample"] : [])
    let values = reader.grid.metrics.flatMap { metric in
      [metric.rawValue] + (bySample ? [] : ["standard_error_\(metric.rawValue)"])
    }
    return (names + values).joined(separator: ",")
  }

  /// The cells of a fact and restoration that have a value.
  private func lines(_ fact: Int, _ restoration: Int) throws(Refusal) -> [String] {
    let (grid, labels) = (reader.grid, reader.facts[fact])
    guard let baseline = journals.baselines[fact],
      reader.spec.status(answer: labels.answerID, baseline) == .traced
    else { return [] }
    var tables: [[Float]] = []
    for metric in grid.metrics {
      guard
        let cells = try reader.cells(fact: fact, restoration: restoration, metric, journals)
      else { return [] }
      tables.append(cells)
    }
    var lines: [String] = []
    for layer in grid.layers[restoration] {
      for position in grid.positions[restoration][fact] {
        let roles = labels.roles.roles(at: position).map(\.rawValue).joined(separator: " ")
        let place = [
          quotedCell(labels.id), grid.restore[restoration].name, "\(layer)", "\(position)",
          quotedCell(labels.tokens[position]), roles,
        ].joined(separator: ",")
        let start = (layer * grid.longest + position) * grid.samples
        let all = tables.map { $0[start..<start + grid.samples] }
        if bySample {
          for sample in 0..<grid.samples {
            let values = all.map { $0[start + sample] }
            guard !values.allSatisfy(\.isNaN) else { continue }
            lines.append("\(place),\(sample),\(values.map(text).joined(separator: ","))")
          }
        } else {
          let means = all.map { Self.mean(of: $0.filter { !$0.isNaN }) }
          guard !means.allSatisfy(\.value.isNaN) else { continue }
          let values = means.flatMap { [text($0.value), text($0.standardError)] }
          lines.append("\(place),\(values.joined(separator: ","))")
        }
      }
    }
    return lines
  }

  /// The mean over samples and its standard error, with n − 1; not a number for fewer than two.
  private static func mean(of values: [Float]) -> (value: Float, standardError: Float) {
    let n = Double(values.count)
    let mean = values.reduce(0.0) { $0 + Double($1) } / n
    let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (Float(mean), values.count > 1 ? Float((squares / (n - 1) / n).squareRoot()) : .nan)
  }

  /// The shortest text that reads back as the same float.
  private func text(_ value: Float) -> String { value.isNaN ? "" : "\(value)" }

  private func quotedCell(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
