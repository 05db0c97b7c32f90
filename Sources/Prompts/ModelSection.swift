internal import Checkpoints
package import Inputs
package import JobFiles

/// `[model]`: the checkpoint, and the tokenizer where it lies elsewhere.
package struct ModelSection: Sendable {
  /// A folder as Hugging Face lays it out, or a `.gguf` file; for the name of a cached model its
  /// place in the cache.
  package let path: JobPath
  package let tokenizer: JobPath?
  /// Whether texts get the tokens that the tokenizer puts around them, such as a beginning of sequence.
  package let specialTokens: Bool
  /// SHA-256 of the weights that the job insists on, 64 hexadecimal digits.
  package let digest: String?

  package init(_ f: inout Fields) throws(Refusal) {
    let path = try f.required(
      "path", .path("the model's folder or .gguf file"),
      "A folder as Hugging Face lays it out, a .gguf file, or the name of a model in its cache.")
    self = try Self.rest(&f, path, only: .always)
  }

  /// The same in a section that may describe a new model instead, in which case it is nil.
  package static func ofFolder(_ f: inout Fields, unless other: String) throws(Refusal)
    -> ModelSection?
  {
    let isGiven = Fields.When(!f.has(other), "path")
    let path = try f.optional(
      "path", .path("a model's folder to go on from, or \(other)"),
      needed: Fields.When(!f.has(other), "without \(other)"), apartFrom: [other],
      "A folder as Hugging Face lays it out, or the name of a model in its cache, whose training "
        + "goes on.")
    let section = try path.map { (path) throws(Refusal) in try rest(&f, path, only: isGiven) }
    if section == nil {
      _ = try rest(&f, JobPath(written: "", resolved: ""), only: isGiven)
    }
    return section
  }

  package init(path: JobPath, tokenizer: JobPath?, specialTokens: Bool, digest: String?) {
    let place = HubCache().place(of: path.written, at: path.resolved)
    self.path = JobPath(written: path.written, resolved: place)
    (self.tokenizer, self.digest) = (tokenizer, digest)
    self.specialTokens = specialTokens
  }

  private static func rest(
    _ f: inout Fields, _ path: JobPath, only when: Fields.When
  ) throws(Refusal) -> ModelSection {
    ModelSection(
      path: path,
      tokenizer: try f.optional(
        "tokenizer", .path, usually: "the model's own", only: when,
        "A tokenizer's file, or a folder with one: tokenizer.json, tokenizer.model, vocab.json with "
          + "merges.txt, vocab.txt, .tiktoken or .gguf."),
      specialTokens: try f.field(
        "special_tokens", .flag, or: true, isImplied: true, only: when,
        "Whether texts get the tokens that the tokenizer puts around them, such as a beginning of "
          + "sequence. Token ids are taken as they are."),
      digest: try f.optional(
        "digest", .digest, only: when, "The weights' digest, which a run then insists on."))
  }
}
