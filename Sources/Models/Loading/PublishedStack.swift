internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Tensors

/// The weights of one transformer in published files, checked. None has been read yet.
struct PublishedStack: Sendable {
  let shape: DecoderShape
  let names: PublishedNames
  let arena: WeightArena
  private let places: [DecoderWeight: PublishedWeight]

  /// - Parameter place: Where the files have a weight.
  /// - Throws: A refusal of a weight that is not there or has another size.
  init(
    _ shape: DecoderShape, _ names: PublishedNames, in checkpoint: Checkpoint,
    place: (DecoderWeight) -> PublishedWeight
  ) throws(Refusal) {
    (self.shape, self.names) = (shape, names)
    var places: [DecoderWeight: PublishedWeight] = [:]
    for weight in shape.weights {
      guard let size = shape.size(of: weight) else { continue }
      var place = place(weight)
      place.name = names.modules.stored(place.name, in: checkpoint)
      do throws(Refusal) {
        try checkpoint.check(
          place.name, size: place.storedShape(of: size),
          note: weight == .tokenEmbedding ? "vocab_size \(size[0])" : "")
      } catch {
        guard checkpoint.tensors[place.name] == nil, case .block(_, let layer, _) = weight.module,
          layer > 0
        else { throw error }
        // A number of layers that is left out is the class' default, which says nothing of the file.
        throw Refusal(
          error.kind, file: error.file, field: error.field, found: error.found,
          expected: "\(error.expected), since the configuration has \(shape.layers) layers "
            + "(n_layer, num_layers or num_hidden_layers)")
      }
      places[weight] = place
    }
    self.places = places
    arena = WeightArena(shape) { weight, size in
      places[weight].flatMap { place in
        checkpoint.tensors[place.name].flatMap {
          WeightFormat($0, inputs: size[1], isTransposed: place.isTransposed(size))
        }
      }
    }
  }

  /// The names of tensors that hold its weights.
  var tensors: Set<String> { Set(places.values.map(\.name)) }

  /// Reads every weight into memory of `arena.byteCount` bytes.
  func read(
    from checkpoint: Checkpoint, into memory: UnsafeMutableRawPointer
  ) throws(Refusal) {
    // Weights that are stored together are read together.
    var order: [String] = []
    var stored: [String: [DecoderWeight]] = [:]
    for weight in shape.weights {
      guard let name = places[weight]?.name else { continue }
      if stored[name] == nil { order.append(name) }
      stored[name, default: []].append(weight)
    }
    for name in order {
      let weights = stored[name] ?? []
      let tensor = try checkpoint.tensor(name)
      for asBlocks in [true, false] {
        let read = weights.filter { (arena.format(of: $0) != nil) == asBlocks }
        if read.isEmpty { continue }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
          byteCount: asBlocks ? tensor.byteCount : tensor.count * MemoryLayout<Float>.stride,
          alignment: 64)
        defer { buffer.deallocate() }
        if asBlocks {
          try checkpoint.readBlocks(name, into: buffer)
        } else {
          try checkpoint.read(name, into: buffer.bindMemory(to: Float.self))
        }
        guard let base = buffer.baseAddress else { continue }
        for weight in read {
          guard let place = places[weight], let size = shape.size(of: weight) else { continue }
          arena.store(weight, size, place, base, into: memory)
        }
      }
    }
  }

  /// The model over weights that `read` has laid out in memory that `owner` keeps.
  ///
  /// - Parameter decoder: The model whose token embedding this one has, if it has none of its own.
  func model(
    over memory: UnsafeMutableRawPointer, owner: any AnyObject & Sendable,
    under decoder: DecoderModel<Float>? = nil
  ) -> DecoderModel<Float> {
    DecoderModel(
      shape, names: names, arena.held(over: memory, owner: owner), under: decoder)
  }

  /// The model in memory of this process.
  ///
  /// - Parameter checkpoint: The files; nil for a model that is not run, whose memory is never touched.
  func load(
    from checkpoint: Checkpoint?, under decoder: DecoderModel<Float>? = nil
  ) throws(Refusal) -> DecoderModel<Float> {
    let memory = try OwnedMemory(byteCount: arena.byteCount)
    if let checkpoint { try read(from: checkpoint, into: memory.base) }
    return model(over: memory.base, owner: memory, under: decoder)
  }
}

/// Memory of this process, aligned for the kernels.
private final class OwnedMemory: @unchecked Sendable {  // written before it is shared
  let base: UnsafeMutableRawPointer

  /// - Throws: `resources`, where a limit leaves no room for so many.
  init(byteCount: Int) throws(Refusal) {
    var memory: UnsafeMutableRawPointer?
    let hugePage = 2 << 20
    let isLarge = byteCount >= 4 * hugePage
    guard posix_memalign(&memory, isLarge ? hugePage : 64, max(byteCount, 1)) == 0, let memory
    else {
      throw Refusal(
        .resources, field: "address space", found: "no room for \(byteCount) bytes of weights",
        expected: "room for them: ulimit -v, or the job's limit on a cluster, is lower")
    }
    // Fewer page faults and walks; a refusal costs nothing.
    if isLarge { _ = madvise(memory, byteCount, MADV_HUGEPAGE) }
    base = memory
  }

  deinit { free(base) }
}
