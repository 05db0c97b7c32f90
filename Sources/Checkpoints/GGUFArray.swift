internal import Inputs

/// An array among the metadata of a GGUF file: checked when the file is opened, and read when it is
/// asked for. A header that claims millions of items takes no memory for them.
public struct GGUFArray: Sendable {
  let file: BoundedFile
  let key: String
  let type: GGUFType
  /// How many items it has.
  public let count: Int
  /// Where the first item begins in the file.
  let offset: Int

  /// The items, each as `read` takes it from the file.
  func items<Item>(
    _ read: (inout GGUFCursor) throws(Refusal) -> Item
  ) throws(Refusal) -> [Item] {
    var cursor = GGUFCursor(file, at: offset)
    cursor.field = key
    var items: [Item] = []
    try cursor.forEachItem(of: self) { (cursor) throws(Refusal) in items.append(try read(&cursor)) }
    return items
  }
}
