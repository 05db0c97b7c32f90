import Foundation

/// Runs a program and says in a file how it ended, how much memory it had at most and how long its
/// processor worked: `STATUS KIBIBYTES SECONDS`.
///
/// A process of its own, and a small one: the kernel counts the memory of whoever starts a program
/// as that program's, so a test that started it itself would measure itself.
@main
struct PeakProbe {
  static func main() throws {
    let words = CommandLine.arguments
    guard words.count > 2 else {
      try FileHandle.standardError.write(
        contentsOf: Data("usage: _PeakProbe REPORT PROGRAM [ARGUMENT...]\n".utf8))
      exit(2)
    }
    var arguments = words.dropFirst(2).map { strdup($0) } + [nil]
    var child: pid_t = 0
    guard posix_spawn(&child, words[2], nil, nil, &arguments, environ) == 0 else { exit(127) }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) < 0 { guard errno == EINTR else { exit(127) } }
    let signal = status & 0x7F
    let code = signal == 0 ? status >> 8 & 0xFF : 128 + signal
    let seconds = [usage.ru_utime, usage.ru_stime]
      .reduce(0.0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    try Data("\(code) \(usage.ru_maxrss) \(seconds)\n".utf8)
      .write(to: URL(fileURLWithPath: words[1]))
    exit(code)
  }
}
