extension [Float] {
  /// The place of the first of the largest elements, but for one; -1 where there is none.
  package func firstLargest(except skipped: Int? = nil) -> Int {
    var best = -1
    for (i, value) in enumerated() where i != skipped {
      if best < 0 || value > self[best] { best = i }
    }
    return best
  }
}
