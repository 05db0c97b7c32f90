internal import Foundation
package import Inputs

/// What a run takes from the machines that it runs on, by its plan.
package struct RunNeeds: Sendable, Equatable {
  /// Bytes of the weights, one copy a host.
  package let weightBytes: Int
  /// Bytes of a rank beside the weights.
  package let rankBytes: Int
  /// Bytes of the run folder at its end, as if nothing in it could be compressed.
  package let diskBytes: Int
  /// Files and folders of the run folder at its end.
  package let files: Int
  /// Units of work: more ranks than these find nothing to do.
  package let units: Int
  /// Threads of a rank that compute.
  let threads: Int
  /// Of one core like this machine's.
  package let coreHours: Double

  package init(
    weightBytes: Int, rankBytes: Int, diskBytes: Int, files: Int, units: Int, threads: Int = 1,
    coreHours: Double
  ) {
    (self.weightBytes, self.rankBytes) = (weightBytes, rankBytes)
    (self.diskBytes, self.files, self.threads) = (diskBytes, files, threads)
    (self.units, self.coreHours) = (units, coreHours)
  }

  /// Bytes of a host with so many ranks.
  package func hostBytes(ranks: Int) -> Int {
    let (product, overflow) = rankBytes.multipliedReportingOverflow(by: ranks)
    let (sum, overflow2) = weightBytes.addingReportingOverflow(product)
    return overflow || overflow2 ? Int.max : sum
  }
}

extension RunNeeds {
  /// A number with commas.
  package static func count(_ value: Int) -> String {
    value.formatted(.number.locale(Locale(identifier: "en")))
  }

  /// Bytes in KiB or MiB.
  package static func text(_ bytes: Int) -> String {
    bytes < 10 << 20 ? "\(count(bytes >> 10)) KiB" : "\(count(bytes >> 20)) MiB"
  }

  /// Refuses, on all ranks, a run that a host or the run folder's disk has no room for, before
  /// anything is allocated or written. Collective.
  package func check(on world: Communicator, folder: String) throws(Refusal) {
    let node = try mpiRefusal { () throws(MPIError) in try world.nodeLocal() }
    try world.agree {
      try checkProcess()
      if node.rank == 0 { try checkHost(ranks: node.size) }
      if world.rank == 0 { try checkDisk(folder) }
    }
  }

  private func checkHost(ranks: Int) throws(Refusal) {
    let room = HostMemory.room()
    let needed = hostBytes(ranks: ranks)
    guard needed <= room.bytes else {
      throw Refusal(
        .resources, field: "memory",
        found: "\(room.bytes) bytes free (\(room.source))",
        expected: "\(needed) bytes: \(weightBytes) of weights, and \(rankBytes) for each of "
          + "\(ranks) ranks; fewer ranks a host, or more hosts")
    }
  }

  /// Addresses of the stacks of a rank's threads: those that compute, and three that watch.
  private var stackBytes: Int { (threads + 3) * ComputePool.stackBytes }

  /// A rank maps the weights too, whoever of its host holds them.
  private func checkProcess() throws(Refusal) {
    guard let room = HostMemory.addressSpace() else { return }
    let (needed, overflow) = hostBytes(ranks: 1).addingReportingOverflow(stackBytes)
    guard !overflow, needed <= room else {
      throw Refusal(
        .resources, field: "address space", found: "\(room) bytes left (ulimit -v)",
        expected: "\(overflow ? Int.max : needed) bytes: \(weightBytes) of weights, "
          + "\(rankBytes) of activations and \(stackBytes) for stacks")
    }
  }

  /// What the disk of a run folder has left, and what an earlier start has written there, which counts
  /// as written; asked only where it matters.
  private func room(
    in folder: String
  ) throws(Refusal) -> (disk: FreeDisk, there: (bytes: Int, files: Int)) {
    let disk = try FreeDisk(at: folder)
    let isShort = disk.bytes < diskBytes || (disk.inodes ?? Int.max) < files
    return (disk, isShort ? FreeDisk.used(by: folder) : (bytes: 0, files: 0))
  }

  /// Bytes that the disk of a run folder has left, and whether they are too few; nil where that cannot
  /// be told.
  package func disk(of folder: String) -> (free: Int, isShort: Bool)? {
    guard let (disk, there) = try? room(in: folder) else { return nil }
    return (disk.bytes, disk.bytes < diskBytes - there.bytes)
  }

  /// Refuses a run folder whose disk has no room for the run.
  package func checkDisk(_ folder: String) throws(Refusal) {
    let (disk, there) = try room(in: folder)
    guard disk.bytes >= diskBytes - there.bytes else {
      throw Refusal(
        .resources, file: folder, field: "disk", found: "\(disk.bytes) bytes free",
        expected: "\(diskBytes - there.bytes) bytes, what the run may write at most")
    }
    guard (disk.inodes ?? Int.max) >= files - there.files else {
      throw Refusal(
        .resources, file: folder, field: "inodes", found: "\(disk.inodes ?? 0) free",
        expected: "\(files - there.files), what the run may make at most")
    }
  }
}
