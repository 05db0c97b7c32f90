internal import Statistics
internal import Locks
internal import Models
internal import Tensors

/// Means of sites' layers as tensors, whether a run took them or a dump has them.
final class SiteMeans: Sendable {
  /// Of a site's layer.
  struct Known: Sendable {
    var statistics: ActivationStatistics
    /// The heads that the columns are of, side by side; nil stands for all.
    var heads: [Int]?
  }

  /// Sites are not split into heads.
  typealias ByLayer = [Site: [Int: Known]]

  private struct Key: Hashable {
    let site: Site
    let layer: Int
    let coordinate: Int?
    /// Tokens of the prompt; nil: the mean over all tokens.
    let length: Int?
  }

  private struct State {
    var means: ByLayer = [:]
    /// One tensor for all that is replaced by it, so that its products are made once.
    var made: [Key: Tensor<Float>] = [:]
  }

  private let state = Locked(State())

  var areKnown: Bool { state.withLock { !$0.means.isEmpty } }

  func take(_ means: ByLayer) { state.withLock { $0 = State(means: means) } }

  /// What stands for a site's whole value or its head or neuron: `[1, width]`, or a row for each
  /// position of a prompt of `length` tokens; nil where it is not known.
  func rows(
    _ site: Site, layer: Int, coordinate: Int?, length: Int?, _ model: DecoderShape
  ) -> Tensor<Float>? {
    state.withLock { state in
      let key = Key(site: site, layer: layer, coordinate: coordinate, length: length)
      if let tensor = state.made[key] { return tensor }
      guard let known = state.means[site.unsplit]?[layer],
        let tensor = known.rows(site, coordinate, length, model)
      else { return nil }
      state.made[key] = tensor
      return tensor
    }
  }
}

extension SiteMeans.Known {
  fileprivate func rows(
    _ site: Site, _ coordinate: Int?, _ length: Int?, _ model: DecoderShape
  ) -> Tensor<Float>? {
    var whole = [statistics.means]
    if let length {
      whole = (0..<length).compactMap { statistics.mean(at: length - 1 - $0) }
      guard whole.count == length else { return nil }
    }
    var columns = 0..<statistics.shape.width
    if let coordinate {
      let isHead = site.isSplitIntoHeads
      let count = isHead ? heads?.count ?? model.heads(of: site) ?? 1 : columns.count
      var place: Int? = coordinate
      if isHead, let heads { place = heads.firstIndex(of: coordinate) }
      guard let place else { return nil }
      let part = columns.count / count
      columns = place * part..<(place + 1) * part
    }
    return Tensor(
      [whole.count, columns.count], whole.flatMap { $0[columns].map { Float($0) } })
  }
}
