internal import Inputs

/// The text of an array's `zarr.json`, and an array's description from it.
extension ZarrArraySpec {
  /// The metadata in the words of the Zarr v3 core specification.
  var metadata: Attribute {
    .table([
      .init("zarr_format", 3),
      .init("node_type", "array"),
      .init("shape", numbers(shape)),
      .init("data_type", .text(dataType.rawValue)),
      .init("chunk_grid", named("regular", ["chunk_shape": numbers(fileShape)])),
      .init("chunk_key_encoding", named("default", ["separator": "."])),
      .init("fill_value", fillValue),
      .init("codecs", .list(codecs)),
      .init("attributes", .table(attributes)),
      .init("dimension_names", .list(dimensions.map { .text($0) })),
    ])
  }

  private var fillValue: Attribute {
    switch dataType {
    case .float32, .float64: .number(.nan)
    case .bool: false
    case .string: ""
    case .uint8, .int32, .int64: .integer(fill)
    }
  }

  private var codecs: [Attribute] {
    guard shards != nil else { return chunkCodecs }
    return [
      named(
        "sharding_indexed",
        [
          "chunk_shape": numbers(chunks), "codecs": .list(chunkCodecs),
          "index_codecs": [named("bytes", ["endian": "little"]), ["name": "crc32c"]],
          "index_location": "end",
        ])
    ]
  }

  private var chunkCodecs: [Attribute] {
    let first: Attribute =
      switch dataType.size {
      case nil: named("vlen-utf8", [:])
      case 1: ["name": "bytes"]
      default: named("bytes", ["endian": "little"])
      }
    let second: Attribute =
      switch compression {
      case .zstd(let level): named("zstd", ["level": .integer(level), "checksum": true])
      case .blosc(let level):
        named(
          "blosc",
          [
            "typesize": .integer(dataType.size ?? 1), "cname": "zstd", "clevel": .integer(level),
            "shuffle": "shuffle", "blocksize": 0,
          ])
      }
    return [first, second, ["name": "crc32c"]]
  }

  /// Reads metadata as `metadata` writes it; anything else is refused by field.
  ///
  /// The description that is read must say the same as the file in every byte, so a field that is
  /// not understood cannot be passed over.
  init(_ json: JSONField) throws(Refusal) {
    let type = try json["data_type"]
    guard let dataType = ZarrDataType(rawValue: try type.string()) else {
      throw type.refusal(
        type.value.kindName,
        expected: ZarrDataType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let fileShape = try sizes(try json["chunk_grid"]["configuration"]["chunk_shape"])
    var codecs = try json["codecs"].items()
    var chunks = fileShape
    if let first = codecs.first, try first["name"].string() == "sharding_indexed" {
      let configuration = try first["configuration"]
      chunks = try sizes(try configuration["chunk_shape"])
      codecs = try configuration["codecs"].items()
    }
    let isSharded = try json["codecs"].items().first?["name"].string() == "sharding_indexed"
    guard codecs.count == 3 else {
      throw try json["codecs"].refusal("\(codecs.count) codecs", expected: "3")
    }
    let configuration = try codecs[1]["configuration"]
    let compression: ZarrCompression =
      switch try codecs[1]["name"].string() {
      case "zstd": .zstd(level: try configuration["level"].int())
      case "blosc": .blosc(level: try configuration["clevel"].int())
      default:
        throw codecs[1].refusal(
          try codecs[1]["name"].value.kindName, expected: "the codec zstd or blosc")
      }
    let isInteger = [.uint8, .int32, .int64].contains(dataType)
    do throws(Refusal) {
      try self.init(
        dataType, shape: try sizes(try json["shape"]), chunks: chunks,
        shards: isSharded ? fileShape : nil,
        dimensions: try strings(try json["dimension_names"]),
        fill: isInteger ? try json["fill_value"].int(in: Int.min...Int.max) : 0,
        compression: compression, attributes: try Attribute.members(of: try json["attributes"]))
    } catch { throw error.inFile(json.file) }
  }
}

/// The text of a group's `zarr.json`.
extension ZarrGroup {
  /// The group's own metadata, without its members'.
  var plainMetadata: [Attribute.Member] {
    [
      .init("zarr_format", 3), .init("node_type", "group"),
      .init("attributes", .table(attributes)),
    ]
  }

  /// The group's metadata with all its members' inline, so that a reader opens one file and has no
  /// reason to warn.
  var metadata: Attribute {
    .table(
      plainMetadata + [
        .init(
          "consolidated_metadata",
          ["kind": "inline", "must_understand": false, "metadata": .table(members(below: ""))])
      ])
  }

  private func members(below path: String) -> [Attribute.Member] {
    arrays.sorted { $0.key < $1.key }.map { .init(path + $0.key, $0.value.metadata) }
      + groups.sorted { $0.key < $1.key }.flatMap { name, group in
        [.init(path + name, .table(group.plainMetadata))]
          + group.members(below: "\(path)\(name)/")
      }
  }
}

private func named(_ name: String, _ configuration: Attribute) -> Attribute {
  ["name": .text(name), "configuration": configuration]
}

private func numbers(_ sizes: [Int]) -> Attribute { .list(sizes.map { .integer($0) }) }

private func sizes(_ field: JSONField) throws(Refusal) -> [Int] {
  var sizes: [Int] = []
  for item in try field.items() { sizes.append(try item.int(in: 0...Int.max)) }
  return sizes
}

private func strings(_ field: JSONField) throws(Refusal) -> [String] {
  var strings: [String] = []
  for item in try field.items() { strings.append(try item.string()) }
  return strings
}

extension Attribute {
  /// The members of a JSON object, as they would be written again.
  static func members(of field: JSONField) throws(Refusal) -> [Member] {
    try object(try field.object(), field)
  }

  private static func object(
    _ object: JSONObject, _ field: JSONField
  ) throws(Refusal) -> [Member] {
    var members: [Member] = []
    for (key, value) in object.members { members.append(Member(key, try of(value, field))) }
    return members
  }

  /// Nesting is bounded by the parser that made the value.
  private static func of(_ value: JSON, _ field: JSONField) throws(Refusal) -> Attribute {
    switch value {
    case .null: throw field.refusal("null", expected: "attributes as this program writes them")
    case .bool(let flag): return .flag(flag)
    case .number(let number): return number.int.map { .integer($0) } ?? .number(number.double)
    case .string(let text): return .text(text)
    case .array(let items):
      var list: [Attribute] = []
      for item in items { list.append(try of(item, field)) }
      return .list(list)
    case .object(let object): return .table(try self.object(object, field))
    }
  }
}
