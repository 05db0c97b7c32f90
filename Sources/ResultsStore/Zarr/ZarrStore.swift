internal import Foundation
package import Inputs

/// A group: attributes, arrays and groups by name.
package struct ZarrGroup: Sendable, Equatable {
  package var attributes: [Attribute.Member]
  package var arrays: [String: ZarrArraySpec]
  package var groups: [String: ZarrGroup]

  package init(
    attributes: [Attribute.Member] = [], arrays: [String: ZarrArraySpec] = [:],
    groups: [String: ZarrGroup] = [:]
  ) {
    self.attributes = attributes
    self.arrays = arrays
    self.groups = groups
  }
}

/// A Zarr v3 hierarchy in a folder: all of its metadata is known before the first chunk.
///
/// zarr-python, xarray and TensorStore open it without a warning, also while chunks are missing.
package struct ZarrStore: Sendable {
  package let path: String
  package let root: ZarrGroup
  private static let metadataLimit = 64 << 20

  /// Writes the metadata of a hierarchy, or accepts what is there if it says the same.
  ///
  /// What is missing of it or was damaged is written anew: it follows from the job. The root's
  /// `zarr.json` comes last: before it, no reader finds a store.
  ///
  /// - Throws: `store`, where another hierarchy is there, or a name is not one.
  package static func create(
    at path: String, _ root: ZarrGroup, by files: FileWriter
  ) throws(Refusal) -> ZarrStore {
    try check(root, at: path)
    let found: ZarrStore
    if let whole = try? open(path) {
      found = whole
    } else {
      try files.makeFolder(path)
      try write(root, at: path, by: files)
      found = try open(path)
    }
    guard found.root.metadata.json == root.metadata.json else {
      throw Refusal(
        .store, file: path + "/zarr.json", found: "a store of other arrays",
        expected: "the arrays of this job")
    }
    return found
  }

  /// Opens a store that `create` made; every `zarr.json` below must agree with the root's.
  package static func open(_ path: String) throws(Refusal) -> ZarrStore {
    let (json, text) = try load(path)
    let root = try group(json, members: try json["consolidated_metadata"]["metadata"])
    try compare(text, root.metadata.json, at: path)
    try checkFiles(root, at: path)
    return ZarrStore(path: path, root: root)
  }

  /// Opens the store of a hierarchy, and refuses another.
  package static func open(_ path: String, as root: ZarrGroup) throws(Refusal) -> ZarrStore {
    let store = try open(path)
    guard store.root == root else {
      throw Refusal(
        .store, file: path, found: "other arrays than the job's",
        expected: "the arrays that spec.json and outline.json call for")
    }
    return store
  }

  /// Paths of the files of chunks that are none of those known, in order.
  package func files(except known: Set<String>) -> [String] {
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return names.map { "\(path)/\($0)" }.filter {
      $0.split(separator: "/").last?.hasPrefix("c.") == true && !known.contains($0)
    }.sorted()
  }

  /// The array at a path of names below the root: `causal_trace/effect`.
  package func array(_ name: String) throws(Refusal) -> ZarrArray {
    var group = root
    var names = name.split(separator: "/").map(String.init)
    let last = names.popLast() ?? ""
    for name in names { group = group.groups[name] ?? ZarrGroup() }
    guard let spec = group.arrays[last] else {
      throw Refusal(
        .store, file: path, field: name, found: "no such array",
        expected: group.arrays.keys.sorted().joined(separator: ", "))
    }
    return ZarrArray(path: "\(path)/\(name)", spec: spec)
  }

  private init(path: String, root: ZarrGroup) {
    self.path = path
    self.root = root
  }

  /// Names become folders, and keys in one object that are told apart by `/`.
  private static func check(_ group: ZarrGroup, at path: String) throws(Refusal) {
    for name in group.arrays.keys.sorted() + group.groups.keys.sorted() {
      let isPlain = name.utf8.allSatisfy { byte in
        isHexadecimal(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
          || [0x2D, 0x2E, 0x5F].contains(byte)
      }
      guard isPlain, !name.isEmpty, name.utf8.count <= 100, !name.hasPrefix("."),
        !name.hasPrefix("__"), name != "c", !name.hasPrefix("c."), name != "zarr.json"
      else {
        throw Refusal(
          .store, file: path, found: "the name \(quoted(name))",
          expected: "letters, digits, '_', '-' and '.', not a chunk's 'c' or 'c.'")
      }
      if group.arrays[name] != nil, group.groups[name] != nil {
        throw Refusal(
          .store, file: path, found: "an array and a group named \(quoted(name))",
          expected: "one of them")
      }
    }
    for (name, inner) in group.groups { try check(inner, at: "\(path)/\(name)") }
  }

  private static func write(
    _ group: ZarrGroup, at path: String, by files: FileWriter
  ) throws(Refusal) {
    for (name, spec) in group.arrays.sorted(by: { $0.key < $1.key }) {
      try files.makeFolder("\(path)/\(name)")
      try files.write(spec.metadata.json, to: "\(path)/\(name)/zarr.json")
    }
    for (name, inner) in group.groups.sorted(by: { $0.key < $1.key }) {
      try files.makeFolder("\(path)/\(name)")
      try write(inner, at: "\(path)/\(name)", by: files)
    }
    try files.write(group.metadata.json, to: "\(path)/zarr.json")
  }

  private static func load(_ path: String) throws(Refusal) -> (json: JSONField, text: [UInt8]) {
    let file = path + "/zarr.json"
    guard try FileKind.of(file) == .regular else {
      throw Refusal(.store, file: file, found: try FileKind.of(file).name, expected: "a file")
    }
    let text = try BoundedFile(file, kind: .store).jsonBytes(limit: metadataLimit)
    let json = try JSON.parse(text, file: file, kind: .store)
    return (JSONField(json, file: file, kind: .store), text)
  }

  /// Builds the hierarchy from the flat list in the root; a group comes before its members.
  private static func group(
    _ json: JSONField, members: JSONField
  ) throws(Refusal) -> ZarrGroup {
    var root = ZarrGroup(attributes: try Attribute.members(of: try json["attributes"]))
    for (key, member) in try members.members() {
      let names = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard names.count <= 16 else {
        throw member.refusal("\(names.count) names", expected: "at most 16")
      }
      switch try member["node_type"].string() {
      case "array": try insert(array: try ZarrArraySpec(member), names[...], in: &root, member)
      case "group":
        let attributes = try Attribute.members(of: try member["attributes"])
        try insert(group: ZarrGroup(attributes: attributes), names[...], in: &root, member)
      default:
        throw try member["node_type"].refusal(
          try member["node_type"].value.kindName, expected: "array or group")
      }
    }
    try check(root, at: json.file)
    return root
  }

  private static func insert(
    array: ZarrArraySpec? = nil, group new: ZarrGroup? = nil, _ names: ArraySlice<String>,
    in group: inout ZarrGroup, _ field: JSONField
  ) throws(Refusal) {
    guard let name = names.first, names.count > 1 else {
      let name = names.first ?? ""
      group.arrays[name] = array
      group.groups[name] = new
      return
    }
    guard var inner = group.groups[name] else {
      throw field.refusal("a member of no group", expected: "the group \(quoted(name)) before it")
    }
    try insert(array: array, group: new, names.dropFirst(), in: &inner, field)
    group.groups[name] = inner
  }

  private static func checkFiles(_ group: ZarrGroup, at path: String) throws(Refusal) {
    for (name, spec) in group.arrays.sorted(by: { $0.key < $1.key }) {
      try compare(try load("\(path)/\(name)").text, spec.metadata.json, at: "\(path)/\(name)")
    }
    for (name, inner) in group.groups.sorted(by: { $0.key < $1.key }) {
      try compare(try load("\(path)/\(name)").text, inner.metadata.json, at: "\(path)/\(name)")
      try checkFiles(inner, at: "\(path)/\(name)")
    }
  }

  private static func compare(
    _ found: [UInt8], _ expected: String, at path: String
  ) throws(Refusal) {
    guard found.elementsEqual(expected.utf8) else {
      let place = zip(found, expected.utf8).prefix { $0 == $1 }.count
      throw Refusal(
        .store, file: path + "/zarr.json", field: "byte \(place)",
        found: "metadata that disagrees with the store's root or was damaged",
        expected: "metadata as this program writes it")
    }
  }
}
