/// A binary heap of keys with a value each.
struct MinimumHeap {
  private var items: [(key: UInt64, value: UInt32)] = []

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  mutating func insert(_ key: UInt64, _ value: UInt32) {
    items.append((key, value))
    var child = items.count - 1
    while child > 0, items[(child - 1) / 2].key > items[child].key {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popMinimum() -> (key: UInt64, value: UInt32)? {
    guard let top = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return top }
    items[0] = last
    var parent = 0
    while 2 * parent + 1 < items.count {
      var child = 2 * parent + 1
      if child + 1 < items.count, items[child + 1].key < items[child].key { child += 1 }
      if items[parent].key <= items[child].key { break }
      items.swapAt(parent, child)
      parent = child
    }
    return top
  }
}
