internal import Cluster
package import Inputs
internal import Tensors

/// What a process needs of addresses before it reads a job, whatever it then computes.
package enum ComputeRoom {
  /// Of what comes before a run's own check of its needs: the job, its data, the model's outline.
  private static let beginningBytes = 64 << 20

  /// Refuses where the stacks of the system's own threads have no room: the first that is wanted would
  /// be waited for for ever.
  package static func checkThreads() throws(Refusal) {
    guard let room = HostMemory.addressSpace(), room < beginningBytes else { return }
    throw Refusal(
      .resources, field: "address space", found: "\(room) bytes left (ulimit -v)",
      expected: "\(beginningBytes) bytes to begin with; a higher limit")
  }

  /// Takes the memory that products run in on so many threads, or refuses.
  ///
  /// Every computation begins with it: later, the library would wait for memory for ever.
  static func take(threads: Int) throws(Refusal) {
    if HostMemory.addressSpace() != nil { Heap.shareAmongThreads() }
    let spare = beginningBytes + threads * ComputePool.stackBytes
    guard BLAS.takeBuffers(threads: threads, sparing: spare) else {
      let room = HostMemory.addressSpace()
      throw Refusal(
        .resources, field: "address space",
        found: room.map { "\($0) bytes left (ulimit -v)" }
          ?? "less than that (vm.overcommit_memory)",
        expected: "\(threads * BLAS.bufferBytes + spare) bytes for products on "
          + "\(threads) thread\(threads == 1 ? "" : "s"); fewer threads, or a higher limit")
    }
  }
}

extension RunLaunch {
  /// Reads the job and takes the memory that computing it begins with; whatever the job's data are
  /// comes after. Collective; all ranks return or throw the same.
  func begin<Job: JobSpecification>(_ load: () throws(Refusal) -> Job) throws(Refusal) -> Job {
    try world.agree { () throws(Refusal) -> Job in
      let job = try load()
      try ComputeRoom.take(threads: threads(job.run))
      return job
    }
  }
}
