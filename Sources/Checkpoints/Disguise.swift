internal import Inputs

/// What a file with the wrong first bytes really is, in words; nil if it is nothing well known.
///
/// Asked only once a file is known to be wrong, so that the refusal can say what happened to it.
func disguise(of file: BoundedFile) throws(Refusal) -> String? {
  let start = try file.bytes(at: 0, count: min(file.size, 64))
  if start.starts(with: "version https://git-lfs".utf8) {
    return "a Git LFS pointer in place of the file (fetch it with `git lfs pull`)"
  }
  if start.starts(with: "GGUF".utf8) { return "a GGUF file" }
  if start.starts(with: "PK\u{3}\u{4}".utf8) {
    return "a zip archive, perhaps a PyTorch checkpoint"
  }
  let text = start.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    .map { (65...90).contains($0) ? $0 | 0x20 : $0 }
  if text.starts(with: "<!doctype".utf8) || text.starts(with: "<html".utf8) {
    return "an HTML page, perhaps of a failed download"
  }
  return nil
}
