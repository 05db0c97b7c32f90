import ArgumentParser
import Experiments
@preconcurrency import Foundation
import Inputs

/// The command line: each command parses, calls the library and prints.
struct Causeway: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "causeway",
    abstract: "Causal interventions on neural networks, as distributed batch experiments.",
    discussion: """
      A job file (TOML) says what to do; a run folder keeps what came out of it. The same command \
      starts a run, resumes it after a kill, and does nothing once it is finished.

        causeway plan jobs/trace-smollm2.toml
        mpirun -n 2 causeway run jobs/trace-smollm2.toml -o runs/trace
        causeway show runs/trace
      """,
    version: programVersion,
    subcommands: [
      Plan.self, Check.self, Run.self, Launch.self, Submit.self, Status.self, Show.self,
      Verify.self, Export.self,
      Sites.self, Inspect.self, Intervene.self, Help.self,
    ])
}

@main
struct Main {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    setvbuf(stdout, nil, _IOLBF, 0)
    do {
      try refuseRepeated(CommandLine.arguments.dropFirst())
      var command = try Causeway.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try ComputeRoom.checkThreads()
        try await command.run()
      } else {
        try command.run()
      }
      leave(0)
    } catch let refusal as Refusal {
      leave(refusal)
    } catch {
      leaveAfterParsing(error)
    }
  }

  /// Refuses an option that is given twice, of which the parser would silently take the last.
  private static func refuseRepeated(_ words: some Sequence<String>) throws(Refusal) {
    var seen: Set<String> = []
    for word in words.prefix(while: { $0 != "--" }) {
      let name = ["-o": "--output", "-n": "--ranks"][word] ?? String(word.prefix { $0 != "=" })
      guard name.hasPrefix("--"), name != "--set", !seen.insert(name).inserted else { continue }
      throw Refusal(
        .commandLine, field: escaped(name), found: "the option twice", expected: "it once")
    }
  }

  /// Help and version go to standard output with code 0; a wrong command line gets one line and
  /// code 2. Under mpirun one rank speaks for all.
  private static func leaveAfterParsing(_ error: any Error) -> Never {
    if let code = error as? ExitCode { leave(code.rawValue) }
    guard Causeway.exitCode(for: error).isSuccess else {
      letFirstRankSpeak()
      say("causeway: " + Causeway.message(for: error))
      leave(Refusal.Kind.commandLine.exitCode)
    }
    let isAskedFor = CommandLine.arguments.count > 1
    if isFirstRank {
      let text = Causeway.fullMessage(for: error)
      if isAskedFor { print(text) } else { say(text) }
    }
    leave(isAskedFor ? 0 : Refusal.Kind.commandLine.exitCode)
  }
}

let ownEnvironment = ProcessInfo.processInfo.environment

/// Whether this process is the one of a job that speaks.
let isFirstRank: Bool = {
  let rank = ownEnvironment["OMPI_COMM_WORLD_RANK"] ?? ownEnvironment["PMIX_RANK"] ?? "0"
  return rank == "0"
}()

/// The program that this process runs, from the root of the file system.
func ownPath() throws(Refusal) -> String {
  do {
    return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  } catch {
    throw Refusal(
      .resources, file: "/proc/self/exe", found: escaped(error.localizedDescription),
      expected: "the program's own path")
  }
}

/// Prints a line on standard error.
func say(_ text: String) {
  // A full disk or a closed terminal must not end the process, as Foundation's own writing does:
  // there is nobody left to tell.
  let bytes = Array((text + "\n").utf8)
  var done = 0
  while done < bytes.count {
    let count = bytes[done...].withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return }
    done += count
  }
}

/// Ends after a refusal, which is printed on one line.
func leave(_ refusal: Refusal) -> Never {
  letFirstRankSpeak()
  say("causeway: \(refusal)")
  leave(refusal.kind.exitCode)
}

/// Waits, on other ranks than the first: mpirun ends all once one has ended with an error, and the
/// first may not have spoken by then. Returns there only if it does not end.
private func letFirstRankSpeak() {
  if !isFirstRank { sleep(20) }
}

/// Ends with a code, unless what was printed could not be written: then with that of resources.
func leave(_ code: Int32) -> Never {
  // Lines were written as they ended: what failed then, only the stream remembers.
  let isWritten = fflush(stdout) == 0 && ferror(stdout) == 0
  exit(code == 0 && !isWritten ? Refusal.Kind.resources.exitCode : code)
}
