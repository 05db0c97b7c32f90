internal import Foundation
package import Inputs

/// The state of something long between two steps, which it goes on from.
package protocol Resumable: Codable, Sendable {
  static var content: CheckpointFile.Content { get }
  /// What can be told of it without the rest.
  var history: TrainingHistory { get }
}

extension TrainingState: Resumable {
  package static let content = CheckpointFile.Content.training
}

/// A file that holds the state of something long: a line, a head, and the state, the last two as
/// binary property lists whose lengths and SHA-256 the line says.
///
/// The head tells how far it is without the state, which may be large. Written whole or not at all;
/// what was flipped or cut off since is refused by the digests.
package enum CheckpointFile {
  /// What a state is of, as the first line names it.
  package enum Content: String, CaseIterable {
    case training, search

    fileprivate var magic: String { "causeway \(rawValue) 2" }
  }

  /// What a state is of, and what it has to tell.
  package struct Head: Codable {
    /// The digest of the run's specification.
    package let job: String
    package let unit: Int
    package let history: TrainingHistory
  }

  private static let sizeLimit = 4 << 30
  private static let lineLimit = 256

  /// A whole file.
  package static func bytes<State: Resumable>(
    _ state: State, job: String, unit: Int
  ) throws(Refusal) -> [UInt8] {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    do {
      let head = [UInt8](
        try encoder.encode(Head(job: job, unit: unit, history: state.history)))
      let body = [UInt8](try encoder.encode(state))
      let line = "\(State.content.magic) \(head.count) \(Digest.of(head)) \(Digest.of(body))\n"
      return Array(line.utf8) + head + body
    } catch {
      throw Refusal(
        .resources, field: "checkpoint of unit \(unit)", found: escaped("\(error)"),
        expected: "a state that can be written")
    }
  }

  package static func read(_ path: String) throws(Refusal) -> [UInt8] {
    try BoundedFile(path, kind: .store).readAll(limit: sizeLimit)
  }

  /// The state in a file's bytes, checked against the file's own digests.
  package static func state<State: Resumable>(
    _ bytes: [UInt8], file: String, job: String, unit: Int
  ) throws(Refusal) -> State {
    let (head, body) = try parts(bytes, of: State.content, file: file)
    guard head.job == job, head.unit == unit else {
      throw Self.refusal(file, "a checkpoint of another run or unit")
    }
    return try decoded(body, file: file)
  }

  /// What a file tells without its state, which is neither read nor checked.
  package static func head(_ path: String) throws(Refusal) -> Head {
    let file = try BoundedFile(path, kind: .store)
    let start = try file.bytes(at: 0, count: min(file.size, lineLimit))
    let line = try line(start, of: content(start), file: path)
    guard line.end + line.headCount <= file.size else { throw refusal(path, "a head cut off") }
    let head = try file.bytes(at: line.end, count: line.headCount)
    return try decoded(checked(head[...], line.head, file: path), file: path)
  }

  /// Checks a file against its own digests.
  package static func verify(_ path: String) throws(Refusal) {
    let bytes = try read(path)
    _ = try parts(bytes, of: content(bytes), file: path)
  }

  /// What a file says that it is of; a training, where it says nothing that is known.
  private static func content(_ bytes: [UInt8]) -> Content {
    Content.allCases.first { bytes.starts(with: "\($0.magic) ".utf8) } ?? .training
  }

  private static func parts(
    _ bytes: [UInt8], of content: Content, file: String
  ) throws(Refusal) -> (head: Head, body: ArraySlice<UInt8>) {
    let line = try line(Array(bytes.prefix(lineLimit)), of: content, file: file)
    let end = line.end + line.headCount
    guard end <= bytes.count else { throw refusal(file, "a head cut off") }
    let head: Head = try decoded(checked(bytes[line.end..<end], line.head, file: file), file: file)
    return (head, try checked(bytes[end...], line.body, file: file))
  }

  private static func checked(
    _ bytes: ArraySlice<UInt8>, _ digest: String, file: String
  ) throws(Refusal) -> ArraySlice<UInt8> {
    guard Digest.of(Array(bytes)) == digest else {
      throw refusal(file, "another SHA-256 than its first line says (damaged)")
    }
    return bytes
  }

  private static func decoded<Value: Decodable>(
    _ bytes: ArraySlice<UInt8>, file: String
  ) throws(Refusal) -> Value {
    do { return try PropertyListDecoder().decode(Value.self, from: Data(bytes)) } catch {
      throw refusal(file, "a content that cannot be read")
    }
  }

  private static func line(
    _ bytes: [UInt8], of content: Content, file: String
  ) throws(Refusal) -> (headCount: Int, head: String, body: String, end: Int) {
    guard let end = bytes.firstIndex(of: 10),
      let line = String(validating: bytes[..<end], as: UTF8.self),
      line.hasPrefix(content.magic + " ")
    else { throw refusal(file, "no checkpoint of a \(content.rawValue) of this version") }
    let words = line.dropFirst(content.magic.count + 1).split(separator: " ")
    guard words.count == 3, let count = Int(words[0]), (0...sizeLimit).contains(count),
      words[1...].allSatisfy({ $0.utf8.count == 64 })
    else { throw refusal(file, "a first line that cannot be read") }
    return (count, String(words[1]), String(words[2]), end + 1)
  }

  package static func refusal(_ file: String, _ found: String) -> Refusal {
    Refusal(
      .store, file: file, found: found,
      expected: "the checkpoint of this unit; without the file the unit begins anew")
  }
}
