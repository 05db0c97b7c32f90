internal import Inputs

extension RunHolder {
  /// Who holds a run's folder, for `status`.
  package var lines: [String] {
    let slurm = slurmJob.isEmpty ? "" : ", Slurm job \(escaped(slurmJob))"
    return [
      "held by run \(run) on \(escaped(host)), process \(process)\(slurm), since "
        + "\(escaped(since)): \(lifeText)"
    ]
  }

  package var attribute: Attribute {
    [
      "run": .text(run.description), "host": .text(host), "process": .integer(process),
      "slurm_job": .text(slurmJob), "since": .text(since), "life": .text(lifeText),
    ]
  }

  private var lifeText: String {
    switch life {
    case .released: "given back"
    case .alive: "alive"
    case .gone: "gone"
    case .silent(let seconds): "silent for \(seconds) s"
    }
  }
}

extension RunAttempts {
  /// The starts of a run, a line each.
  package var lines: [String] {
    attempts.enumerated().map { number, attempt in
      let unended = number + 1 < attempts.count ? "stopped or killed" : "not at its end"
      let end = attempt.end.map { "ended \(escaped($0))" } ?? unended
      return "start \(number + 1): \(escaped(attempt.start)), \(attempt.ranks) "
        + "rank\(attempt.ranks == 1 ? "" : "s") on \(Self.hosts(of: attempt)), \(end)"
    }
  }

  package var attribute: Attribute {
    .list(
      attempts.map { attempt in
        .table(
          [
            .init("run", .text(attempt.run)), .init("start", .text(attempt.start)),
            .init("ranks", .integer(attempt.ranks)),
            .init("hosts", .list(attempt.hosts.map { .text($0) })),
          ] + (attempt.end.map { [.init("end", .text($0))] } ?? []))
      })
  }

  private static func hosts(of attempt: RunAttempt) -> String {
    var names: [String] = []
    for host in attempt.hosts where !names.contains(host) { names.append(host) }
    let shown = names.prefix(4).map(escaped).joined(separator: ", ")
    return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
  }
}
