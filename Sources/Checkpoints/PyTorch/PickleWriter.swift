internal import Inputs

/// The pickle of a state dict as Python's protocol 2 writes it, instruction by instruction.
///
/// Strings and names that are used again come from the memo, numbered as Python numbers them.
struct PickleWriter {
  private(set) var bytes: [UInt8] = []
  /// The numbers of strings and names in the memo, by the instruction that made them.
  private var memo: [ByteKey: Int] = [:]
  /// Entries of the memo, with those that are never used again.
  private var memoCount = 0
  /// Pairs that one SETITEMS sets; Python's own batches.
  private static let batch = 1000

  /// - Parameter tensors: In the order of the state dict; the n-th has the storage `data/n`.
  init(_ tensors: [(name: String, type: ElementType, shape: [Int])]) {
    put(.proto)
    bytes.append(2)
    orderedDictionary()
    for start in stride(from: 0, to: tensors.count, by: Self.batch) {
      let batch = start..<min(start + Self.batch, tensors.count)
      if batch.count > 1 { put(.mark) }
      for i in batch {
        string(tensors[i].name)
        tensor(tensors[i].type, tensors[i].shape, storage: i)
      }
      put(batch.count > 1 ? .setItems : .setItem)
    }
    put(.stop)
  }

  private mutating func tensor(_ type: ElementType, _ shape: [Int], storage: Int) {
    guard let storageName = PickleGlobal.storageName(type) else {
      preconditionFailure("PyTorch has no storage of type \(type.name)")
    }
    var strides: [Int] = []
    var neighbours = 1
    for size in shape.reversed() {
      strides.append(neighbours)
      neighbours *= max(size, 1)
    }
    global("torch._utils", "_rebuild_tensor_v2")
    put(.mark)
    put(.mark)
    string("storage")
    global("torch", storageName)
    string("\(storage)")
    string("cpu")
    integer(shape.reduce(1, *))
    put(.tuple)
    memoize()
    put(.persistentID)
    integer(0)
    tuple(shape)
    tuple(strides.reversed())
    put(.newFalse)
    orderedDictionary()
    put(.tuple)
    memoize()
    put(.reduce)
    memoize()
  }

  private mutating func orderedDictionary() {
    global("collections", "OrderedDict")
    put(.emptyTuple)
    put(.reduce)
    memoize()
  }

  private mutating func tuple(_ items: [Int]) {
    if items.count > 3 { put(.mark) }
    for item in items { integer(item) }
    switch items.count {
    case 0: put(.emptyTuple)
    case 1: put(.tuple1)
    case 2: put(.tuple2)
    case 3: put(.tuple3)
    default: put(.tuple)
    }
    if !items.isEmpty { memoize() }
  }

  /// An integer from 0 on, in the shortest form.
  private mutating func integer(_ value: Int) {
    if let byte = UInt8(exactly: value) {
      put(.uint8, byte)
    } else if let short = UInt16(exactly: value) {
      put(.uint16, short)
    } else if let int = Int32(exactly: value) {
      put(.int32, int)
    } else {
      let minimal = (Int.bitWidth - value.leadingZeroBitCount) / 8 + 1
      put(.long, UInt8(minimal))
      bytes += withUnsafeBytes(of: value.littleEndian) { Array($0.prefix(minimal)) }
    }
  }

  private mutating func string(_ text: String) {
    let key = ByteKey("X\(text)")
    guard !recall(key) else { return }
    put(.string32, UInt32(text.utf8.count))
    bytes += text.utf8
    memoize(key)
  }

  private mutating func global(_ module: String, _ name: String) {
    let key = ByteKey("c\(module)\n\(name)\n")
    guard !recall(key) else { return }
    bytes += key.text.utf8
    memoize(key)
  }

  /// Takes a string or name from the memo, or returns false if it is not there.
  private mutating func recall(_ key: ByteKey) -> Bool {
    guard let number = memo[key] else { return false }
    if let byte = UInt8(exactly: number) {
      put(.get8, byte)
    } else {
      put(.get32, UInt32(number))
    }
    return true
  }

  private mutating func memoize(_ key: ByteKey? = nil) {
    if let byte = UInt8(exactly: memoCount) {
      put(.put8, byte)
    } else {
      put(.put32, UInt32(memoCount))
    }
    if let key { memo[key] = memoCount }
    memoCount += 1
  }

  private mutating func put(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  private mutating func put(_ opcode: PickleOpcode, _ argument: some FixedWidthInteger) {
    put(opcode)
    bytes += withUnsafeBytes(of: argument.littleEndian) { Array($0) }
  }
}
