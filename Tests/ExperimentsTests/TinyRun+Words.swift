import Foundation

extension TinyRun {
  /// Gives the model a tokenizer of words: `w1` to `w39`, of the ids 1 to 39.
  ///
  /// - Parameter first: The token that begins every text; nil: none does.
  func writeWordTokenizer(beginning first: Int? = nil) throws {
    let words = ["\"?\": 0"] + (1..<40).map { "\"w\($0)\": \($0)" }
    let added = first.map {
      """
      {"id": \($0), "content": "w\($0)", "single_word": false, "lstrip": false, "rstrip": false,
       "normalized": false, "special": true}
      """
    }
    let frame = first.map {
      """
      {"type": "TemplateProcessing", "pair": [],
       "single": [{"SpecialToken": {"id": "w\($0)", "type_id": 0}},
         {"Sequence": {"id": "A", "type_id": 0}}],
       "special_tokens": {"w\($0)": {"id": "w\($0)", "ids": [\($0)], "tokens": ["w\($0)"]}}}
      """
    }
    let text = """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(added ?? "")],
       "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
       "post_processor": \(frame ?? "null"), "decoder": null,
       "model": {"type": "WordLevel", "unk_token": "?", "vocab": {\(words.joined(separator: ", "))}}}
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(root)/model/tokenizer.json"))
  }
}
