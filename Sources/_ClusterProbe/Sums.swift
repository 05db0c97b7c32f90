internal import Cluster
internal import Foundation
internal import Inputs

extension Probe {
  /// A value of a contribution: of any size, so that the order of additions shows in the bits.
  private func value(_ number: Int, _ element: Int) -> Double {
    var bits = UInt64(number &* 1_000_003 &+ element) &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    let unit = Double(bits >> 11) / Double(1 << 53) - 0.5
    return unit * Double(1 << (number % 20))
  }

  private func owner(_ number: Int, of count: Int) -> Int {
    switch options.text("spread") {
    case "cyclic": number % world.size
    case "scattered": (number &* 7919 &+ number >> 2) % world.size
    case "last": world.size - 1
    default: number * world.size / count
    }
  }

  func sum() throws {
    let (count, length) = (options.int("count", or: 13), options.int("length", or: 1000))
    let mine = (0..<count).filter { owner($0, of: count) == world.rank }
    let order = options.text("order") == "reversed" ? mine.reversed() : mine
    var digests: [String] = []
    // Twice, as the messages of one sum must not reach the next.
    for step in 0..<2 {
      var floats = FixedOrderSum<Float>(count: count, length: length)
      var doubles = FixedOrderSum<Double>(count: count, length: length)
      for number in order {
        let vector = (0..<length).map { value(number, $0 + step) }
        try floats.add(vector.map { Float($0) }, number: number)
        try doubles.add(vector, number: number)
      }
      let (sum, precise) = (
        try floats.total(on: world, step: step), try doubles.total(on: world, step: step)
      )
      digests += [sum.withUnsafeBytes { Digest.of(Array($0)) }]
      digests += [precise.withUnsafeBytes { Digest.of(Array($0)) }]
    }
    say(digests.joined(separator: " "))
  }

  /// Times sums of one contribution a rank, and prints one JSON object a line on rank 0.
  func sumTime() throws {
    for length in [25_000, 600_000, 16_000_000] {
      var times: [Double] = []
      let vector = (0..<length).map { Float(world.rank + 1) / Float($0 % 97 + 1) }
      for turn in 0..<8 {
        var sum = FixedOrderSum<Float>(count: world.size, length: length)
        try sum.add(vector, number: world.rank)
        try world.barrier()
        let start = ContinuousClock.now
        _ = try sum.total(on: world, step: turn)
        if turn > 0 { times.append(start.duration(to: .now) / .seconds(1)) }
      }
      let name = "fixed_order_\(length)_ranks_\(world.size)"
      if world.rank == 0 { print("{\"name\": \"\(name)\", \"seconds\": \(times.sorted()[3])}") }
    }
  }

  /// Ranks that mean different sums.
  func unevenSum() throws {
    var sum = FixedOrderSum<Float>(count: 4, length: 2)
    let step = options.text("fault") == "step" ? world.rank : 0
    for number in 0..<4 {
      switch options.text("fault") {
      case "missing" where number == 2: continue
      case "twice" where number == 1: try sum.add([1, 2], number: number)
      default:
        if number % world.size == world.rank { try sum.add([1, 2], number: number) }
      }
    }
    _ = try sum.total(on: world, step: step)
    say("summed")
  }
}
