import Inputs
import Testing

@testable import Cluster

@Suite struct WireTests {
  private let refusal = Refusal(
    .store, file: "a", field: "b\u{301}", found: "", expected: "\u{0}d")

  private var messages: [UnitMessage] {
    [
      .units([-7, 8]), .units([]),
      .ended([
        .init(unit: .max, seconds: 0.1, outcome: .success([1, 2, 3])),
        .init(unit: 3, seconds: 2, outcome: .failure(.init(message: "é"))),
      ]),
      .alive, .stopRequest, .fatal(refusal), .end(.finished), .end(.stopped),
      .end(.refused(refusal)), .goodbye,
    ]
  }

  @Test func `every message comes back as it was`() throws {
    for message in messages { #expect(try UnitMessage(message.encoded) == message) }
  }

  @Test func `a message cut short, or with bytes added, is refused`() {
    for message in messages {
      let bytes = message.encoded
      for count in 0..<bytes.count {
        #expect(throws: MPIError.self) { try UnitMessage(Array(bytes.prefix(count))) }
      }
      #expect(throws: MPIError.self) { try UnitMessage(bytes + [0]) }
    }
  }

  @Test func `a length past the end is refused without allocating it`() {
    for length in [Int.max, -1, 1 << 40, 9] {
      var writer = WireWriter()
      writer.integer(length)
      writer.integer(0)
      var reader = WireReader(writer.bytes)
      #expect(throws: MPIError.self) { try reader.blob() }
    }
  }

  @Test func `a list longer than its message is refused without allocating it`() {
    for (kind, length) in [(1, Int.max), (1, -1), (2, 1 << 40), (2, -1)] {
      var writer = WireWriter()
      writer.byte(UInt8(kind))
      writer.integer(length)
      writer.integer(0)
      #expect(throws: MPIError.self) { try UnitMessage(writer.bytes) }
    }
  }

  @Test func `an unknown kind of message or refusal is refused`() {
    #expect(throws: MPIError.self) { try UnitMessage([0]) }
    #expect(throws: MPIError.self) { try UnitMessage([255]) }
    #expect(throws: MPIError.self) { try UnitMessage([5, 99]) }
  }
}

@Suite struct LauncherTests {
  @Test func `Open MPI and PMIx start MPI, and nothing else does`() throws {
    #expect(try Launcher.detect(in: ["OMPI_COMM_WORLD_SIZE": "1"]) == .openMPI)
    #expect(try Launcher.detect(in: ["PMIX_RANK": "0", "PMI_RANK": "0"]) == .openMPI)
    #expect(try Launcher.detect(in: [:]) == .none)
    // A batch script of Slurm, and a step of one task.
    #expect(try Launcher.detect(in: ["SLURM_NTASKS": "8", "SLURM_PROCID": "0"]) == .none)
    #expect(try Launcher.detect(in: ["SLURM_STEP_NUM_TASKS": "1"]) == .none)
  }

  @Test(arguments: ["PMI_RANK", "PMI_SIZE", "PMI_FD", "MV2_COMM_WORLD_RANK", "MPI_LOCALRANKID"])
  func `ranks of another MPI are refused by name`(variable: String) {
    let refusal = #expect(throws: Refusal.self) { try Launcher.detect(in: [variable: "0"]) }
    #expect(refusal?.kind == .cluster)
    #expect(refusal?.field.contains(variable) == true)
  }

  @Test func `many tasks of srun without PMIx are refused`() {
    let refusal = #expect(throws: Refusal.self) {
      try Launcher.detect(in: ["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2"])
    }
    #expect(refusal?.expected.contains("--mpi=pmix") == true)
  }
}

@Suite struct HandshakeTests {
  private func difference(_ values: [[String: String]]) -> Refusal? {
    Handshake.difference(between: values.map { $0.sorted { $0.key < $1.key } }) { "rank \($0)" }
  }

  @Test func `the rank against the majority is odd, be it rank 0`() {
    #expect(difference([["a": "1"], ["a": "1"]]) == nil)
    #expect(difference([["a": "1"], ["a": "2"], ["a": "1"]])?.field == "rank 1: a")
    #expect(difference([["a": "1"], ["a": "2"], ["a": "2"]])?.field == "rank 0: a")
    #expect(difference([["a": "1"], ["a": "2"]])?.field == "rank 1: a")
  }

  @Test func `a key that a rank lacks is a difference`() {
    let refusal = difference([["a": "1"], ["a": "1", "b": "2"], ["a": "1"]])
    #expect(refusal?.field == "rank 1: b")
    #expect(refusal?.expected.hasPrefix("nothing") == true)
  }

  @Test func `the digest of this program is a SHA-256`() throws {
    #expect(try Handshake.ownBinaryDigest().count == 64)
  }
}

@Suite struct BroadcastTreeTests {
  @Test func `every rank is reached once, from any root`() {
    for size in 1...20 {
      for root in 0..<size {
        let trees = (0..<size).map { BroadcastTree(rank: $0, size: size, root: root) }
        #expect(trees[root].parent == nil)
        #expect(trees.flatMap(\.children).sorted() == (0..<size).filter { $0 != root })
        for (rank, tree) in trees.enumerated() {
          #expect(tree.children.allSatisfy { trees[$0].parent == rank })
        }
      }
    }
  }
}

@Suite struct SharedMemoryTests {
  private func filled() throws -> SharedMemory {
    let memory = try SharedMemory(byteCount: 100, on: MPIEnvironment(environment: [:]).world)
    #expect(memory.isLeader)
    memory.base.storeBytes(of: 7, toByteOffset: 99, as: UInt8.self)
    try memory.ready()
    return memory
  }

  @Test func `memory of a rank alone outlives the function that made it`() throws {
    let memory = try filled()
    #expect(memory.base.load(fromByteOffset: 99, as: UInt8.self) == 7)
    #expect(memory.base.load(fromByteOffset: 98, as: UInt8.self) == 0)
    #expect(Int(bitPattern: memory.base) % 64 == 0)
  }

  @Test func `memory that the system refuses is a refusal`() throws {
    let world = try MPIEnvironment(environment: [:]).world
    let refusal = #expect(throws: Refusal.self) { try SharedMemory(byteCount: 1 << 60, on: world) }
    #expect(refusal?.kind == .resources)
  }
}
