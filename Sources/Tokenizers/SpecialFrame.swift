/// The special tokens that a tokenizer puts around one text when it is asked to.
struct SpecialFrame: Sendable, Equatable {
  var before: [Int] = []
  var after: [Int] = []

  /// Puts the frame around tokens, with their places in a text of so many bytes.
  ///
  /// - Parameter isTyped: Whether the text itself begins with a special token: where that is the one
  ///   in front, it is not doubled.
  func around(
    _ ids: [Int], _ spans: [Range<Int>], end: Int, isTyped: Bool
  ) -> (ids: [Int], spans: [Range<Int>]) {
    let before = isTyped && ids.starts(with: before) ? [] : before
    return (
      before + ids + after,
      before.map { _ in 0..<0 } + spans + after.map { _ in end..<end }
    )
  }
}
