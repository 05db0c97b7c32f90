internal import Foundation

extension Tensor: Codable {
  private enum CodingKeys: String, CodingKey { case shape, bytes }

  /// As the shape and the elements' bytes, little-endian: what is read is what was written, bit by
  /// bit, infinities and NaN too.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(shape, forKey: .shape)
    let bytes = withPointer { Data(bytes: $0, count: count * MemoryLayout<Scalar>.stride) }
    try fields.encode(bytes, forKey: .bytes)
  }

  /// - Throws: `DecodingError` where the bytes are not as many as the shape needs.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let shape = try fields.decode([Int].self, forKey: .shape)
    let bytes = try fields.decode(Data.self, forKey: .bytes)
    var needed = MemoryLayout<Scalar>.stride
    for size in shape {
      let (product, overflow) = needed.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else {
        throw DecodingError.dataCorruptedError(
          forKey: .shape, in: fields, debugDescription: "\(shape) is not the shape of a tensor")
      }
      needed = product
    }
    guard bytes.count == needed else {
      throw DecodingError.dataCorruptedError(
        forKey: .bytes, in: fields,
        debugDescription: "\(bytes.count) bytes, expected \(needed) for shape \(shape)")
    }
    self.init(shape) { to in
      _ = bytes.copyBytes(to: UnsafeMutableRawBufferPointer(start: to, count: needed))
    }
  }
}
