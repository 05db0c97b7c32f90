public import Foundation
internal import Inputs

/// The cache that `hf download` fills, in which models are found by the names of their repositories.
///
/// A repository `ORG/NAME` is the folder `models--ORG--NAME`, with a folder of links for each commit
/// under `snapshots` and the commit that was last fetched in `refs/main`. Nothing is fetched here.
/// The layout is that of
/// <https://huggingface.co/docs/huggingface_hub/guides/manage-cache>.
public struct HubCache: Sendable {
  /// The folder of all repositories.
  let folder: String

  /// The cache where the variables of `huggingface_hub` put it.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func path(_ name: String) -> String? {
      guard let path = environment[name], !path.isEmpty else { return nil }
      guard path.hasPrefix("~/"), let home = environment["HOME"] else { return path }
      return home + path.dropFirst()
    }
    let caches = path("XDG_CACHE_HOME") ?? (environment["HOME"] ?? "") + "/.cache"
    folder =
      path("HF_HUB_CACHE") ?? path("HUGGINGFACE_HUB_CACHE")
      ?? (path("HF_HOME") ?? "\(caches)/huggingface") + "/hub"
  }

  /// Where a model lies that is given by a path or a repository's name.
  ///
  /// What lies at the path itself goes first; for the name of a repository it is the repository's
  /// folder in the cache, be it there or not: opening it refuses what is missing.
  ///
  /// - Parameters:
  ///   - written: What the user wrote.
  ///   - path: The same as a path, from wherever it counts.
  public func place(of written: String, at path: String) -> String {
    guard !Self.isPresent(path), Self.isName(written) else { return path }
    let repository = "\(folder)/models--" + written.split(separator: "/").joined(separator: "--")
    // A word may be a misspelt path; with an owner before it, it is more likely a name.
    return written.contains("/") || Self.isPresent(repository) ? repository : path
  }

  /// The folder or file to open for a path, a name or a repository's folder in a cache.
  func model(at written: String) throws(Refusal) -> String {
    let path = place(of: written, at: written)
    guard let name = Self.repository(path), !Self.isPresent("\(path)/config.json") else {
      return path
    }
    let fetch = "`hf download \(name)` fetches it"
    guard Self.isPresent(path) else {
      let cache = URL(fileURLWithPath: path).deletingLastPathComponent().path
      throw Refusal(
        .model, file: name,
        found: "no file or folder of that path, nor a model of that name in "
          + quoted(cache),
        expected: "a model's folder, a .gguf file or the name of a cached model (\(fetch))")
    }
    let listed = try? FileManager.default.contentsOfDirectory(atPath: "\(path)/snapshots")
    let commits = (listed ?? []).sorted()
    if let main = try Self.main(of: path), commits.contains(main) {
      return "\(path)/snapshots/\(main)"
    }
    guard let only = commits.first, commits.count == 1 else {
      throw Refusal(
        .model, file: path, field: "snapshots",
        found: commits.isEmpty ? "none" : "\(commits.count) of them, none of which refs/main names",
        expected: commits.isEmpty ? "one (\(fetch))" : "one, or the path of one of them")
    }
    return "\(path)/snapshots/\(only)"
  }

  /// The commit that was fetched last.
  private static func main(of repository: String) throws(Refusal) -> String? {
    let path = "\(repository)/refs/main"
    guard isPresent(path) else { return nil }
    let bytes = try BoundedFile(path, kind: .model).readAll(limit: 256)
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Whether a text can be a repository's name, by the rules of `validate_repo_id`: an owner that
  /// may be missing, and a name.
  private static func isName(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count <= 2 && text.utf8.count <= 96 && !text.contains("--")
      && !text.contains("..") && !text.lowercased().hasSuffix(".gguf")
      && parts.allSatisfy { part in
        part.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
          && part.utf8.first.map(isWord) == true && part.utf8.last.map(isWord) == true
      }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// The name of the repository whose folder in a cache this is; nil if it is another path.
  private static func repository(_ path: String) -> String? {
    guard let last = path.split(separator: "/").last, last.hasPrefix("models--") else { return nil }
    let parts = last.dropFirst("models--".count).components(separatedBy: "--")
    let name = parts.joined(separator: "/")
    return isName(name) ? name : nil
  }

  /// Whether there is anything of that path, be it a broken link.
  private static func isPresent(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
