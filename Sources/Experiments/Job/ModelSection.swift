package import Inputs

/// `[model]`: the checkpoint, and the tokenizer where it lies elsewhere.
package struct ModelSection: Sendable {
  /// A folder as Hugging Face lays it out, or a `.gguf` file.
  package let path: JobPath
  package let tokenizer: JobPath?
  /// SHA-256 of the weights that the job insists on, 64 hexadecimal digits.
  package let digest: String?

  package init(_ field: JobField, folder: String) throws(Refusal) {
    let section = try field.table(known: ["path", "tokenizer", "digest"])
    path = try section.required("path", expected: "the model's folder or .gguf file")
      .path(from: folder)
    tokenizer = try section.optional("tokenizer").map { (field) throws(Refusal) in
      try field.path(from: folder)
    }
    digest = try section.optional("digest").map { (field) throws(Refusal) in
      let text = try field.string().lowercased()
      guard text.utf8.count == 64, text.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
      else { throw field.refusal(expected: "SHA-256 as 64 hexadecimal digits") }
      return text
    }
  }

  package var canonical: JobValue {
    .fields([
      "path": .text(path.written), "tokenizer": tokenizer.map { .text($0.written) },
      "digest": digest.map(JobValue.text),
    ])
  }
}
