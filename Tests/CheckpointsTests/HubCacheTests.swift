import Foundation
import Inputs
import Testing

@testable import Checkpoints

/// A cache of one model as `hf download` leaves it: blobs, and snapshots of links to them.
private struct TestCache {
  let folder: TemporaryFolder
  var cache: HubCache { HubCache(environment: ["HF_HUB_CACHE": folder.path]) }
  let repository: String

  init(_ name: String = "models--owner--tiny", commits: [String], main: String? = nil) throws {
    folder = try TemporaryFolder()
    repository = "\(folder.path)/\(name)"
    for (number, commit) in commits.enumerated() {
      try folder.write("\(name)/blobs/c\(number)", #"{"number":\#(number)}"#.utf8)
      var writer = SafetensorsWriter()
      writer.add("w", shape: [1], [Float(number)])
      try writer.write(to: "\(repository)/blobs/w\(number)")
      let snapshot = "\(repository)/snapshots/\(commit)"
      try FileManager.default.createDirectory(
        atPath: snapshot, withIntermediateDirectories: true)
      for (link, blob) in [("config.json", "c"), ("model.safetensors", "w")] {
        try FileManager.default.createSymbolicLink(
          atPath: "\(snapshot)/\(link)", withDestinationPath: "../../blobs/\(blob)\(number)")
      }
    }
    if let main { try folder.write("\(name)/refs/main", main.utf8) }
  }
}

@Test(arguments: [
  (["HF_HUB_CACHE": "/a", "HF_HOME": "/b", "HOME": "/h"], "/a"),
  (["HUGGINGFACE_HUB_CACHE": "/a", "HF_HOME": "/b", "HOME": "/h"], "/a"),
  (["HF_HUB_CACHE": "", "HF_HOME": "/b", "HOME": "/h"], "/b/hub"),
  (["HF_HOME": "~/b", "HOME": "/h"], "/h/b/hub"),
  (["XDG_CACHE_HOME": "/x", "HOME": "/h"], "/x/huggingface/hub"),
  (["HOME": "/h"], "/h/.cache/huggingface/hub"),
])
func `the cache is where huggingface_hub has it`(environment: [String: String], folder: String) {
  #expect(HubCache(environment: environment).folder == folder)
}

@Test(arguments: ["owner/tiny", "tiny"])
func `a cached model opens by its name, at the commit that was fetched last`(name: String) throws {
  let folder = "models--" + name.split(separator: "/").joined(separator: "--")
  let test = try TestCache(folder, commits: ["aaa", "bbb"], main: "bbb\n")
  let model = try Checkpoint(name, cache: test.cache)
  #expect(model.path == test.repository + "/snapshots/bbb")
  #expect(try model.floats("w") == [1])
  #expect(model.notes == [])
  // The digest is that of the files, however they were found.
  #expect(try model.digest() == Checkpoint(model.path).digest())
  #expect(try Checkpoint(test.repository).path == model.path)
  #expect(try Checkpoint(test.repository + "/").floats("w") == [1])
}

@Test(arguments: [nil, "gone", "../../../secret", ""])
func `the only snapshot is taken where refs does not name one`(main: String?) throws {
  let test = try TestCache(commits: ["aaa"], main: main)
  #expect(try Checkpoint("owner/tiny", cache: test.cache).floats("w") == [0])
}

@Test func `several snapshots without a last one are refused`() throws {
  let test = try TestCache(commits: ["aaa", "bbb"])
  expectRefusal("models--owner--tiny;snapshots;2 of them;refs/main") {
    try Checkpoint("owner/tiny", cache: test.cache)
  }
  let empty = try TestCache(commits: [], main: "aaa")
  expectRefusal("snapshots;none;`hf download owner/tiny`") {
    try Checkpoint("owner/tiny", cache: empty.cache)
  }
  let long = try TestCache(commits: ["aaa"], main: String(repeating: "a", count: 300))
  expectRefusal("refs/main;300 bytes") { try Checkpoint("owner/tiny", cache: long.cache) }
}

@Test func `a model that is not in the cache is refused with what fetches it`() throws {
  let test = try TestCache(commits: ["aaa"])
  expectRefusal("owner/tinier;no file or folder;\(test.folder.path);`hf download owner/tinier`") {
    try Checkpoint("owner/tinier", cache: test.cache)
  }
  expectRefusal("tinier;no such file") { try Checkpoint("tinier", cache: test.cache) }
}

@Test func `what lies at the path goes before the cache`() throws {
  let test = try TestCache(commits: ["aaa"], main: "aaa")
  let local = try TemporaryFolder()
  let path = local.path + "/owner/tiny"
  #expect(test.cache.place(of: "owner/tiny", at: path) == test.repository)
  try local.write("owner/tiny/config.json", "{}".utf8)
  #expect(test.cache.place(of: "owner/tiny", at: path) == path)
}

@Test func `a folder of a model may be called as repositories are in the cache`() throws {
  let folder = try TemporaryFolder()
  try folder.write("models--a--b/config.json", "{}".utf8)
  var writer = SafetensorsWriter()
  writer.add("w", shape: [1], [Float(3)])
  try writer.write(to: folder.path + "/models--a--b/model.safetensors")
  #expect(try Checkpoint(folder.path + "/models--a--b").floats("w") == [3])
}

@Test(arguments: [
  "/owner/tiny", "./tiny", "../tiny", "owner/", "owner/tiny/file", "owner//tiny", "a--b/c",
  "a..b/c",
  "owner/tiny.gguf", "owner/tiny-", "caf\u{e9}/x", "own er/x", "", "owner/$HOME",
])
func `what cannot be a repository's name is a path`(written: String) {
  let cache = HubCache(environment: ["HOME": "/nowhere"])
  #expect(cache.place(of: written, at: "/nowhere/else") == "/nowhere/else")
}
