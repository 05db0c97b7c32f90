import Foundation
import Testing
import _TestSupport

/// Closes what it inherits and runs its words: Foundation sees a process end when a socket closes,
/// which daemons that a script starts may hold open for ever.
private let closing = """
  for fd in /proc/$$/fd/*; do fd=${fd##*/}; if ((fd > 2)); then eval "exec $fd>&-"; fi; done
  exec "$@"
  """

/// Runs a script of the reference material, and returns what it printed.
@discardableResult
func runScript(
  _ words: [String], environment: [String: String] = [:], within limit: Duration = .seconds(120)
) async throws -> (code: Int32, output: String) {
  let file = FileManager.default.temporaryDirectory
    .appendingPathComponent("script-\(UUID().uuidString)")
  try Data().write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  let handle = try FileHandle(forWritingTo: file)
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["bash", "-c", closing, "bash"] + words
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  process.standardOutput = handle
  process.standardError = handle
  process.standardInput = FileHandle.nullDevice
  // The tests' threads block signals, and a child would inherit that.
  var (none, old) = (sigset_t(), sigset_t())
  sigemptyset(&none)
  pthread_sigmask(SIG_SETMASK, &none, &old)
  defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
  try process.run()
  let start = ContinuousClock.now
  while process.isRunning {
    if start.duration(to: .now) > limit { kill(process.processIdentifier, SIGKILL) }
    try await Task.sleep(for: .milliseconds(20))
  }
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: try Data(contentsOf: file), as: UTF8.self))
}

private func script(_ name: String) -> String? {
  SharedMaterial.root.map { $0.appendingPathComponent("cluster/\(name)").path }
    .flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
}

private func isOnPath(_ program: String) -> Bool {
  let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  return (folders + ["/usr/sbin", "/sbin"]).contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
  }
}

/// Three "hosts" on this machine: network namespaces, with names and addresses of their own.
final class LocalHosts: Sendable {
  static let script = causewayTests.script("netns-cluster.sh")
  static let arePresent = script != nil && geteuid() == 0 && isOnPath("ip") && isOnPath("unshare")
  static let reason: Comment = "needs root, iproute2 and the reference material's netns-cluster.sh"

  let name = "cw\(getpid() % 1000)"
  let subnet = "10.\(64 + getpid() % 64).\(getpid() / 64 % 250)"
  let state: String

  var variables: [String: String] {
    [
      "CLUSTER": name, "SUBNET": subnet, "CLUSTER_STATE": state,
      "OMPI_MCA_plm_rsh_agent": "\(Self.script ?? "") agent", "OMPI_MCA_btl": "self,vader,tcp",
      "OMPI_MCA_btl_tcp_if_include": "\(subnet).0/24",
      "OMPI_MCA_oob_tcp_if_include": "\(subnet).0/24", "OMPI_MCA_mpi_yield_when_idle": "1",
    ]
  }

  init(_ count: Int) async throws {
    state = "/run/netns-cluster-cw\(getpid())"
    let up = try await command("up", "\(count)", "--slots", "1")
    guard up.code == 0 else { throw NoHosts(said: up.output) }
  }

  struct NoHosts: Error { let said: String }

  @discardableResult
  func command(_ words: String...) async throws -> (code: Int32, output: String) {
    try await runScript([Self.script ?? ""] + words, environment: variables)
  }

  func host(_ number: Int) -> String { "\(name)-host\(number)" }
  var hostFile: String { state + "/hostfile" }

  /// Starts the tool on a host.
  func start(_ arguments: [String], on host: Int, ranks: Int? = nil) throws -> RunningTool {
    try RunningTool(
      arguments, ranks: ranks, prefix: [Self.script ?? "", "exec", "\(host)"],
      environment: variables)
  }

  func down() async throws { try await command("down") }
}

/// A Slurm of this machine alone, of some virtual nodes.
final class LocalSlurm: Sendable {
  static let script = causewayTests.script("slurm-local.sh")
  static let isPresent =
    script != nil && geteuid() == 0 && isOnPath("slurmctld")
    && isOnPath("slurmd") && isOnPath("munged")
  static let reason: Comment = "needs root, slurm-wlm and the reference material's slurm-local.sh"

  let folder = "/run/causeway-slurm-\(getpid())"
  let variables: [String: String]

  init(nodes: Int) async throws {
    variables = [
      "SLURM_LOCAL_DIR": folder, "SLURM_LOCAL_PORT": "\(20_000 + getpid() % 20_000)", "CPUS": "2",
      "SLURM_CONF": folder + "/slurm.conf", "OMPI_ALLOW_RUN_AS_ROOT": "1",
      "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
      "OMPI_MCA_hwloc_base_binding_policy": "none", "SWIFT_BACKTRACE": "enable=no",
    ]
    let up = try await runScript(
      [Self.script ?? "", "start", "\(nodes)"], environment: variables)
    guard up.code == 0 else { throw NoSlurm(said: up.output) }
  }

  struct NoSlurm: Error { let said: String }

  /// Runs a program with this Slurm's environment.
  @discardableResult
  func run(_ words: String...) async throws -> (code: Int32, output: String) {
    try await runScript(words, environment: variables)
  }

  /// What `scontrol show job` says of a field.
  func field(_ name: String, of job: Int) async throws -> String? {
    let said = try await run("scontrol", "show", "job", "\(job)").output
    return said.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("\(name)=") }
      .map { String($0.dropFirst(name.count + 1)) }
  }

  func stop() async throws {
    try await runScript([Self.script ?? "", "stop"], environment: variables)
  }
}
