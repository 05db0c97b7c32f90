internal import Cluster
internal import Foundation
internal import Inputs
internal import Interventions
internal import Locks
internal import Prompts
internal import Tensors

extension DasRunner {
  /// What a rank has run, for the others.
  private struct Part: Codable {
    var numbers: [Int] = []
    var outlines: [ExampleCache<Float>.Outline] = []
    /// The tensors' numbers, one example after another.
    var floats = Data()
  }

  /// Examples that are run together.
  private static let group = 8

  /// Runs what no training changes of all examples, each on one rank, and gives it to all: microbatches
  /// are drawn anew in each epoch, so every rank comes to need all of it. Collective.
  ///
  /// - Throws: `Stopped` where a stop was asked for.
  func shareCaches(
    on world: Communicator, threads: Int, stop: StopSignal
  ) throws {
    let canBeKept = FrozenRun(problem.model, problem.described.setup) != nil
    guard world.size > 1, canBeKept, let shelves else { return }
    for split in Split.allCases {
      guard let shelf = shelves[split] else { continue }
      let all = shelf.missing((problem.job.items[split] ?? []).indices)
      // Rounds, so that little is under way at once; alike on every rank.
      for round in TrainingSteps.cut(all, by: 4 * Self.group * world.size) {
        let mine =
          round.count * world.rank / world.size..<round.count * (world.rank + 1) / world.size
        let bytes = try world.agreeOrStop {
          guard !stop.isRequested else { throw Stopped() }
          let part = try caches(Array(round[mine]), of: split, shelf, threads: threads)
          return [UInt8](try PropertyListEncoder.binary.encode(part))
        }
        let parts = try mpiRefusal { () throws(MPIError) in try world.allGather(bytes) }
        try world.agree {
          for (rank, bytes) in parts.enumerated() where rank != world.rank {
            try take(PropertyListDecoder().decode(Part.self, from: Data(bytes)), shelf)
          }
        }
      }
    }
  }

  /// Runs some examples, on all threads, and keeps what comes of it.
  private func caches(
    _ numbers: [Int], of split: Split, _ shelf: CacheShelf, threads: Int
  ) throws(Refusal) -> Part {
    let groups = TrainingSteps.cut(numbers, by: Self.group)
    let all = concurrently(groups.count, threads: threads) { [problem] place in
      FrozenRun(problem.model, problem.described.setup)?.caches(
        of: problem.call(groups[place], of: split),
        reference: problem.references(groups[place], of: split)) ?? []
    }
    var part = Part()
    for (own, made) in zip(groups, all) {
      for (number, cache) in zip(own, made) {
        try shelf.keep(cache, of: number)
        part.numbers.append(number)
        part.outlines.append(cache.outline)
        for tensor in cache.tensors {
          tensor.withPointer { from in
            part.floats.append(
              UnsafeBufferPointer(start: from, count: tensor.count))
          }
        }
      }
    }
    return part
  }

  private func take(_ part: Part, _ shelf: CacheShelf) throws(Refusal) {
    var at = part.floats.startIndex
    for (number, outline) in zip(part.numbers, part.outlines) {
      let tensors = outline.shapes.map { shape in
        let size = shape.reduce(1, *) * MemoryLayout<Float>.stride
        defer { at += size }
        return Tensor<Float>(shape) { to in
          part.floats.copyBytes(
            to: UnsafeMutableRawBufferPointer(start: to, count: size), from: at..<at + size)
        }
      }
      try shelf.keep(ExampleCache(tensors, like: outline), of: number)
    }
  }
}

extension PropertyListEncoder {
  fileprivate static var binary: PropertyListEncoder {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    return encoder
  }
}
