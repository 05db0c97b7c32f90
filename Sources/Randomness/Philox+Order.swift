extension Philox {
  /// The numbers below `count` in an order that the key and the round decide.
  ///
  /// Fisher and Yates, 1938, as Durstenfeld has it, 1964, <https://doi.org/10.1145/364520.364540>.
  package func order(of count: Int, round: Int = 0) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      let words = words(
        SIMD4(
          UInt32(truncatingIfNeeded: last), UInt32(truncatingIfNeeded: round), 0x6F72_6465, 0))
      let draw = UInt64(words[0]) << 32 | UInt64(words[1])
      order.swapAt(last, Int(draw.multipliedFullWidth(by: UInt64(last + 1)).high))
    }
    return order
  }
}
