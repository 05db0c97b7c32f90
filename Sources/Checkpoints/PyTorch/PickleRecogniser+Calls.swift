internal import Inputs

/// What the calls in the pickle of a state dict stand for. No call is made.
extension PickleRecogniser {
  func global(_ module: String, _ name: String) throws(Refusal) -> PickleGlobal {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw cursor.refusal(
        "the name \(quoted("\(module).\(name)"))",
        "the names in a state dict: collections.OrderedDict, torch._utils._rebuild_tensor_v2, "
          + "torch._utils._rebuild_parameter, torch.Size, torch.FloatStorage and its like")
    }
    return global
  }

  /// A storage from its persistent id: `("storage", torch.XStorage, key, device, elements)`.
  ///
  /// The device is where it was saved from, and of no account here.
  func storage(_ id: PickleValue) throws(Refusal) -> PickleStorage {
    guard case .tuple(let tuple) = id, tuple.items.count == 5,
      case .string("storage") = tuple.items[0],
      case .global(.storage(let type)) = tuple.items[1],
      case .string(let key) = tuple.items[2], case .string = tuple.items[3],
      case .integer(let count) = tuple.items[4]
    else {
      throw cursor.refusal(
        "a persistent id of another form", "('storage', torch.XStorage, key, device, elements)")
    }
    guard count >= 0 else {
      throw cursor.refusal("storage \(quoted(key)) of \(count) elements", "at least none")
    }
    return PickleStorage(elementType: type, key: key, count: count)
  }

  func storage(_ id: PickleValue) throws(Refusal) -> PickleValue {
    .storage(try storage(id) as PickleStorage)
  }

  /// What a call of a name stands for.
  mutating func made(
    by callable: PickleValue, from arguments: PickleValue
  ) throws(Refusal) -> PickleValue {
    guard case .global(let global) = callable, case .tuple(let tuple) = arguments else {
      throw cursor.refusal(
        "a call of \(callable.kindName) with \(arguments.kindName)", "a name and a tuple")
    }
    let items = tuple.items
    switch global {
    case .orderedDictionary where items.isEmpty: return newDictionary()
    case .rebuildTensor: if let tensor = tensor(items) { return .tensor(tensor) }
    case .rebuildParameter:
      if items.count == 3, case .tensor = items[0], case .bool = items[1], isEmpty(items[2]) {
        return items[0]
      }
    case .size:
      if items.count == 1, case .tuple(let sizes) = items[0], sizes.integers != nil {
        return items[0]
      }
    case .orderedDictionary, .storage: break
    }
    throw cursor.refusal(
      "a call of \(global.name) with \(items.count) arguments of another form",
      "a call as torch.save writes it")
  }

  /// `(storage, offset, size, stride, requires_grad, hooks)`, and metadata, which must be empty:
  /// a view marked as negated or conjugated has other values than its storage.
  private func tensor(_ items: [PickleValue]) -> PickleTensor? {
    guard (6...7).contains(items.count), case .storage(let storage) = items[0],
      case .integer(let offset) = items[1], case .tuple(let size) = items[2],
      case .tuple(let stride) = items[3], let shape = size.integers, let strides = stride.integers,
      case .bool = items[4], items[5...].allSatisfy(isEmpty)
    else { return nil }
    return PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides)
  }

  private func isEmpty(_ value: PickleValue) -> Bool {
    switch value {
    case .none: true
    case .dictionary(let place): dictionaries[place].entries.isEmpty
    default: false
    }
  }
}
