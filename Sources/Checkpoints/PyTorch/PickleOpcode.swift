/// The pickle instructions that `torch.save` writes for a state dict, in protocols 2 to 5.
///
/// The values are those of Python's `pickletools`.
enum PickleOpcode: UInt8 {
  case mark = 0x28  // (
  case emptyTuple = 0x29  // )
  case stop = 0x2E  // .
  case int32 = 0x4A  // J
  case uint8 = 0x4B  // K
  case uint16 = 0x4D  // M
  case none = 0x4E  // N
  case persistentID = 0x51  // Q
  case reduce = 0x52  // R
  case line = 0x56  // V
  case string32 = 0x58  // X
  case emptyList = 0x5D  // ]
  case append = 0x61  // a
  case build = 0x62  // b
  case global = 0x63  // c
  case appends = 0x65  // e
  case get8 = 0x68  // h
  case instance = 0x69  // i, only to be refused by the name that it calls
  case get32 = 0x6A  // j
  case put8 = 0x71  // q
  case put32 = 0x72  // r
  case setItem = 0x73  // s
  case tuple = 0x74  // t
  case setItems = 0x75  // u
  case emptyDictionary = 0x7D  // }
  case proto = 0x80
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case newTrue = 0x88
  case newFalse = 0x89
  case long = 0x8A
  case string8 = 0x8C
  case string64 = 0x8D
  case stackGlobal = 0x93
  case memoize = 0x94
  case frame = 0x95

  /// Whether it makes or fills a list, which no state dict has.
  var isOfLists: Bool { self == .emptyList || self == .append || self == .appends }

  /// The protocols whose instructions these are.
  static let protocolLimit: UInt8 = 5

  /// What some of the other codes stand for, so that a refusal can say it.
  static let unsupported: [UInt8: String] = [
    0x30: "POP", 0x31: "POP_MARK", 0x32: "DUP", 0x42: "BINBYTES", 0x43: "SHORT_BINBYTES",
    0x46: "FLOAT", 0x47: "BINFLOAT, a floating-point number", 0x49: "INT", 0x4C: "LONG",
    0x50: "PERSID", 0x53: "STRING", 0x54: "BINSTRING", 0x55: "SHORT_BINSTRING",
    0x5D: "EMPTY_LIST, a list", 0x61: "APPEND, to a list", 0x64: "DICT", 0x65: "APPENDS, to a list",
    0x6C: "LIST, a list", 0x6F: "OBJ, a call", 0x81: "NEWOBJ, an object of a class",
    0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8B: "LONG4", 0x8E: "BINBYTES8",
    0x8F: "EMPTY_SET, a set", 0x90: "ADDITEMS, to a set", 0x91: "FROZENSET, a set",
    0x92: "NEWOBJ_EX, an object of a class", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER",
    0x98: "READONLY_BUFFER",
  ]
}
