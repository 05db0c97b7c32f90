import CFuzzer
import Foundation

/// A file in memory that holds one input after another, under names that end as its kind does.
final class MemoryFile: Sendable {
  static let shared = MemoryFile()

  private let descriptor: Int32
  /// Where its names are, and the folders that readers find it in.
  let folder: String

  private init() {
    descriptor = cfuzzer_memory_file()
    precondition(descriptor >= 0, "memfd_create: \(String(cString: strerror(errno)))")
    folder = FileManager.default.temporaryDirectory.path + "/causeway-fuzz-\(getpid())"
    mkdir(folder, 0o700)
  }

  /// A path under which a file of those bytes is opened, until the next call.
  ///
  /// - Parameter name: Below `folder`; what is above it must be there.
  func path(of bytes: [UInt8], name: String) -> String {
    precondition(ftruncate(descriptor, 0) == 0)
    precondition(pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
    let path = "\(folder)/\(name)"
    // There already but for the first time.
    symlink("/proc/self/fd/\(descriptor)", path)
    return path
  }
}
