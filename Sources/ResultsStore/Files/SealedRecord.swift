package import Inputs

/// A small JSON file whose last member, `digest`, is the SHA-256 of the members before it: no byte
/// of it can change unseen.
package enum SealedRecord {
  private static let limit = 64 << 20

  /// The file's text.
  package static func text(_ members: [Attribute.Member]) -> String {
    let digest = Digest.of(Array(Attribute.table(members).json.utf8))
    return Attribute.table(members + [Attribute.Member("digest", .text(digest))]).json + "\n"
  }

  /// The members before the digest.
  ///
  /// - Throws: `store`, where a byte is not what `text` gives for them.
  package static func read(_ path: String) throws(Refusal) -> JSONField {
    let bytes = try BoundedFile(path, kind: .store).jsonBytes(limit: limit)
    let json = JSONField(
      try JSON.parse(bytes, file: path, kind: .store), file: path, kind: .store)
    var members = try Attribute.members(of: json)
    guard members.popLast()?.name == "digest", bytes.elementsEqual(text(members).utf8) else {
      throw Refusal(
        .store, file: path, found: "bytes that do not fit its digest (damaged or edited)",
        expected: "the record as it was written")
    }
    return json
  }
}
