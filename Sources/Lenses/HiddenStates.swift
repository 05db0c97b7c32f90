internal import Cluster
internal import Inputs
internal import Models
internal import ResultsStore
internal import Tensors

/// The activations of texts, layer after layer: of each rank those of its own microbatches.
struct HiddenStates {
  let model: DecoderModel<Float>
  let lens: HiddenLens
  let site: Site
  let settings: CausalBasisSettings
  let sums: ContributionSum
  /// Bytes that logits without ablation may take on this rank; what does not fit is made anew.
  let memory: Int
  /// Where streams are read from; nil: they are computed.
  var stored: StoredStreams?
  private var streams: LayerStreams
  /// The place of each microbatch's first row among the rows that count.
  private let firstRows: [Int]
  /// Rows that count, of all microbatches.
  let rowCount: Int

  /// - Parameter streams: At the first layer.
  init(
    _ streams: LayerStreams, _ lens: HiddenLens, _ site: Site, _ settings: CausalBasisSettings,
    memory: Int
  ) {
    (model, self.lens, self.site) = (streams.model, lens, site)
    (self.settings, sums, self.memory) = (settings, streams.sums, memory)
    var rowCount = 0
    firstRows = streams.texts.microbatches.indices.map { number in
      defer { rowCount += streams.texts.keptRows(of: number).count }
      return rowCount
    }
    self.rowCount = rowCount
    self.streams = streams
  }

  /// What is needed to ablate directions at a layer, which is no lower than the last one asked for.
  ///
  /// Collective; all ranks throw the same.
  mutating func states(at layer: Int) throws -> LayerStates {
    if let stored { try streams.read(layer, from: stored) } else { streams.advance(to: layer) }
    let probe = AblationProbe(model: model, lens: lens, site: site, layer: layer)
    let memory = memory / max(1, sums.share.count)
    var batches = sums.map { [texts = streams.texts, values = streams.values] number in
      MicrobatchStates(
        probe, lengths: texts.lengths(of: number),
        kept: texts.keptRows(of: number), stream: values[number], memory: memory)
    }
    try sums.communicator.agree {
      for (number, batch) in zip(sums.share, batches)
      where !batch.states.elements.allSatisfy(\.isFinite)
        || !(batch.base?.elements.allSatisfy(\.isFinite) ?? true)
      {
        throw Refusal(
          .model, field: "layer \(layer), \(streams.texts.name(of: number))",
          found: "activations or logits that are not finite", expected: "finite numbers")
      }
    }
    let changes = try changes(of: batches.map(\.states), layer)
    for i in batches.indices { batches[i].change = changes[i] }
    return LayerStates(
      probe: probe, batches: batches, firstRows: firstRows, rowCount: rowCount, sums: sums)
  }

  /// What stands in for the activations, less them. Collective.
  private func changes(
    of states: [Tensor<Float>], _ layer: Int
  ) throws -> [Tensor<Float>] {
    let width = model.width(of: site)
    switch settings.mode {
    case .zero: return states.map { $0.scaled(by: -1) }
    case .mean:
      let start = sums.share.lowerBound
      let total = try sums.total(length: width) { number -> [Double] in
        let rows = states[number - start]
        var sum = [Double](repeating: 0, count: width)
        for (i, value) in rows.elements.enumerated() { sum[i % width] += Double(value) }
        return sum
      }
      let mean = Tensor([width], total.map { Float($0 / Double(rowCount)) })
      return states.map { mean.repeated($0.rows) - $0 }
    case .resample:
      let own = states.flatMap { ByteWriter.bytes(of: $0.elements) }
      let communicator = sums.communicator
      let parts = try mpiRefusal { () throws(MPIError) in try communicator.allGather(own) }
      let all = Tensor([rowCount, width], parts.flatMap { ByteWriter.floats($0, from: 0) })
      let order = derangement(of: rowCount, seed: settings.seed, layer: layer)
      var row = parts[..<communicator.rank].reduce(0) { $0 + $1.count / 4 / width }
      return states.map { states in
        defer { row += states.rows }
        return all.gathered(Array(order[row..<row + states.rows])) - states
      }
    }
  }
}

/// The activations of all microbatches at one layer, over all ranks.
struct LayerStates {
  let probe: AblationProbe
  /// This rank's.
  let batches: [MicrobatchStates]
  /// The place of each microbatch's first row among the rows that count, of all ranks.
  let firstRows: [Int]
  let rowCount: Int
  let sums: ContributionSum

  /// The whole change of one activation, on all ranks. Collective.
  func change(ofRow row: Int) throws -> [Double] {
    let (start, width) = (sums.share.lowerBound, probe.model.width(of: probe.site))
    return try sums.total(length: width) { [batches, firstRows] number -> [Double] in
      let (batch, place) = (batches[number - start], row - firstRows[number])
      guard batch.change.shape[0] > place, place >= 0 else {
        return Array(repeating: 0, count: width)
      }
      return batch.change.rows(place..<place + 1).elements.map(Double.init)
    }
  }

  /// The energy of orthonormal directions ablated together, and its gradient by them.
  ///
  /// Collective; the same bits on every rank, on any number of ranks.
  ///
  /// - Parameter directions: `[count · width]`, one after another.
  func energy(
    of directions: [Float], count: Int, withGradient: Bool
  ) throws -> (energy: Double, gradient: [Double]) {
    let start = sums.share.lowerBound
    let length = withGradient ? directions.count : 0
    let tensor = Tensor([count, directions.count / count], directions)
    let total = try sums.total(length: 1 + length) { [probe, batches] number -> [Double] in
      let effect = probe.effect(of: tensor, on: batches[number - start], withGradient: withGradient)
      return [effect.divergence] + effect.gradient
    }
    let (energy, gradient) = (
      total[0] / Double(rowCount), total[1...].map { $0 / Double(rowCount) }
    )
    guard energy.isFinite, gradient.allSatisfy(\.isFinite) else {
      throw Refusal(
        .model, field: "layer \(probe.layer)",
        found: "an energy or gradient that is not finite once a direction is ablated",
        expected: "finite numbers")
    }
    return (energy, gradient)
  }
}

extension Tensor {
  /// A vector as each of so many rows.
  fileprivate func repeated(_ rows: Int) -> Tensor {
    .concatenated(Array(repeating: reshaped([1, count]), count: rows))
  }
}
