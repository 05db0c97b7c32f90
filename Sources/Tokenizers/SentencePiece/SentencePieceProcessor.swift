internal import CSentencePiece
internal import Inputs

/// SentencePiece's own processor: `sentencepiece::SentencePieceProcessor`.
///
/// - Invariant: The handle is only read after it was opened; the library's `const` functions are safe
///   to call from many threads at once.
final class SentencePieceProcessor: @unchecked Sendable {
  private let handle: OpaquePointer
  private let file: String

  /// - Parameter model: The bytes of a checked model.
  init(_ model: [UInt8], file: String) throws(Refusal) {
    var handle: OpaquePointer?
    let message = model.withUnsafeBytes { csp_open($0.baseAddress, $0.count, &handle) }
    if let message {
      defer { csp_free(message) }
      throw Refusal(
        .model, file: file,
        found: "what SentencePiece refuses: \(escaped(String(cString: message)))",
        expected: "a SentencePiece model")
    }
    guard let handle else {
      throw Refusal(.model, file: file, found: "no model", expected: "a SentencePiece model")
    }
    (self.handle, self.file) = (handle, file)
  }

  deinit { csp_close(handle) }

  /// The pieces of a text with their bytes; `EncodeAsImmutableProto`.
  func encode(
    _ text: ArraySlice<UInt8>
  ) throws(Refusal) -> [(id: Int, span: Range<Int>)] {
    guard !text.isEmpty else { return [] }
    var pieces: UnsafeMutablePointer<csp_piece>?
    var count = 0
    let message = text.withUnsafeBytes {
      csp_encode(handle, $0.bindMemory(to: CChar.self).baseAddress, $0.count, &pieces, &count)
    }
    defer { csp_free(pieces) }
    try check(message)
    return UnsafeBufferPointer(start: pieces, count: count).map { piece in
      let begin = min(Int(piece.begin), text.count)
      return (Int(piece.id), begin..<max(begin, min(Int(piece.end), text.count)))
    }
  }

  /// The text of pieces; `Decode`.
  func decode(_ ids: [Int32]) throws(Refusal) -> [UInt8] {
    guard !ids.isEmpty else { return [] }
    var text: UnsafeMutablePointer<CChar>?
    var count = 0
    let message = ids.withUnsafeBufferPointer {
      csp_decode(handle, $0.baseAddress, $0.count, &text, &count)
    }
    defer { csp_free(text) }
    try check(message)
    return Array(UnsafeRawBufferPointer(start: text, count: count))
  }

  private func check(_ message: UnsafeMutablePointer<CChar>?) throws(Refusal) {
    guard let message else { return }
    defer { csp_free(message) }
    throw Refusal(
      .model, file: file, found: "what SentencePiece refuses: \(escaped(String(cString: message)))",
      expected: "a text that it takes")
  }
}
