internal import Foundation
internal import Inputs

/// What tells one process from every other, also after its number has been given to another.
struct ProcessIdentity: Sendable, Equatable {
  let host: String
  /// The kernel's name of this boot of the host.
  let boot: String
  /// The namespace that process numbers are counted in: containers on a host have their own.
  let namespace: String
  let process: Int
  /// Clock ticks from the boot to the process's start.
  let started: Int

  /// The calling process.
  static func current() throws(Refusal) -> ProcessIdentity {
    var name = [CChar](repeating: 0, count: 256)
    try system("gethostname", "") { Int(gethostname(&name, name.count - 1)) }
    let process = Int(getpid())
    return ProcessIdentity(
      host: String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
      boot: text(of: "/proc/sys/kernel/random/boot_id") ?? "unknown",
      namespace: target(of: "/proc/self/ns/pid") ?? "unknown", process: process,
      started: startTime(of: process) ?? 0)
  }

  /// Whether the process runs, as far as can be told from here; nil where it cannot be.
  ///
  /// Only a process of the same boot of the same host, in the same namespace, can be looked up.
  func isAlive(seenFrom here: ProcessIdentity) -> Bool? {
    guard host == here.host, boot == here.boot, namespace == here.namespace, boot != "unknown",
      namespace != "unknown"
    else { return nil }
    return Self.startTime(of: process) == started
  }

  /// Field 22 of `/proc/PID/stat`; nil where no such process runs (a zombie does not).
  private static func startTime(of process: Int) -> Int? {
    guard let stat = text(of: "/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else {
      return nil
    }
    let fields = stat[end...].dropFirst().split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return Int(fields[19])
  }

  /// The first line of a small file of the kernel's, whose size reads as 0.
  private static func text(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self)
  }

  private static func target(of link: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 256)
    let count = readlink(link, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
