public import Inputs
internal import Tensors

extension ModelInputs {
  /// The inputs without the positions that a mask leaves out.
  ///
  /// Batches have no padding here, so an example ends where its mask does. Later positions cannot
  /// reach earlier ones in any of the models; a classifier scores an example's last position.
  ///
  /// - Parameter mask: For each example ones and then zeros, one for each position. Others are
  ///   refused: implementations disagree on which position padding on the left leaves the last.
  public func cut(by mask: [[Int]]) throws(Refusal) -> ModelInputs {
    switch self {
    case .tokens(let tokens):
      return .tokens(zip(tokens, try kept(by: mask)).map { Array($0.prefix($1)) })
    case .segments(let tokens, let kinds):
      let kept = try kept(by: mask)
      return .segments(
        zip(tokens, kept).map { Array($0.prefix($1)) },
        kinds: zip(kinds, kept).map { Array($0.prefix($1)) })
    case .embeddings(let values):
      return .embeddings(zip(values, try kept(by: mask)).map { $0.rows(0..<$1) })
    case .pairs(let read, let tokens): return .pairs(try read.cut(by: mask), decoder: tokens)
    case .images, .features:
      throw Refusal(
        .job, field: "attention_mask", found: "a mask",
        expected: "none: images and features have no padding")
    }
  }

  /// How many positions of each example a mask leaves.
  private func kept(by mask: [[Int]]) throws(Refusal) -> [Int] {
    guard mask.count == lengths.count else {
      throw Refusal(
        .job, field: "attention_mask", found: "\(mask.count) rows",
        expected: "\(lengths.count), one for each example")
    }
    var kept: [Int] = []
    for (example, row) in mask.enumerated() {
      let ones = row.prefix { $0 == 1 }.count
      guard row.count == lengths[example], ones > 0, row[ones...].allSatisfy({ $0 == 0 }) else {
        throw Refusal(
          .job, field: "attention_mask[\(example)]",
          found: escaped("[\(row.map(String.init).joined(separator: ", "))]"),
          expected: "\(lengths[example]) numbers, ones and then zeros, a one at least")
      }
      kept.append(ones)
    }
    return kept
  }
}
