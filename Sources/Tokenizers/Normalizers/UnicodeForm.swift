internal import Foundation

/// The normalization forms of Unicode, with their alignment: Unicode Standard Annex 15.
enum UnicodeForm: String, Sendable, CaseIterable {
  case composed = "NFC"
  case decomposed = "NFD"
  case compatibilityComposed = "NFKC"
  case compatibilityDecomposed = "NFKD"

  func of(_ text: String) -> String {
    switch self {
    case .composed: text.precomposedStringWithCanonicalMapping
    case .decomposed: text.decomposedStringWithCanonicalMapping
    // In two steps: Foundation leaves half-width letters of Hangul apart.
    case .compatibilityComposed:
      text.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
    case .compatibilityDecomposed: text.decomposedStringWithCompatibilityMapping
    }
  }

  /// Nothing below this changes or is a mark.
  var firstChanged: UInt32 {
    switch self {
    case .composed: 0x300
    case .decomposed: 0xC0
    case .compatibilityComposed, .compatibilityDecomposed: 0xA0
    }
  }

  fileprivate var isCompatible: Bool {
    self == .compatibilityComposed || self == .compatibilityDecomposed
  }
}

/// Rewrites a text cluster by cluster: a scalar that no other composes with, and its marks.
struct UnicodeRewriter {
  private let form: UnicodeForm
  /// What single scalars become, as they are met; nil where they stay.
  private var singles: [UInt32: [Unicode.Scalar]?] = [:]
  private let table = ScalarTable.codes

  init(_ form: UnicodeForm) { self.form = form }

  mutating func rewrite(_ range: Range<Int>, of text: SourceText, into result: inout SourceText) {
    var place = range.lowerBound
    while place < range.upperBound {
      var end = place + 1
      while end < range.upperBound, joinsBackward(text.scalars[end]) { end += 1 }
      rewriteCluster(place..<end, of: text, into: &result)
      place = end
    }
  }

  private mutating func rewriteCluster(
    _ cluster: Range<Int>, of text: SourceText, into result: inout SourceText
  ) {
    let new =
      cluster.count == 1
      ? single(text.scalars[cluster.lowerBound]) : rewritten(text.scalars[cluster])
    guard let new else {
      result.append(cluster, of: text)
      return
    }
    let source = text.source(of: cluster)
    for scalar in new { result.append(scalar, from: source) }
  }

  /// What a scalar alone becomes, or nil if it stays as it is.
  private mutating func single(_ value: UInt32) -> [Unicode.Scalar]? {
    guard value >= form.firstChanged else { return nil }
    if let known = singles[value] { return known }
    let new = rewritten([value])
    singles.updateValue(new, forKey: value)
    return new
  }

  /// The scalars in the form, or nil if they are.
  private func rewritten(_ values: ArraySlice<UInt32>) -> [Unicode.Scalar]? {
    let old = String(String.UnicodeScalarView(values.compactMap { Unicode.Scalar($0) }))
    let new = form.of(old)
    return new.unicodeScalars.elementsEqual(old.unicodeScalars) ? nil : Array(new.unicodeScalars)
  }

  /// Marks, and the vowels and final consonants of Hangul: all that composes with what precedes.
  private func joinsBackward(_ scalar: UInt32) -> Bool {
    guard scalar >= 0x300 else { return false }
    if (0x1160...0x11FF).contains(scalar) { return true }
    if form.isCompatible {
      // The other letters of Hangul, and the half-width marks of Katakana.
      if (0x3131...0x318E).contains(scalar) || (0xFF9E...0xFFDC).contains(scalar) { return true }
    }
    return ScalarTable.isMark(ScalarTable.code(of: scalar, in: table))
  }
}
