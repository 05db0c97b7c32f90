internal import ResultsStore

/// What a unit wrote of a store of activations, and found in them.
struct WrittenShards: Sendable {
  let files: [StoredFile]
  /// The stored form of each site's layers, one after another; none where labels were written.
  let statistics: [[UInt8]]

  /// The unit's record.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    for file in files { writer.append(file) }
    for part in statistics {
      writer.integer(Int32(part.count))
      writer.append(part)
    }
    return writer.bytes
  }
}
