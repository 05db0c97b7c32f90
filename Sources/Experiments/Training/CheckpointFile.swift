internal import Inputs

/// A file that holds the state of something long: a line with what it is and the SHA-256 of the rest,
/// then the state.
///
/// Written whole or not at all; what was flipped or cut off since is refused by the digest.
enum CheckpointFile {
  /// What a state is of, as the first line names it.
  enum Content: String, CaseIterable {
    case training, search

    fileprivate var magic: String { "causeway \(rawValue) 1" }
  }

  private static let sizeLimit = 4 << 30

  /// A whole file.
  static func bytes(_ content: Content, step: Int, _ body: [UInt8]) -> [UInt8] {
    Array("\(content.magic) step \(step) \(Digest.of(body))\n".utf8) + body
  }

  static func read(_ path: String) throws(Refusal) -> [UInt8] {
    try BoundedFile(path, kind: .store).readAll(limit: sizeLimit)
  }

  /// The state in a file's bytes, checked against the file's own digest.
  static func body(
    _ bytes: [UInt8], of content: Content, file: String
  ) throws(Refusal) -> ArraySlice<UInt8> {
    let (_, digest, start) = try header(bytes, of: content, file: file)
    let body = bytes[start...]
    guard Digest.of(Array(body)) == digest else {
      throw Refusal(
        .store, file: file, found: "another SHA-256 (damaged)",
        expected: "\(digest), as its first line says; without the file the unit begins anew")
    }
    return body
  }

  /// How many steps were taken, from a file's first line.
  static func step(_ path: String, of content: Content) throws(Refusal) -> Int {
    let file = try BoundedFile(path, kind: .store)
    return try header(file.bytes(at: 0, count: min(file.size, 200)), of: content, file: path).step
  }

  /// Checks a file against its own digest.
  static func verify(_ path: String, of content: Content) throws(Refusal) {
    _ = try body(read(path), of: content, file: path)
  }

  private static func header(
    _ bytes: [UInt8], of content: Content, file: String
  ) throws(Refusal) -> (step: Int, digest: String, end: Int) {
    let malformed = Refusal(
      .store, file: file, found: "no checkpoint of a \(content.rawValue)",
      expected:
        "a first line \"\(content.magic) step N SHA-256\"; without the file the unit begins "
        + "anew")
    let start = content.magic + " step "
    guard let end = bytes.prefix(200).firstIndex(of: 10),
      let line = String(validating: bytes[..<end], as: UTF8.self), line.hasPrefix(start)
    else { throw malformed }
    let words = line.dropFirst(start.count).split(separator: " ")
    guard words.count == 2, let step = Int(words[0]), step >= 0, words[1].utf8.count == 64 else {
      throw malformed
    }
    return (step, String(words[1]), end + 1)
  }
}
