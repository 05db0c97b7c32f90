internal import Foundation

/// Refuses to put a file where something else than a file is: written under another name and renamed,
/// it would take the place of a device such as `/dev/null` or of a pipe that somebody reads.
public func checkOutputPath(_ path: String, kind: Refusal.Kind) throws(Refusal) {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
  let found = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device, pipe or socket"
  throw Refusal(kind, file: path, found: found, expected: "a file, or a name that is free")
}

/// Refuses to put a file where one is already, unless the user says so.
public func refuseReplacing(_ path: String, force: Bool) throws(Refusal) {
  guard force || !FileManager.default.fileExists(atPath: path) else {
    throw Refusal(
      .commandLine, file: path, found: "a file that is there", expected: "a new name, or --force")
  }
}

/// Refuses a path whose folder is not there and cannot be made, before there is anything to write.
public func checkFolder(above path: String, kind: Refusal.Kind) throws(Refusal) {
  var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
  while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
    folder.deleteLastPathComponent()
  }
  var status = stat()
  guard stat(folder.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
    access(folder.path, W_OK | X_OK) == 0
  else {
    throw Refusal(
      kind, file: path, found: "\(escaped(folder.path)), where nothing can be written",
      expected: "a folder that can be written to, or one in which it can be made")
  }
}

/// Makes the folder of a path, and those above it, where they are not there.
public func makeFolder(above path: String) throws(Refusal) {
  let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
  do {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  } catch {
    throw Refusal(
      .store, file: folder, found: escaped("\(error)"), expected: "to create the folder")
  }
}
