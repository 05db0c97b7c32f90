internal import Cluster
internal import Foundation
internal import Inputs

extension Probe {
  /// Bytes of a rank that no other rank has.
  private func pattern(_ rank: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ rank &* 7 &+ count) }
  }

  /// Every kind of exchange, with lengths around the limit of a call.
  func messages() throws {
    for count in [0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 1000, 20_000] {
      for root in 0..<world.size {
        var bytes = world.rank == root ? pattern(root, count) : [1, 2, 3]
        try world.broadcast(&bytes, from: root)
        guard bytes == pattern(root, count) else { return say("broadcast \(count) differs") }
        let own = pattern(world.rank, count + world.rank)
        let all = try world.gather(own, at: root)
        let expected = world.rank == root ? (0..<world.size).map { pattern($0, count + $0) } : []
        guard all == expected else { return say("gather \(count) differs") }
      }
      guard world.size > 1 else { continue }
      // Around the ring, rank 0 first: a send may wait until it is received.
      let (next, last) = ((world.rank + 1) % world.size, (world.rank - 1 + world.size) % world.size)
      if world.rank == 0 { try world.send(pattern(0, count), to: next, tag: 5) }
      let message = try world.receive(from: last, tag: 5)
      guard message.bytes == pattern(last, count) else { return say("message \(count) differs") }
      if world.rank != 0 { try world.send(pattern(world.rank, count), to: next, tag: 5) }
    }
    try world.barrier()
    let node = try world.nodeLocal()
    say("exchanged node \(node.rank)/\(node.size) host \(world.host == node.host)")
  }

  /// A barrier that a rank never reaches.
  func patience() throws {
    if options.list("freeze", has: world.rank) { kill(getpid(), SIGSTOP) }
    world.patience = .milliseconds(options.int("patience", or: 500))
    try world.barrier()
  }

  func memory() throws {
    let count = options.int("bytes", or: 1 << 20)
    let shared = try makeShared(count)
    if shared.isLeader {
      usleep(100_000)
      for i in 0..<count { shared.base.storeBytes(of: pattern(i), toByteOffset: i, as: UInt8.self) }
    }
    try shared.ready()
    let isEqual = (0..<count).allSatisfy {
      shared.base.load(fromByteOffset: $0, as: UInt8.self) == pattern($0)
    }
    let name = shared.isLeader ? "leader" : "reader"
    say("\(name) equal \(isEqual) aligned \(Int(bitPattern: shared.base) % 64 == 0)")
  }

  private func pattern(_ i: Int) -> UInt8 { UInt8(truncatingIfNeeded: i &* 131 &+ i >> 8) }

  private func makeShared(_ count: Int) throws(Refusal) -> SharedMemory {
    let odd = options.list("odd", has: world.rank) ? 1 : 0
    return try SharedMemory(byteCount: count + odd, on: world)
  }

  func agree() throws {
    let value = try world.agree { () throws(Refusal) in
      if options.list("failing", has: world.rank) {
        throw Refusal(
          .model, file: "weights-\(options.text("same") ?? "\(world.rank)")",
          found: "no file", expected: "a file")
      }
      return world.rank * 2
    }
    say("agreed \(value)")
  }

  func handshake() throws {
    let isOdd = options.list("odd", has: world.rank)
    let card = Handshake(
      binary: try Handshake.ownBinaryDigest(),
      facts: [("model digest", isOdd ? "b2" : "a1"), ("BLAS core", "SkylakeX")])
    try card.compare(on: world)
    say("alike")
  }
}
