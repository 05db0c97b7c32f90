internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Randomness
internal import ResultsStore
internal import Statistics
internal import Tensors

/// The texts that ablated values come from, and which text replaces which.
struct AblationSources: Sendable {
  /// Token ids.
  let texts: [[Int]]
  /// Of the texts' file.
  let digest: String?
  /// Of each prompt: the text whose values replace its own; empty without resampling.
  let donors: [Int]

  init(_ spec: AblateSpec, _ data: SweepData<AblateSpec>) throws(Refusal) {
    let own = data.outline.prompts
    guard spec.ways.contains(where: { $0 != .zero }) else {
      (texts, digest, donors) = ([], nil, [])
      return
    }
    if let dataset = spec.dataset {
      let loaded = try dataset.load()
      digest = loaded.fileDigest
      var texts: [[Int]] = []
      for text in loaded.texts {
        texts.append(try data.resolver.tokens(of: text, length: dataset.length))
      }
      self.texts = texts
    } else {
      (texts, digest) = (own.map(\.ids), nil)
    }
    let longest = texts.map(\.count).max() ?? 0
    if spec.ways.contains(.meanByPosition),
      let prompt = own.first(where: { $0.ids.count > longest })
    {
      throw Refusal(
        .job, file: spec.file, field: "ablations",
        found:
          "mean_by_position, and the prompt \(escaped(prompt.id)) of \(prompt.ids.count) tokens",
        expected: "prompts of at most \(longest) tokens, those of the data set's longest text")
    }
    if spec.ways.contains(where: \.isMean),
      let item = spec.items.first(where: { $0.site == .attentionWeight })
    {
      throw item.place.member("site").refusal(
        "attention_weight, whose keys are others in each text",
        expected: "zero or resample ablation of it, or another site")
    }
    donors = spec.ways.contains(.resample) ? try Self.donors(spec, texts, own) : []
  }

  private static func donors(
    _ spec: AblateSpec, _ texts: [[Int]], _ prompts: [SweepPrompt]
  ) throws(Refusal) -> [Int] {
    let permutation: [Int]
    if let given = spec.permutation {
      guard given.count == texts.count, Set(given) == Set(texts.indices) else {
        let odd = given.first { !texts.indices.contains($0) }
        throw spec.permutationPlace.refusal(
          "\(given.count) numbers, "
            + (odd.map { "among them \($0)" } ?? "\(Set(given).count) of them different"),
          expected: "each number from 0 to \(texts.count - 1) once, a permutation of the data set")
      }
      permutation = given
    } else {
      permutation = drawn(texts, seed: spec.seed)
    }
    var donors: [Int] = []
    for prompt in prompts {
      guard let place = texts.firstIndex(of: prompt.ids) else {
        throw Refusal(
          .job, file: spec.file, field: "dataset",
          found: "no text that is the prompt \(escaped(prompt.id))",
          expected: "the prompts among the texts, which resample permutes")
      }
      let donor = permutation[place]
      guard texts[donor].count == prompt.ids.count else {
        throw spec.permutationPlace.refusal(
          "text \(donor) of \(texts[donor].count) tokens for the prompt \(escaped(prompt.id)) of "
            + "\(prompt.ids.count)", expected: "a text as long")
      }
      guard texts[donor] != prompt.ids else {
        throw spec.permutationPlace.refusal(
          "the prompt \(escaped(prompt.id)) replaced by itself",
          expected: "another text of \(prompt.ids.count) tokens for it in the data set")
      }
      donors.append(donor)
    }
    return donors
  }

  /// Each text's successor in a drawn order of those of its length. Fisher and Yates, 1938.
  private static func drawn(_ texts: [[Int]], seed: Int) -> [Int] {
    let random = Philox(key: UInt64(seed))
    var permutation = Array(texts.indices)
    for length in Set(texts.map(\.count)).sorted() {
      var same = texts.indices.filter { texts[$0].count == length }
      for place in same.indices.dropFirst().reversed() {
        let words = random.words(
          SIMD4(UInt32(truncatingIfNeeded: place), UInt32(length), 0x7065_726D, 0))
        same.swapAt(place, Int((UInt64(words[0]) * UInt64(place + 1)) >> 32))
      }
      for (place, text) in same.enumerated() { permutation[text] = same[(place + 1) % same.count] }
    }
    return permutation
  }
}

/// Means over the data set's tokens of what items replace, made by units of a few texts each.
struct AblationMeans: Sendable {
  /// Sites, not split into heads, with the layers that are replaced.
  let layers: [(site: Site, layers: [Int])]
  let texts: [[Int]]
  private let shapes: [StatisticsShape]

  /// Texts of a unit; always the same ones, so that sums are.
  private static let textsOfUnit = 4
  private static let unitLimit = 64
  /// Tokens that run at once.
  private static let tokensAtOnce = 1024

  init(_ spec: AblateSpec, _ data: SweepData<AblateSpec>, _ texts: [[Int]]) {
    guard spec.ways.contains(where: \.isMean) else {
      (layers, self.texts, shapes) = ([], [], [])
      return
    }
    var layers: [Site: Set<Int>] = [:]
    for (item, grid) in zip(spec.items, data.outline.grids) {
      for number in 0..<grid.cellCount(item) {
        for part in grid.cell(number, item, layerCount: data.outline.layers).parts {
          layers[item.site.unsplit, default: []].formUnion(part.layers)
        }
      }
    }
    self.layers = layers.map { ($0.key, $0.value.sorted()) }
      .sorted { $0.site.rawValue < $1.site.rawValue }
    self.texts = texts
    let longest = data.outline.prompts.map(\.ids.count).max() ?? 1
    shapes = self.layers.map { entry in
      StatisticsShape(
        width: data.published.shape.width(of: entry.site),
        positions: spec.ways.contains(.meanByPosition) ? .fromEnd(count: longest) : nil)
    }
  }

  private var perUnit: Int {
    max(Self.textsOfUnit, (texts.count + Self.unitLimit - 1) / Self.unitLimit)
  }
  var unitCount: Int { layers.isEmpty ? 0 : (texts.count + perUnit - 1) / perUnit }

  /// Bytes of all statistics of a unit.
  var byteCount: Int {
    zip(layers, shapes).reduce(0) { $0 + $1.0.layers.count * $1.1.byteCount }
  }

  /// The record of a unit: statistics of its texts, site by site and layer by layer.
  func compute(
    _ unit: Int, _ model: DecoderModel<Float>, unless isGivenUp: () -> Bool
  ) throws -> [UInt8] {
    var statistics = zip(layers, shapes).map { entry, shape in
      entry.layers.map { _ in ActivationStatistics(shape) }
    }
    var left = texts[unit * perUnit..<min(texts.count, (unit + 1) * perUnit)]
    while !left.isEmpty {
      var (count, tokens) = (1, left[left.startIndex].count)
      while count < left.count,
        tokens + left[left.startIndex + count].count <= Self.tokensAtOnce
      {
        tokens += left[left.startIndex + count].count
        count += 1
      }
      let batch = Array(left.prefix(count))
      left = left.dropFirst(count)
      let runs = try BaseRuns(
        model, batch.map { BaseRun($0) }, keeping: Set(layers.map(\.site)), unless: isGivenUp)
      for (place, entry) in layers.enumerated() {
        for (number, layer) in entry.layers.enumerated() {
          for run in batch.indices {
            statistics[place][number].add(
              runs.value(entry.site, layer: layer, run: run), at: 0, of: batch[run].count)
          }
        }
      }
    }
    var writer = ByteWriter()
    for one in statistics.joined() {
      let bytes = one.bytes
      writer.integer(Int32(bytes.count))
      writer.append(bytes)
    }
    return writer.bytes
  }

  /// Merges the records of all units, in their order.
  func merged(_ records: [[UInt8]]) throws(Refusal) -> [Site: [Int: ActivationStatistics]] {
    var means: [Site: [Int: ActivationStatistics]] = [:]
    for record in records {
      var reader = ByteReader(record, what: "means")
      for (entry, shape) in zip(layers, shapes) {
        for layer in entry.layers {
          let own = try ActivationStatistics(
            reader.bytes(reader.count(upTo: Int(Int32.max))), shape)
          if means[entry.site]?[layer] == nil {
            means[entry.site, default: [:]][layer] = own
          } else {
            means[entry.site]?[layer]?.merge(own)
          }
        }
      }
      try reader.end()
    }
    return means
  }
}

/// The values that means give.
final class AblationValues: @unchecked Sendable {
  private struct Key: Hashable {
    let site: Site
    let layer: Int
    let coordinate: Int?
    /// Tokens of the prompt; nil: the mean over all tokens.
    let length: Int?
  }

  private let lock = NSLock()
  private var means: [Site: [Int: ActivationStatistics]] = [:]
  /// One tensor for all that is replaced by it, so that its products are made once.
  private var made: [Key: Tensor<Float>] = [:]

  var areKnown: Bool { lock.withLock { !means.isEmpty } }

  func take(_ means: [Site: [Int: ActivationStatistics]]) {
    lock.withLock { (self.means, made) = (means, [:]) }
  }

  /// What is written for an item's whole value or its head or neuron; `[1, width]`, or a row for each
  /// position of a prompt of `length` tokens.
  func rows(
    _ item: SweptSite, layer: Int, coordinate: Int?, length: Int?, _ model: DecoderShape
  ) -> Tensor<Float>? {
    lock.withLock {
      let site = item.site.unsplit
      let key = Key(site: site, layer: layer, coordinate: coordinate, length: length)
      if let tensor = made[key] { return tensor }
      guard let statistics = means[site]?[layer] else { return nil }
      let whole: [[Double]]
      if let length {
        whole = (0..<length).compactMap { statistics.mean(at: length - 1 - $0) }
        guard whole.count == length else { return nil }
      } else {
        whole = [statistics.means]
      }
      let width = statistics.shape.width
      var columns = 0..<width
      if let coordinate {
        let part = item.site.isSplitIntoHeads ? width / (model.heads(of: item.site) ?? 1) : 1
        columns = coordinate * part..<(coordinate + 1) * part
      }
      let tensor = Tensor<Float>(
        [whole.count, columns.count], whole.flatMap { $0[columns].map { Float($0) } })
      made[key] = tensor
      return tensor
    }
  }
}
