internal import Inputs

/// Recognises the pickle of a state dict, `{name: tensor}`, and nothing else; where it is asked for,
/// that of a list of tensors or of one tensor too.
///
/// This is no pickle machine: instructions build only the values of `PickleValue`, the names that
/// a pickle may refer to are the five of `PickleGlobal`, and a call of one of them with the right
/// arguments makes a description. Whatever else stands in the file, it is refused and nothing runs.
/// The work is proportional to the bytes, and no size in them is trusted.
struct PickleRecogniser {
  /// Bytes that a pickle may have: a hundred thousand tensors take as many.
  static let byteLimit = 16 << 20
  /// Values that may wait at once for an instruction; `torch.save` needs some thousands.
  static let stackLimit = 1 << 16
  /// Values that may be made in all, and entries of the memo. A value takes far more memory than
  /// the byte that makes it; thirty thousand tensors stay below both.
  static let valueLimit = 1 << 20
  static let memoLimit = 1 << 18

  var cursor: PickleCursor
  var dictionaries: [PickleDictionary] = []
  private var lists: [[PickleValue]] = []
  private let allowsLists: Bool
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [UInt32: PickleValue] = [:]
  private var valueCount = 0

  /// The entries of the state dict in a pickle, in their order.
  static func stateDictionary(
    _ bytes: [UInt8], of file: BoundedFile, entry: String
  ) throws(Refusal) -> [(key: String, value: PickleValue)] {
    var recogniser = Self(cursor: PickleCursor(bytes, of: file, entry: entry), allowsLists: false)
    let value = try recogniser.run()
    return try recogniser.entries(of: value)
  }

  /// The tensors of a state dict, of a list by their numbers, or the only one by `onlyName`.
  static func tensors(
    _ bytes: [UInt8], of file: BoundedFile, entry: String, onlyName: String
  ) throws(Refusal) -> [(key: String, value: PickleValue)] {
    var recogniser = Self(cursor: PickleCursor(bytes, of: file, entry: entry), allowsLists: true)
    let value = try recogniser.run()
    switch value {
    case .list(let place):
      return recogniser.lists[place].enumerated().map { ("\($0)", $1) }
    case .tensor: return [(onlyName, value)]
    default: return try recogniser.entries(of: value)
    }
  }

  private init(cursor: PickleCursor, allowsLists: Bool) {
    (self.cursor, self.allowsLists) = (cursor, allowsLists)
  }

  private mutating func run() throws(Refusal) -> PickleValue {
    while true {
      let code = try cursor.opcode()
      guard let opcode = PickleOpcode(rawValue: code), allowsLists || !opcode.isOfLists else {
        let name = PickleOpcode.unsupported[code].map { " (\($0))" } ?? ""
        throw cursor.refusal(
          "the opcode 0x\(String(code, radix: 16))\(name)", "the pickle of a state dict")
      }
      if opcode == .stop { return try result() }
      try apply(opcode)
    }
  }

  private func result() throws(Refusal) -> PickleValue {
    guard stack.count == 1, marks.isEmpty else {
      throw cursor.refusal("STOP with \(stack.count) values on the stack", "one")
    }
    guard cursor.left == 0 else {
      throw cursor.refusal("\(cursor.left) bytes after STOP", "the end of the pickle")
    }
    return stack[0]
  }

  private func entries(
    of value: PickleValue
  ) throws(Refusal) -> [(key: String, value: PickleValue)] {
    guard case .dictionary(let place) = value else {
      throw cursor.refusal(
        "\(value.kindName) in the file",
        allowsLists ? "tensors by name, a list of them, or one" : "a dictionary (a state dict)")
    }
    return dictionaries[place].entries
  }

  private mutating func apply(_ opcode: PickleOpcode) throws(Refusal) {
    switch opcode {
    case .proto:
      let version = try cursor.unsigned(UInt8.self)
      guard version <= PickleOpcode.protocolLimit else {
        throw cursor.refusal("protocol \(version)", "at most \(PickleOpcode.protocolLimit)")
      }
    case .frame: try cursor.frame()
    case .stop: break
    case .mark:
      guard marks.count < Self.stackLimit else {
        throw cursor.refusal("more than \(Self.stackLimit) marks on the stack", "fewer")
      }
      marks.append(stack.count)
    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .uint8: try push(.integer(Int(try cursor.unsigned(UInt8.self))))
    case .uint16: try push(.integer(Int(try cursor.unsigned(UInt16.self))))
    case .int32: try push(.integer(try cursor.signed(byteCount: 4)))
    case .long:
      let byteCount = Int(try cursor.unsigned(UInt8.self))
      try push(.integer(try cursor.signed(byteCount: byteCount)))
    case .string8:
      let byteCount = UInt64(try cursor.unsigned(UInt8.self))
      try push(.string(try cursor.string(byteCount: byteCount)))
    case .string32:
      let byteCount = UInt64(try cursor.unsigned(UInt32.self))
      try push(.string(try cursor.string(byteCount: byteCount)))
    case .string64:
      let byteCount = try cursor.unsigned(UInt64.self)
      try push(.string(try cursor.string(byteCount: byteCount)))
    case .line: try push(.string(try cursor.line()))
    case .emptyTuple: try pushTuple([])
    case .tuple1: try pushTuple(try pop(1))
    case .tuple2: try pushTuple(try pop(2))
    case .tuple3: try pushTuple(try pop(3))
    case .tuple: try pushTuple(try popToMark("TUPLE"))
    case .emptyDictionary: try push(newDictionary())
    case .put8: try remember(UInt32(try cursor.unsigned(UInt8.self)))
    case .put32: try remember(try cursor.unsigned(UInt32.self))
    case .memoize: try remember(UInt32(clamping: memo.count))
    case .get8: try push(try remembered(UInt32(try cursor.unsigned(UInt8.self))))
    case .get32: try push(try remembered(try cursor.unsigned(UInt32.self)))
    case .global:
      let module = try cursor.line()
      try push(.global(try global(module, try cursor.line())))
    case .stackGlobal:
      let names = try pop(2)
      guard case .string(let module) = names[0], case .string(let name) = names[1] else {
        throw cursor.refusal("STACK_GLOBAL of \(names[0].kindName)", "a module's name and a name")
      }
      try push(.global(try global(module, name)))
    case .instance:
      let module = try cursor.line()
      let name = try cursor.line()
      throw cursor.refusal(
        "INST, a call of \(quoted("\(module).\(name)"))", "the pickle of a state dict")
    case .persistentID: try push(try storage(try pop(1)[0]))
    case .reduce:
      let call = try pop(2)
      try push(try made(by: call[0], from: call[1]))
    case .emptyList:
      lists.append([])
      try push(.list(lists.count - 1))
    case .append: try extend(by: try pop(1), "APPEND")
    case .appends: try extend(by: try popToMark("APPENDS"), "APPENDS")
    case .setItem: try setItems(try pop(2), "SETITEM")
    case .setItems: try setItems(try popToMark("SETITEMS"), "SETITEMS")
    case .build: try checkAttributes(try pop(1)[0])
    }
  }

  // MARK: The stack and the memo

  private mutating func push(_ value: PickleValue) throws(Refusal) {
    guard stack.count < Self.stackLimit else {
      throw cursor.refusal("more than \(Self.stackLimit) values on the stack", "fewer")
    }
    guard valueCount < Self.valueLimit else {
      throw cursor.refusal("more than \(Self.valueLimit) values", "fewer (the limit)")
    }
    valueCount += 1
    stack.append(value)
  }

  private mutating func pushTuple(_ items: [PickleValue]) throws(Refusal) {
    guard let tuple = PickleTuple(items) else {
      throw cursor.refusal("tuples nested deeper than \(PickleTuple.depthLimit)", "a state dict")
    }
    try push(.tuple(tuple))
  }

  /// The last values above the last mark.
  private mutating func pop(_ count: Int) throws(Refusal) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw cursor.refusal("fewer than \(count) values on the stack", "\(count)")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark(_ name: String) throws(Refusal) -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw cursor.refusal("\(name) without a mark on the stack", "a MARK before it")
    }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func remember(_ number: UInt32) throws(Refusal) {
    guard stack.count > marks.last ?? 0, let top = stack.last else {
      throw cursor.refusal("an empty stack, to be put in the memo", "a value")
    }
    guard memo.count < Self.memoLimit else {
      throw cursor.refusal("more than \(Self.memoLimit) entries in the memo", "fewer (the limit)")
    }
    memo[number] = top
  }

  private func remembered(_ number: UInt32) throws(Refusal) -> PickleValue {
    guard let value = memo[number] else {
      throw cursor.refusal("the memo entry \(number), which is not set", "one that is")
    }
    return value
  }

  // MARK: Lists and dictionaries

  private mutating func extend(by items: [PickleValue], _ name: String) throws(Refusal) {
    guard stack.count > marks.last ?? 0, case .list(let place) = stack.last else {
      throw cursor.refusal("\(name) on no list", "a list")
    }
    lists[place] += items
  }

  mutating func newDictionary() -> PickleValue {
    dictionaries.append(PickleDictionary())
    return .dictionary(dictionaries.count - 1)
  }

  private mutating func setItems(_ items: [PickleValue], _ name: String) throws(Refusal) {
    guard items.count.isMultiple(of: 2) else {
      throw cursor.refusal("\(name) of \(items.count) items, an odd number", "pairs")
    }
    guard stack.count > marks.last ?? 0, let target = stack.last else {
      throw cursor.refusal("\(name) on an empty stack", "a dictionary")
    }
    guard case .dictionary(let place) = target else {
      throw cursor.refusal("\(name) on \(target.kindName)", "a dictionary")
    }
    for i in stride(from: 0, to: items.count, by: 2) {
      guard case .string(let key) = items[i] else {
        throw cursor.refusal("\(items[i].kindName) as a key", "a string as a key")
      }
      guard dictionaries[place].insert(items[i + 1], forKey: key) else {
        throw cursor.refusal("the key \(quoted(key)) twice, a duplicate", "each key once")
      }
    }
  }

  /// BUILD sets attributes: a state dict has `_metadata`, which changes no tensor.
  private func checkAttributes(_ state: PickleValue) throws(Refusal) {
    guard stack.count > marks.last ?? 0, case .dictionary = stack.last else {
      throw cursor.refusal("BUILD on no dictionary", "a state dict")
    }
    guard case .dictionary(let place) = state else {
      throw cursor.refusal("BUILD with \(state.kindName)", "a dictionary of attributes")
    }
    if let other = dictionaries[place].entries.first(where: { $0.key != "_metadata" }) {
      throw cursor.refusal("the attribute \(quoted(other.key))", "_metadata alone")
    }
  }
}

/// A dictionary with strings as keys, in the order of the file.
struct PickleDictionary {
  private(set) var entries: [(key: String, value: PickleValue)] = []
  private var keys: Set<ByteKey> = []

  /// Adds an entry, or returns false if the key is there.
  mutating func insert(_ value: PickleValue, forKey key: String) -> Bool {
    guard keys.insert(ByteKey(key)).inserted else { return false }
    entries.append((key, value))
    return true
  }
}
