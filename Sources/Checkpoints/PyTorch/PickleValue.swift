/// What a pickle of a state dict can hold; nothing else has a representation.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case string(String)
  case tuple(PickleTuple)
  /// The place of a dictionary in the recogniser's list: a pickle may hold one several times.
  case dictionary(Int)
  /// The place of a list in the recogniser's lists.
  case list(Int)
  case global(PickleGlobal)
  // In a box of their own: a million values lie side by side, and most are strings and numbers.
  indirect case storage(PickleStorage)
  indirect case tensor(PickleTensor)

  /// What the value is, in words, for a refusal.
  var kindName: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): "the number \(value)"
    case .string: "a string"
    case .tuple: "a tuple"
    case .dictionary: "a dictionary"
    case .list: "a list"
    case .global(let global): "the name \(global.name)"
    case .storage: "a storage without a tensor"
    case .tensor: "a tensor"
    }
  }
}

/// Items with the depth of the tuples in them, so that nesting stays bounded.
struct PickleTuple {
  static let depthLimit = 8

  let items: [PickleValue]
  let depth: Int

  /// Nil if tuples nest deeper than the limit.
  init?(_ items: [PickleValue]) {
    var depth = 1
    for case .tuple(let inner) in items { depth = max(depth, inner.depth + 1) }
    guard depth <= Self.depthLimit else { return nil }
    self.items = items
    self.depth = depth
  }

  /// The items, if all of them are integers.
  var integers: [Int]? {
    var result: [Int] = []
    for item in items {
      guard case .integer(let value) = item else { return nil }
      result.append(value)
    }
    return result
  }
}

/// The bytes that tensors are views of: an entry of the archive.
struct PickleStorage {
  let elementType: ElementType
  /// The entry is `data/KEY`.
  let key: String
  /// Elements, as the pickle says.
  let count: Int
}

/// A view of a storage, as the pickle says and as yet unchecked.
struct PickleTensor {
  let storage: PickleStorage
  /// Elements before the first.
  let offset: Int
  let shape: [Int]
  /// Elements from one to the next along each axis.
  let strides: [Int]
}

/// The five names, of which one stands for ten, that a pickle of a state dict may refer to.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case size
  case storage(ElementType)

  /// Nil for every other name; none is ever looked up anywhere else.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "Size"): self = .size
    case ("torch", _):
      guard let type = Self.storages.first(where: { $0.name == name })?.type else { return nil }
      self = .storage(type)
    default: return nil
    }
  }

  var name: String {
    switch self {
    case .orderedDictionary: "collections.OrderedDict"
    case .rebuildTensor: "torch._utils._rebuild_tensor_v2"
    case .rebuildParameter: "torch._utils._rebuild_parameter"
    case .size: "torch.Size"
    case .storage(let type): "torch.\(Self.storageName(type) ?? type.name)"
    }
  }

  /// The class of storages of that element type; nil if PyTorch has none.
  static func storageName(_ type: ElementType) -> String? {
    storages.first { $0.type == type }?.name
  }

  private static let storages: [(name: String, type: ElementType)] = [
    ("DoubleStorage", .f64), ("FloatStorage", .f32), ("HalfStorage", .f16),
    ("BFloat16Storage", .bf16), ("LongStorage", .i64), ("IntStorage", .i32),
    ("ShortStorage", .i16), ("CharStorage", .i8), ("ByteStorage", .u8), ("BoolStorage", .bool),
  ]
}
