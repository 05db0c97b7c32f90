internal import Foundation
public import Inputs

/// A program that runs as a child of this process.
///
/// It has a process group of its own, so that Ctrl-C on a terminal reaches it through this process
/// alone, and none of the signals that Swift's threads block are blocked in it.
public final class ChildProcess {
  /// Its process number.
  public let id: Int32
  private var ended: Int32?

  /// Starts a program, which gets SIGTERM should this process be killed.
  ///
  /// - Parameters:
  ///   - words: The program, looked up on the `PATH`, and its arguments.
  ///   - output: A file for what it prints, made anew; nil: where this process prints.
  /// - Throws: A refusal of kind `cluster` that names the program.
  public init(_ words: [String], output: String? = nil) throws(Refusal) {
    precondition(!words.isEmpty, "no program")
    var attributes = posix_spawnattr_t()
    var actions = posix_spawn_file_actions_t()
    posix_spawnattr_init(&attributes)
    posix_spawn_file_actions_init(&actions)
    defer {
      posix_spawnattr_destroy(&attributes)
      posix_spawn_file_actions_destroy(&actions)
    }
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    posix_spawnattr_setpgroup(&attributes, 0)
    var (none, ignored) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&ignored)
    for signal in [SIGPIPE, SIGXFSZ, SIGHUP] { sigaddset(&ignored, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &ignored)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let output {
      posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }
    let bound = Self.boundToThisProcess(words)
    var arguments = bound.map { strdup($0) } + [nil]
    var environment =
      ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var id = pid_t()
    let code = posix_spawnp(&id, bound[0], &actions, &attributes, &arguments, &environment)
    guard code == 0 else {
      throw Refusal(
        .cluster, field: words[0], found: String(cString: strerror(code)),
        expected: "a program on the PATH that starts")
    }
    self.id = id
  }

  /// The words behind a helper of util-linux that asks the kernel for a signal when the parent
  /// dies; as they are where there is none.
  private static func boundToThisProcess(_ words: [String]) -> [String] {
    let helper = "/usr/bin/setpriv"
    guard access(helper, X_OK) == 0 else { return words }
    return [helper, "--pdeathsig", "TERM", "--"] + words
  }

  /// How it ended, as a shell says it: 128 and the signal's number where one ended it; nil while
  /// it runs.
  public func code() -> Int32? {
    if let ended { return ended }
    var status: Int32 = 0
    let found = waitpid(id, &status, WNOHANG)
    guard found == id || found < 0 && errno == ECHILD else { return nil }
    let signal = status & 0x7F
    ended = signal == 0 ? status >> 8 & 0xFF : 128 + signal
    return ended
  }

  /// Sends it a signal, unless it has ended.
  public func send(_ signal: Int32) {
    if code() == nil { kill(id, signal) }
  }

  /// Kills it, with what it started in its group, and waits for its end.
  public func end() {
    guard code() == nil else { return }
    kill(-id, SIGKILL)
    kill(id, SIGKILL)
    while code() == nil { usleep(2000) }
  }
}

/// Runs a program to its end or for so long, and returns its code; nil where it had to be killed.
package func runBriefly(
  _ words: [String], output: String = "/dev/null", within time: Duration
) throws(Refusal) -> Int32? {
  let child = try ChildProcess(words, output: output)
  let start = ContinuousClock.now
  while true {
    if let code = child.code() { return code }
    guard start.duration(to: .now) < time else {
      child.end()
      return nil
    }
    usleep(5000)
  }
}
