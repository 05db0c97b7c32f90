internal import CKernels
internal import Inputs

#if _endian(big)
  #error("model files are little-endian and are read without swapping")
#endif

extension BoundedFile {
  /// Bytes read at a time where they are converted: they and their floats stay in the L2 cache.
  private static let pieceBytes = 128 << 10

  /// Fills `destination` with the elements of a floating-point tensor of this file, as float32.
  ///
  /// float64 is rounded to the nearest; the other types are exact.
  func readFloats(
    of tensor: TensorDescription, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(Refusal) {
    precondition(
      destination.count == tensor.count,
      "\(destination.count) floats do not fit \(tensor.name) of shape \(tensor.shape)")
    let convert: (UnsafeRawPointer?, Int, UnsafeMutablePointer<Float>?) -> Void
    switch tensor.elementType {
    case .f32 where tensor.strides == nil:
      return try read(into: UnsafeMutableRawBufferPointer(destination), at: tensor.offset)
    case .f32:
      convert = { source, count, values in
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: values, count: count))
          .copyMemory(from: UnsafeRawBufferPointer(start: source, count: count * 4))
      }
    case .f64: convert = { dequantise_f64($0, $1, $2) }
    case .f16: convert = { dequantise_f16($0, $1, $2) }
    case .bf16: convert = { dequantise_bf16($0, $1, $2) }
    case .q8_0: convert = { dequantise_q8_0($0, $1, $2) }
    case .q4_0: convert = { dequantise_q4_0($0, $1, $2) }
    case .q4_1: convert = { dequantise_q4_1($0, $1, $2) }
    case .q5_0: convert = { dequantise_q5_0($0, $1, $2) }
    case .q5_1: convert = { dequantise_q5_1($0, $1, $2) }
    case .q2_K: convert = { dequantise_q2_k($0, $1, $2) }
    case .q3_K: convert = { dequantise_q3_k($0, $1, $2) }
    case .q4_K: convert = { dequantise_q4_k($0, $1, $2) }
    case .q5_K: convert = { dequantise_q5_k($0, $1, $2) }
    case .q6_K: convert = { dequantise_q6_k($0, $1, $2) }
    case .iq4_NL: convert = { dequantise_iq4_nl($0, $1, $2) }
    case .mxfp4: convert = { dequantise_mxfp4($0, $1, $2) }
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool:
      throw Refusal(
        kind, file: path, field: tensor.name, found: "elements of type \(tensor.elementType.name)",
        expected: "floating-point numbers")
    }
    let blockSize = tensor.elementType.blockSize
    try forEachPiece(of: tensor) { piece, firstBlock, blocks in
      convert(
        piece.baseAddress, blocks, destination.baseAddress.map { $0 + firstBlock * blockSize })
    }
  }

  /// Fills `destination` with the bytes of a tensor's blocks as the file has them, row-major.
  func readBlocks(
    of tensor: TensorDescription, into destination: UnsafeMutableRawBufferPointer
  ) throws(Refusal) {
    precondition(
      destination.count == tensor.byteCount,
      "\(destination.count) bytes do not fit \(tensor.name) of \(tensor.byteCount)")
    guard tensor.strides != nil else { return try read(into: destination, at: tensor.offset) }
    let blockBytes = tensor.elementType.blockBytes
    try forEachPiece(of: tensor) { piece, firstBlock, blocks in
      UnsafeMutableRawBufferPointer(rebasing: destination[(firstBlock * blockBytes)...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[..<(blocks * blockBytes)]))
    }
  }

  /// The elements of an integer or Boolean tensor of this file.
  ///
  /// - Throws: A refusal if the type is another, or an element of type U64 is past 2^63 − 1.
  func readIntegers(of tensor: TensorDescription) throws(Refusal) -> [Int] {
    func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(Refusal) -> [Int] {
      var integers: [Int] = []
      integers.reserveCapacity(tensor.count)
      var tooLarge: T?
      try forEachPiece(of: tensor) { piece, _, blocks in
        for i in 0..<blocks {
          let value = piece.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self)
          guard let int = Int(exactly: value) else { return tooLarge = value }
          integers.append(int)
        }
      }
      if let tooLarge {
        throw Refusal(
          kind, file: path, field: tensor.name, found: "the element \(tooLarge)",
          expected: "at most \(Int.max)")
      }
      return integers
    }
    switch tensor.elementType {
    case .i64: return try load(Int64.self)
    case .i32: return try load(Int32.self)
    case .i16: return try load(Int16.self)
    case .i8: return try load(Int8.self)
    case .u64: return try load(UInt64.self)
    case .u32: return try load(UInt32.self)
    case .u16: return try load(UInt16.self)
    case .u8, .bool: return try load(UInt8.self)
    case .f64, .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q2_K, .q3_K, .q4_K, .q5_K,
      .q6_K, .iq4_NL, .mxfp4:
      throw Refusal(
        kind, file: path, field: tensor.name, found: "elements of type \(tensor.elementType.name)",
        expected: "integers")
    }
  }

  /// Reads a tensor piece by piece, row-major; `body` gets the bytes, the number of the first block
  /// in them and how many blocks they are.
  private func forEachPiece(
    of tensor: TensorDescription, _ body: (UnsafeRawBufferPointer, Int, Int) -> Void
  ) throws(Refusal) {
    let blockBytes = tensor.elementType.blockBytes
    let blocks = tensor.byteCount / blockBytes
    let pieceBlocks = min(blocks, Self.pieceBytes / blockBytes)
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: pieceBlocks * blockBytes, alignment: 64)
    defer { scratch.deallocate() }
    if let strides = tensor.strides {
      return try forEachPiece(of: tensor, strides: strides, gatheredIn: scratch, body)
    }
    var done = 0
    while done < blocks {
      let now = min(pieceBlocks, blocks - done)
      let piece = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(now * blockBytes)])
      try read(into: piece, at: tensor.offset + done * blockBytes)
      body(UnsafeRawBufferPointer(piece), done, now)
      done += now
    }
  }
}
