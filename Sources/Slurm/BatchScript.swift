package import Inputs
internal import ResultsStore

/// A script for Slurm's `sbatch` that brings one job, or an array of them, to its end, or runs one
/// specification.
///
/// It starts `causeway launch`, passes on the signal that Slurm sends before the time is up, and
/// puts itself into the queue again until the work is done: by `scontrol requeue`, or, where that
/// is switched off, by submitting itself anew. A start after the work is done finds nothing left.
package struct BatchScript: Sendable {
  package struct Options: Sendable {
    /// The program, from the root of the file system.
    package var program: String
    /// How often lost ranks are started again within one allocation.
    package var restarts = 5
    /// How often the script starts itself again, at most.
    package var starts = 100
    /// Whether the jobs after this one are in the queue already, so that it need not follow itself.
    package var isChained = false

    package init(program: String) { self.program = program }
  }

  private let jobs: [BatchJob]
  private let options: Options
  private let request: SlurmRequest
  private let log: String

  /// - Parameter jobs: Jobs, or one specification.
  /// - Throws: Where jobs do not fit together, or a path does not fit a line of `sbatch`.
  package init(_ jobs: [BatchJob], _ options: Options) throws(Refusal) {
    self.jobs = jobs
    self.options = options
    request = try SlurmRequest(jobs)
    var folders: [String: String] = [:]
    for job in jobs {
      if let other = folders.updateValue(job.file, forKey: job.output) {
        throw Refusal(
          .commandLine, file: job.file, field: "run.output",
          found: "the run folder of \(escaped(other)), \(escaped(job.output))",
          expected: "a folder of its own for each job")
      }
      for text in job.words
      where !text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) {
        throw Refusal(
          .commandLine, field: "script", found: quoted(text),
          expected: "text without control "
            + "characters, for a batch script")
      }
    }
    let output = jobs[0].output
    guard !output.contains(where: { "\"\\%$`".contains($0) }) else {
      throw Refusal(
        .commandLine, field: "--output", found: quoted(output),
        expected: "a path without \", \\, %, $ and `, for a line of sbatch")
    }
    log = output + (jobs.count > 1 ? ".slurm-%A_%a.log" : ".slurm-%j.log")
  }

  private var directives: [String] {
    let name = (jobs.count == 1 ? jobs[0].name : nil) ?? "causeway"
    let fit = name.unicodeScalars.map { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic
          || "0123456789-_.".unicodeScalars
            .contains(scalar))
        ? Character(scalar) : "-"
    }
    return ["--job-name=\(String(fit.prefix(60)))"] + request.directives
      + (jobs.count > 1 ? ["--array=0-\(jobs.count - 1)"] : [])
      + (isResumed ? ["--signal=B:USR1@\(request.noticeSeconds)"] : [])
      + ["--requeue", "--open-mode=append", "--output=\"\(log)\""]
  }

  /// Whether a start goes on where the one before has ended.
  private var isResumed: Bool {
    if case .launched = jobs[0].course { true } else { false }
  }

  /// The whole script.
  package var text: String {
    let lines = directives.map { "#SBATCH \($0)" }.joined(separator: "\n")
    return isResumed ? resumed(lines) : whole(lines)
  }

  /// The script of a specification, which a start after the loss of its node does from the beginning.
  private func whole(_ lines: String) -> String {
    let output = shellQuoted(jobs[0].output)
    return """
      #!/bin/bash
      # Made by causeway submit. A start after the end finds the output there, and does nothing.
      \(lines)

      if [[ -e \(output) ]]; then exit 0; fi
      exec \(shellQuoted(options.program)) intervene \(Self.words(jobs[0]))

      """
  }

  private func resumed(_ lines: String) -> String {
    let choice: String
    if jobs.count == 1 {
      choice = "job=(\(Self.words(jobs[0])))"
    } else {
      let cases = jobs.enumerated().map { "  \($0)) job=(\(Self.words($1))) ;;" }
      choice =
        "case ${SLURM_ARRAY_TASK_ID:-} in\n\(cases.joined(separator: "\n"))\n"
        + "  *) echo 'no job of this number' >&2; exit 2 ;;\nesac"
    }
    return """
      #!/bin/bash
      # Made by causeway submit. Each start does what is left; one after the end finds nothing to do.
      \(lines)

      \(choice)

      # Slurm signals this shell alone; the ranks get USR1, and end in good order.
      note() { signal=$1; interrupted=1; kill -USR1 "$launch" 2> /dev/null; }
      signal= launch= code=
      trap 'note USR1' USR1
      trap 'note TERM' TERM
      \(shellQuoted(options.program)) launch "${job[@]}" --restarts \(options.restarts) &
      launch=$!
      # A signal ends the wait, not what is waited for.
      while
        interrupted=
        wait "$launch"
        ended=$?
        ((ended == 127)) || code=$ended
        [[ -n $interrupted ]]
      do :; done

      \(options.isChained ? Self.chained : Self.following(starts: options.starts))

      """
  }

  /// The script, and the numbers of the jobs that were sent.
  package func json(jobs numbers: [Int]) -> String {
    let table: Attribute = [
      "script": .text(text), "runs": .list(jobs.map { .text($0.output) }),
      "jobs": .list(numbers.map { .integer($0) }),
    ]
    return table.json
  }

  /// The end of a script whose followers are in the queue.
  private static let chained = "exit \"$code\""

  private static func following(starts: Int) -> String {
    """
    # 75 is a stop, 7 a loss: the same goes on in a new start. Anything else is an end.
    if [[ $code != 75 && $code != 7 ]]; then exit "$code"; fi
    # scancel means it, and preemption and requeueing start the job again by themselves: Slurm then
    # no longer calls it running, as it does where somebody only sent the signal.
    if [[ $signal == TERM && $(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%T) != RUNNING ]]; then
      exit "$code"
    fi
    starts=$((${CAUSEWAY_STARTS:-0} + ${SLURM_RESTART_COUNT:-0} + 1))
    if ((starts >= \(starts))); then
      echo "causeway: not started again after $starts starts" >&2
      exit "$code"
    fi
    id=$SLURM_JOB_ID
    if [[ -n ${SLURM_ARRAY_TASK_ID:-} ]]; then id=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID; fi
    if scontrol requeue "$id"; then
      # Slurm now ends this shell, and starts the script from its beginning.
      trap - TERM
      sleep 60
      exit "$code"
    fi
    array=()
    if [[ -n ${SLURM_ARRAY_TASK_ID:-} ]]; then array=(--array="$SLURM_ARRAY_TASK_ID"); fi
    sbatch --export=ALL,CAUSEWAY_STARTS="$starts" "${array[@]}" "$0" || exit "$code"
    """
  }

  private static func words(_ job: BatchJob) -> String {
    job.words.map(shellQuoted).joined(separator: " ")
  }
}

/// A word as a shell reads it back, whatever is in it.
func shellQuoted(_ text: String) -> String {
  "'" + text.replacing("'", with: "'\\''") + "'"
}
