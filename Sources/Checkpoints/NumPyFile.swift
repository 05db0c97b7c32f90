public import Inputs

/// A `.npy` file, open for reading, with its header checked completely: one array, as NumPy saves it.
///
/// Versions 1.0 to 3.0 of the format, of numbers in little-endian order; arrays in Fortran's order
/// are read row-major. Arrays of Python objects, which are pickles, of records and of text are
/// refused, and so are bytes that the shape does not account for.
/// <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
public struct NumPyFile: TensorContainer {
  /// The name of the one tensor.
  public static let name = "array"
  /// Bytes of header; NumPy itself stops at 10,000 unless told to trust the file.
  private static let headerLimit = 10_000
  /// Dimensions that an array may have.
  static let rankLimit = 8

  /// The path as it was given.
  public let path: String
  /// The array, under `NumPyFile.name`.
  public let tensors: [String: TensorDescription]
  let bytes: BoundedFile

  /// Opens the file and checks its header; reads no element.
  ///
  /// - Parameter kind: What a refusal is of; decides the exit code.
  public init(_ path: String, kind: Refusal.Kind = .model) throws(Refusal) {
    bytes = try BoundedFile(path, kind: kind)
    self.path = path
    let (text, dataStart) = try Self.header(of: bytes)
    var literal = NumPyHeader(text, of: bytes)
    try literal.read()
    guard let extent = Extent(shape: literal.shape, elementType: literal.elementType) else {
      throw literal.refusal(
        "the shape \(literal.shape), which is too large: its bytes overflow 64 bits",
        "what the file holds", field: "shape")
    }
    let dataBytes = bytes.size - dataStart
    guard extent.byteCount == dataBytes else {
      throw literal.refusal(
        "\(dataBytes) bytes of data\(dataBytes < extent.byteCount ? " (truncated)" : "")",
        "\(extent.byteCount) bytes for \(literal.elementType.name) \(literal.shape)", field: "data")
    }
    let tensor = TensorDescription(
      name: Self.name, shape: literal.shape, elementType: literal.elementType, extent: extent,
      file: path, offset: dataStart,
      strides: literal.isFortranOrder ? Self.columnMajor(literal.shape) : nil)
    tensors = [Self.name: tensor]
  }

  /// The kind that the file was opened with.
  public var kind: Refusal.Kind { bytes.kind }

  /// This file.
  public func file(of tensor: TensorDescription) -> BoundedFile { bytes }

  /// The text of the header, and where the data after it begins.
  private static func header(of file: BoundedFile) throws(Refusal) -> ([UInt8], dataStart: Int) {
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(file.kind, file: file.path, field: field, found: found, expected: expected)
    }
    let start = try file.bytes(at: 0, count: min(file.size, 12))
    guard start.starts(with: [0x93] + "NUMPY".utf8) else {
      throw refusal(
        "magic", try disguise(of: file) ?? (start.isEmpty ? "an empty file" : "other first bytes"),
        "those of a npy file, 93 4e 55 4d 50 59")
    }
    guard start.count >= 8 else {
      throw refusal("version", "\(start.count) bytes, truncated", "a whole npy header")
    }
    guard (1...3).contains(start[6]), start[7] == 0 else {
      throw refusal("version", "\(start[6]).\(start[7])", "1.0, 2.0 or 3.0")
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    let textStart = 8 + lengthBytes
    guard start.count >= textStart else {
      throw refusal("header length", "\(start.count) bytes, truncated", "a whole npy header")
    }
    let length = start[8..<textStart].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= headerLimit else {
      throw refusal("header length", "\(length)", "at most \(headerLimit) bytes (the limit)")
    }
    guard length <= file.size - textStart else {
      throw refusal(
        "header length", "\(length), with \(file.size - textStart) bytes after it (truncated)",
        "no more than the file holds")
    }
    return (try file.bytes(at: textStart, count: length), textStart + length)
  }

  /// Elements from one to the next along each axis where the first axis is that of neighbours; nil
  /// where that is row-major too.
  private static func columnMajor(_ shape: [Int]) -> [Int]? {
    guard shape.count(where: { $0 != 1 }) > 1, !shape.contains(0) else { return nil }
    var step = 1
    return shape.map { size in
      defer { step *= size }
      return step
    }
  }
}
