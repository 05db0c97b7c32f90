import Inputs

extension JSONField {
  /// A list of integers.
  func integers() throws -> [Int] { try items().map { try $0.int() } }
}
