internal import Foundation
internal import Inputs

/// What the disk below a path has left for this user.
struct FreeDisk: Sendable, Equatable {
  let bytes: Int
  /// Nil where the file system does not count them.
  let inodes: Int?

  /// - Parameter path: May not be there yet: then the nearest folder above it that is.
  init(at path: String) throws(Refusal) {
    var url = URL(fileURLWithPath: path).standardizedFileURL
    while url.path != "/", !FileManager.default.fileExists(atPath: url.path) {
      url.deleteLastPathComponent()
    }
    var status = statvfs()
    guard statvfs(url.path, &status) == 0 else {
      throw Refusal(
        .store, file: url.path, field: "statvfs", found: systemMessage(),
        expected: "a folder on a disk")
    }
    let (product, overflow) = UInt64(status.f_bavail)
      .multipliedReportingOverflow(by: UInt64(status.f_frsize))
    bytes = overflow ? Int.max : Int(clamping: product)
    inodes = status.f_files == 0 ? nil : Int(clamping: UInt64(status.f_favail))
  }

  /// Bytes on the disk, and names, of what lies below a folder.
  static func used(by folder: String) -> (bytes: Int, files: Int) {
    var (bytes, files) = (0, 0)
    let names = FileManager.default.enumerator(atPath: folder)
    while let name = names?.nextObject() as? String {
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
      files += 1
      bytes += 512 * Int(status.st_blocks)
    }
    return (bytes, files)
  }
}
