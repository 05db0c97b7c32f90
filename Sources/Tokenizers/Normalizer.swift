internal import Foundation

/// Unicode normalization form C with its alignment: Unicode Standard Annex 15.
enum Normalizer {
  /// The text in form C, with the pieces moved along; pieces that are tokens stay as written.
  static func composed(_ text: SourceText, _ pieces: [Piece]) -> (SourceText, [Piece]) {
    // Nothing below U+0300 changes or is a mark.
    guard text.scalars.contains(where: { $0 >= 0x300 }) else { return (text, pieces) }
    var composer = Composer(text: text, result: SourceText(rewriting: text))
    let moved = pieces.map { composer.rewrite($0) }
    return composer.hasChanged ? (composer.result, moved) : (text, pieces)
  }

  static func composed(_ text: String) -> String { text.precomposedStringWithCanonicalMapping }
}

/// Rewrites a text cluster by cluster: a scalar that no other composes with, and its marks.
private struct Composer {
  let text: SourceText
  var result: SourceText
  var hasChanged = false
  /// What single scalars become, as they are met; nil where they stay.
  private var singles: [UInt32: [Unicode.Scalar]?] = [:]
  private let table = ScalarTable.codes

  init(text: SourceText, result: SourceText) {
    self.text = text
    self.result = result
  }

  mutating func rewrite(_ piece: Piece) -> Piece {
    let start = result.scalars.count
    if piece.id >= 0 {
      result.append(piece.range, of: text)
    } else {
      var place = piece.range.lowerBound
      while place < piece.range.upperBound {
        var end = place + 1
        while end < piece.range.upperBound, joinsBackward(text.scalars[end]) { end += 1 }
        rewriteCluster(place..<end)
        place = end
      }
    }
    return Piece(range: start..<result.scalars.count, id: piece.id)
  }

  private mutating func rewriteCluster(_ cluster: Range<Int>) {
    let new =
      cluster.count == 1 ? composedSingle(text.scalars[cluster.lowerBound]) : compose(cluster)
    guard let new else {
      result.append(cluster, of: text)
      return
    }
    hasChanged = true
    let source =
      text.source(of: cluster.lowerBound)
      .lowerBound..<text.source(of: cluster.upperBound - 1).upperBound
    for scalar in new { result.append(scalar, from: source) }
  }

  /// What a scalar alone becomes, or nil if it stays as it is.
  private mutating func composedSingle(_ value: UInt32) -> [Unicode.Scalar]? {
    guard value >= 0x300 else { return nil }
    if let known = singles[value] { return known }
    let new = compose([value])
    singles.updateValue(new, forKey: value)
    return new
  }

  private func compose(_ cluster: Range<Int>) -> [Unicode.Scalar]? {
    compose(text.scalars[cluster])
  }

  /// The scalars in form C, or nil if they are.
  private func compose(_ values: ArraySlice<UInt32>) -> [Unicode.Scalar]? {
    let old = String(String.UnicodeScalarView(values.compactMap { Unicode.Scalar($0) }))
    let new = Normalizer.composed(old)
    return new.unicodeScalars.elementsEqual(old.unicodeScalars) ? nil : Array(new.unicodeScalars)
  }

  /// Marks, and the vowels and final consonants of Hangul: all that composes with what precedes.
  private func joinsBackward(_ scalar: UInt32) -> Bool {
    guard scalar >= 0x300 else { return false }
    if (0x1160...0x11FF).contains(scalar) { return true }
    let code = ScalarTable.code(of: scalar, in: table)
    return ScalarTable.isMark(code)
  }
}
