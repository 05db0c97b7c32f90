internal import Inputs

/// What a GGUF header says about one tensor, before its place is checked.
struct GGUFTensorInfo {
  /// Bytes of an entry without name and sizes.
  static let leastBytes = 8 + 4 + 4 + 8

  let name: String
  /// Row-major, so in the opposite order of the file's.
  let shape: [Int]
  let elementType: ElementType
  let extent: Extent
  /// From the start of the data.
  let offset: UInt64

  /// Reads the entry at the cursor, and leaves the tensor's name as the cursor's field.
  init(_ cursor: inout GGUFCursor) throws(Refusal) {
    let place = cursor.field
    cursor.field = "\(place), name"
    // The longest name that ggml keeps, which needs a terminating zero in 64 bytes.
    name = try cursor.string(limit: 63)
    guard !name.isEmpty else { throw cursor.refusal("an empty name", expected: "a tensor's name") }
    cursor.field = name

    let rank = try cursor.number(UInt32.self)
    guard rank <= 4 else {
      throw cursor.refusal("\(rank) dimensions", expected: "at most 4 dimensions")
    }
    var sizes: [Int] = []
    for _ in 0..<rank {
      let size = try cursor.number(UInt64.self)
      guard let size = Int(exactly: size) else {
        throw cursor.refusal("a dimension of \(size)", expected: "at most \(Int.max)")
      }
      sizes.append(size)
    }
    let number = try cursor.number(UInt32.self)
    guard let type = ElementType.inGGUF[number] else {
      let known = ElementType.unsupportedInGGUF[number].map { " (\($0))" } ?? ""
      let names = ElementType.inGGUF.sorted { $0.key < $1.key }.map(\.value.name)
      throw cursor.refusal(
        "tensor type \(number)\(known)", expected: "one of \(names.joined(separator: ", "))")
    }
    let row = sizes.first ?? 1
    guard row % type.blockSize == 0 else {
      throw cursor.refusal(
        "rows of \(row) elements", expected: "a multiple of \(type.blockSize) for \(type.name)")
    }
    guard let extent = Extent(shape: sizes, elementType: type) else {
      throw cursor.refusal(
        "dimensions \(sizes), which are too large: their bytes overflow 64 bits",
        expected: "what the file holds")
    }
    offset = try cursor.number(UInt64.self)
    shape = sizes.reversed()
    elementType = type
    self.extent = extent
  }
}
