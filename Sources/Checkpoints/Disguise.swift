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
  // A number that torch.save wrote first until torch 1.6, which then began to write zip archives.
  if start.starts(with: [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8]) {
    return "PyTorch's legacy format (load it with torch and save it again)"
  }
  if start.first == 0x80, start.count > 1, (2...5).contains(start[1]) { return "a bare pickle" }
  let text = start.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    .map { (65...90).contains($0) ? $0 | 0x20 : $0 }
  if text.starts(with: "<!doctype".utf8) || text.starts(with: "<html".utf8) {
    return "an HTML page, perhaps of a failed download"
  }
  return nil
}
