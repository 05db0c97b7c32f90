public import Inputs
internal import Tensors

extension ModelInputs {
  /// The inputs without the positions that a mask leaves out.
  ///
  /// Batches have no padding here, so an example ends where its mask does. Later positions cannot
  /// reach earlier ones in any of the models; a classifier scores an example's last position.
  ///
  /// - Parameters:
  ///   - mask: For each example ones and then zeros, one for each position.
  ///   - allowsPaddingBefore: Whether zeros may also stand before the ones. Positions are then counted
  ///     from the first that is left, as transformers does in generation; where it only runs a model, it
  ///     counts them from the padding's start unless it is told otherwise.
  public func cut(
    by mask: [[Int]], allowsPaddingBefore: Bool = false
  ) throws(Refusal) -> ModelInputs {
    func kept() throws(Refusal) -> [Range<Int>] {
      try self.kept(by: mask, allowsPaddingBefore: allowsPaddingBefore)
    }
    switch self {
    case .tokens(let tokens):
      return .tokens(zip(tokens, try kept()).map { Array($0[$1]) })
    case .segments(let tokens, let kinds):
      let kept = try kept()
      return .segments(
        zip(tokens, kept).map { Array($0[$1]) }, kinds: zip(kinds, kept).map { Array($0[$1]) })
    case .embeddings(let values):
      return .embeddings(zip(values, try kept()).map { $0.rows($1) })
    case .pairs(let read, let tokens):
      return .pairs(
        try read.cut(by: mask, allowsPaddingBefore: allowsPaddingBefore), decoder: tokens)
    case .images, .features:
      throw Refusal(
        .job, field: "attention_mask", found: "a mask",
        expected: "none: images and features have no padding")
    }
  }

  /// Which positions of each example a mask leaves.
  private func kept(
    by mask: [[Int]], allowsPaddingBefore: Bool
  ) throws(Refusal) -> [Range<Int>] {
    guard mask.count == lengths.count else {
      throw Refusal(
        .job, field: "attention_mask", found: "\(mask.count) rows",
        expected: "\(lengths.count), one for each example")
    }
    var kept: [Range<Int>] = []
    for (example, row) in mask.enumerated() {
      let start = allowsPaddingBefore ? row.prefix { $0 == 0 }.count : 0
      let end = start + row[start...].prefix { $0 == 1 }.count
      guard row.count == lengths[example], end > start, row[end...].allSatisfy({ $0 == 0 }) else {
        throw Refusal(
          .job, field: "attention_mask[\(example)]",
          found: escaped("[\(row.map(String.init).joined(separator: ", "))]"),
          expected: "\(lengths[example]) numbers, ones and then zeros, a one at least"
            + (allowsPaddingBefore ? ", behind zeros or none" : ""))
      }
      kept.append(start..<end)
    }
    return kept
  }
}
