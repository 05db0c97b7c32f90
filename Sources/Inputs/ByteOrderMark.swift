extension Collection<UInt8> {
  /// The bytes of a text in UTF-8 without a byte-order mark, which many editors put before it.
  package var unmarked: SubSequence {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    return starts(with: mark) ? dropFirst(mark.count) : self[...]
  }
}
