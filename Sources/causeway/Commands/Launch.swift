import ArgumentParser
import Cluster
import Experiments
import Inputs
import ResultsStore

struct Launch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a job on many ranks, and start them again if some are lost.",
    discussion: """
      Starts mpirun, or srun inside a Slurm allocation that has PMIx. After a rank or a host is lost \
      it starts again with what is left; what was done stays done. SIGTERM, SIGINT and SIGUSR1 are \
      passed on to the ranks, which end in good order.

        causeway launch JOB -o RUN -n 64 --hostfile hosts

      Exit codes are those of run; 7 where ranks were lost too often.
      """)

  @OptionGroup var arguments: RunArguments
  @Option(
    name: [.customShort("n"), .long],
    help: "Ranks; by default as many as the allocation or the hostfile has room for.")
  var ranks: Int?
  @Option(help: ArgumentHelp("Hosts, as mpirun reads them.", valueName: "file"))
  var hostfile: String?
  @Option(help: "How often lost ranks are started again, at most.") var restarts: Int = 5
  @Option(
    help: ArgumentHelp("Start ranks by mpirun or srun.", valueName: "program"),
    transform: Launch.starter)
  var starter: RankStarter?

  func validate() throws {
    if let ranks, !(1...1_000_000).contains(ranks) {
      throw ValidationError("--ranks is \(ranks), expected 1 to 1000000")
    }
    if !(0...1000).contains(restarts) {
      throw ValidationError("--restarts is \(restarts), expected 0 to 1000")
    }
    if hostfile != nil, starter == .srun {
      throw ValidationError("--hostfile and --starter srun exclude each other")
    }
  }

  func run() throws {
    let stop = StopSignal.installed()
    let document = try arguments.load()
    let experiment = try JobKind(of: document).experiment
    let folder = try arguments.folder(try experiment.specification(document))
    let hosts = try hostfile.map { path throws(Refusal) in try HostFile(path) }
    let chosen =
      if hosts != nil { RankStarter.mpirun } else { try starter ?? .detect(in: ownEnvironment) }
    let isInSlurm = ownEnvironment["SLURM_JOB_ID"] != nil
    guard ranks != nil || hosts != nil || isInSlurm else {
      throw Refusal(
        .commandLine, field: "--ranks", found: "no number of ranks",
        expected: "-n NUMBER, --hostfile FILE, or a Slurm allocation")
    }
    let supervisor = Supervisor(
      Supervisor.Settings(starter: chosen, ranks: ranks, hosts: hosts, restarts: restarts),
      files: Supervisor.RunFiles(
        starts: { RunAttempts.count(in: folder) },
        finalCode: {
          let code = (try? experiment.progress(folder))?.exitCode
          return code == 75 ? nil : code
        }, isGivenBack: { RunAttempts.isGivenBack(in: folder) }), stop: stop,
      say: { say("causeway: \($0)") })
    leave(try supervisor.run([try ownPath(), "run"] + arguments.words))
  }
}

extension Launch {
  fileprivate static func starter(_ name: String) throws -> RankStarter {
    guard let starter = RankStarter(rawValue: name) else {
      throw ValidationError("--starter is \(escaped(name)), expected mpirun or srun")
    }
    return starter
  }
}
