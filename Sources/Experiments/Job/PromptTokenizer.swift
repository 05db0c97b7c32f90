package import Inputs

/// What facts need of a tokenizer.
package protocol PromptTokenizer: Sendable {
  /// How many tokens there are: ids are from 0 to this, exclusive.
  var count: Int { get }

  /// The tokens of a text, without special ones added, each with the bytes of UTF-8 it stands for.
  ///
  /// - Throws: A refusal of a text that the vocabulary cannot express.
  func encodeWithOffsets(
    _ text: String
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)]

  /// The text of one token, with its leading space; nil where there is no such token.
  func token(_ id: Int) -> String?
}
