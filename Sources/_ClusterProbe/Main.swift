internal import Cluster
internal import Foundation
internal import Inputs

/// Runs one part of Cluster under a launcher, for the tests: `_ClusterProbe COMMAND KEY=VALUE...`.
@main
struct Main {
  static func main() {
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    do throws(Refusal) {
      let environment = try MPIEnvironment(countLimit: options.int("limit", or: 1 << 30))
      let probe = Probe(environment: environment, options: options)
      do {
        let code = try probe.run()
        environment.leave(code: code)
      } catch let error as MPIError {
        environment.leave(after: error.refusal)
      } catch let error as Refusal {
        environment.leave(after: error)
      } catch {
        print("\(error)")
        environment.leave(code: 70)
      }
    } catch {
      print(error)
      exit(error.kind.exitCode)
    }
  }
}

/// The words of the command line.
struct Options {
  let command: String
  private var values: [String: String] = [:]

  init(_ arguments: [String]) {
    command = arguments.first ?? ""
    for argument in arguments.dropFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
  }

  func text(_ key: String) -> String? { values[key] }
  func int(_ key: String, or standard: Int) -> Int { values[key].flatMap { Int($0) } ?? standard }

  /// Whether a list such as `1,3` has the number.
  func list(_ key: String, has number: Int) -> Bool {
    (values[key] ?? "").split(separator: ",").contains { Int($0) == number }
  }
}

struct Probe {
  let environment: MPIEnvironment
  let options: Options

  var world: Communicator { environment.world }

  func run() throws -> Int32 {
    switch options.command {
    case "messages": try messages()
    case "patience": try patience()
    case "memory": try memory()
    case "sum": try sum()
    case "sum-time": try sumTime()
    case "uneven-sum": try unevenSum()
    case "agree": try agree()
    case "handshake": try handshake()
    case "units": return try units()
    case "abort": environment.abort(code: 42)
    default: return 2
    }
    return 0
  }

  /// One line of this rank; written at once, as a killed rank loses what it has buffered.
  func say(_ line: String) { Self.say(line, of: world.rank) }

  static func say(_ line: String, of rank: Int) {
    FileHandle.standardOutput.write(Data("\(rank) \(line)\n".utf8))
  }
}
