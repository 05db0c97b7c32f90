/// Texts cut into microbatches, which go through a model together: the same on any number of ranks.
package struct TextMicrobatches: Sendable {
  /// Token ids of each text of each microbatch.
  package let microbatches: [[[Int]]]
  /// By microbatch, the numbers of its texts among all that there were.
  private let texts: [[Int]]
  /// The first tokens of each text that do not count.
  private let skipped: Int

  /// Texts in their order, as many together as the row limit allows; those of which no token counts
  /// are left out.
  init(_ texts: [[Int]], rows limit: Int, skipping skipped: Int) {
    self.skipped = skipped
    var batches: [[Int]] = []
    var rows = 0
    for (number, text) in texts.enumerated() where text.count > skipped {
      if let last = batches.indices.last, rows + text.count <= limit {
        batches[last].append(number)
        rows += text.count
      } else {
        batches.append([number])
        rows = text.count
      }
    }
    self.texts = batches
    microbatches = batches.map { $0.map { texts[$0] } }
  }

  package var count: Int { microbatches.count }

  /// The numbers of a microbatch's texts among all that there were.
  func numbers(of number: Int) -> [Int] { texts[number] }

  /// The tokens of each text of a microbatch.
  func lengths(of number: Int) -> [Int] { microbatches[number].map(\.count) }

  /// The rows of a microbatch that count, of all its rows.
  func keptRows(of number: Int) -> [Int] {
    var kept: [Int] = []
    var first = 0
    for length in lengths(of: number) {
      kept += first + min(length, skipped)..<first + length
      first += length
    }
    return kept
  }

  /// Rows that count, of all microbatches.
  package var keptCount: Int { microbatches.indices.reduce(0) { $0 + keptRows(of: $1).count } }

  /// Rows of the largest microbatch.
  package var largest: Int { microbatches.map { $0.reduce(0) { $0 + $1.count } }.max() ?? 0 }

  /// Which texts a microbatch holds, in words; those that were left out do not count.
  func name(of number: Int) -> String {
    let first = microbatches[..<number].reduce(0) { $0 + $1.count }
    return "texts \(first) to \(first + microbatches[number].count - 1)"
  }
}
