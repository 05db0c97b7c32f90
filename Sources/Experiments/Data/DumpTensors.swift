internal import Checkpoints
internal import Foundation
internal import Inputs
internal import JobFiles
internal import Models
internal import Statistics
internal import Tensors

/// Tensors of a specification that are statistics of dumps, by the names that it gives them:
///
///     [dumps.typical]
///     dump = "runs/dump"
///     site = "block_output"
///     layer = 5
///     statistic = "mean"
enum DumpTensors {
  private enum Statistic: String, CaseIterable {
    /// `[width]`, over all rows, or those at a place.
    case mean
    /// Standard deviations of the columns, `[width]`.
    case deviation = "std"
    /// The directions of the largest variance, `[count, width]`, as PCA has them.
    case components
  }

  /// - Parameter model: The specification's, of which the activations must be.
  static func read(
    _ field: JSONField, model: String
  ) throws(Refusal) -> [String: Tensor<Float>] {
    let folder = URL(fileURLWithPath: field.file).deletingLastPathComponent()
    var tensors: [String: Tensor<Float>] = [:]
    var digest: String?
    for (name, one) in try field.members() {
      try one.refuseUnknownKeys(
        known: ["dump", "site", "layer", "head", "statistic", "place", "count"])
      let dump = try DumpReader(
        URL(fileURLWithPath: try one["dump"].string(), relativeTo: folder).path)
      let own = if let digest { digest } else { try OpenedModel(model).checkpoint.digest() }
      digest = own
      try dump.check(model: own)
      tensors[name] = try tensor(one, dump)
    }
    return tensors
  }

  private static func tensor(
    _ field: JSONField, _ dump: DumpReader
  ) throws(Refusal) -> Tensor<Float> {
    let site: Site = try choice(field["site"])
    let layer = try field["layer"].int()
    let statistic: Statistic = try choice(field["statistic"])
    for (key, user) in [("place", Statistic.mean), ("count", .components)] where statistic != user {
      if let unused = try field.optional(key) {
        throw unused.refusal(
          "\(key) for \(statistic.rawValue)", expected: "none: \(user.rawValue) alone reads it")
      }
    }
    let heads = try dump.heads(site)
    var part: Int?
    if let head = try field.optional("head") {
      let number = try head.int()
      guard let place = heads?.firstIndex(of: number) else {
        throw head.refusal(
          "head \(number)",
          expected: heads.map { "one of \($0.map(String.init).joined(separator: ", "))" }
            ?? "none of a site that is not by head")
      }
      part = place
    }
    let found = try dump.statistics(site, layer: layer)
    let width = part == nil ? found.shape.width : found.shape.groupWidth
    func columns(_ values: [Double]) -> Tensor<Float> {
      Tensor([width], values[(part ?? 0) * width..<((part ?? 0) + 1) * width].map { Float($0) })
    }
    switch statistic {
    case .mean:
      guard let place = try field.optional("place") else { return columns(found.means) }
      return columns(try dump.mean(site, layer: layer, place: place.int()))
    case .deviation: return columns(found.variances.map { $0.squareRoot() })
    case .components:
      guard part != nil || heads == nil else {
        throw field.refusal("components of \(site.rawValue)", expected: "a head of it")
      }
      _ = try dump.secondMoments(site, layer: layer, part: part ?? 0)
      let count = try field["count"].int(in: 1...width)
      let covariance = Tensor([width, width], found.covariance(group: part ?? 0) ?? [])
      let vectors = leadingEigenvectors(of: covariance, count: count)
      return Tensor([count, width], vectors.flatMap { $0.map { Float($0) } })
    }
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ field: JSONField
  ) throws(Refusal) -> Choice where Choice.RawValue == String {
    let text = try field.string()
    guard let choice = Choice(rawValue: text) else {
      let names = Choice.allCases.map(\.rawValue)
      let near = nearest(to: text, among: names).map { " (did you mean \($0)?)" } ?? ""
      throw field.refusal(quoted(text), expected: "one of \(names.joined(separator: ", "))\(near)")
    }
    return choice
  }
}
