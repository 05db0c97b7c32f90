import Foundation

/// A file in memory that holds one input after another.
final class MemoryFile: Sendable {
  static let shared = MemoryFile()

  private let descriptor: Int32

  private init() {
    descriptor = memfd_create("input", 0)
    precondition(descriptor >= 0, "memfd_create: \(String(cString: strerror(errno)))")
  }

  /// A path under which a file of those bytes is opened, until the next call.
  func path(of bytes: [UInt8]) -> String {
    precondition(ftruncate(descriptor, 0) == 0)
    precondition(pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
    return "/proc/self/fd/\(descriptor)"
  }
}
