/// Values that are dear to make, the most recently used of which are kept.
package final class KeptValues<Key: Equatable & Sendable, Value: Sendable>: Sendable {
  private final class Entry: Sendable {
    let value = Locked<Value?>(nil)
  }

  private let capacity: Int
  /// Keys from the least to the most recently used.
  private let entries = Locked<[(key: Key, entry: Entry)]>([])

  package init(capacity: Int) { self.capacity = capacity }

  /// The value of a key. Threads that want one that another is making wait for it.
  package func value<Failure: Error>(
    for key: Key, make: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let entry = entries.withLock { entries in
      let known = entries.firstIndex { $0.key == key }.map { entries.remove(at: $0).entry }
      let entry = known ?? Entry()
      entries.append((key, entry))
      if entries.count > capacity { entries.removeFirst() }
      return entry
    }
    return try entry.value.withLock { (value) throws(Failure) in
      if let value { return value }
      let made = try make()
      value = made
      return made
    }
  }
}
