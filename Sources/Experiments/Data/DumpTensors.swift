internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Locks
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
///
/// The same table can stand itself where a tensor is wanted; it then need not name the site and the
/// layer, which are those of the representation that it is for.
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
    let read = reading()
    var tensors: [String: Tensor<Float>] = [:]
    for (name, one) in try field.members() { tensors[name] = try read(one, model, nil, nil) }
    return tensors
  }

  /// What reads one statistic after another, each once.
  static func reading() -> SpecRun.Options.DumpReading {
    let (digests, known) = (Locked<[String: String]>([:]), Locked<[String: Tensor<Float>]>([:]))
    return { (field, model, site, layer) throws(Refusal) in
      let path = try path(of: field)
      let words = JobText.inline(JobValue(json: field.value))
      let place = "\(site?.rawValue ?? "") \(layer ?? -1)"
      let key = [path, model, place, words].joined(separator: "\n")
      if let tensor = known.withLock({ $0[key] }) { return tensor }
      let found = digests.withLock { $0[model] }
      let digest = if let found { found } else { try OpenedModel(model).checkpoint.digest() }
      digests.withLock { $0[model] = digest }
      let dump = try DumpReader(path)
      try dump.check(model: digest)
      let tensor = try tensor(field, dump, site, layer)
      known.withLock { $0[key] = tensor }
      return tensor
    }
  }

  /// The digests of the dumps that stand in a specification where a tensor is wanted.
  static func digests(in document: JSONField) throws(Refusal) -> [String] {
    var found: [String] = []
    switch document.value {
    case .array:
      for item in try document.items() { found += try digests(in: item) }
    case .object(let object):
      if case .string? = object["dump"], object["statistic"] != nil {
        return [try DumpReader(path(of: document)).digest]
      }
      for (_, field) in try document.members() { found += try digests(in: field) }
    default: break
    }
    return found
  }

  private static func path(of field: JSONField) throws(Refusal) -> String {
    let folder = URL(fileURLWithPath: field.file).deletingLastPathComponent()
    return URL(fileURLWithPath: try field["dump"].string(), relativeTo: folder).path
  }

  private static func tensor(
    _ field: JSONField, _ dump: DumpReader, _ site: Site?, _ layer: Int?
  ) throws(Refusal) -> Tensor<Float> {
    try field.refuseUnknownKeys(
      known: ["dump", "site", "layer", "head", "statistic", "place", "count"])
    let named: Site? = try field.optional("site").map { (field) throws(Refusal) in
      try choice(field)
    }
    let number = try field.optional("layer")?.int()
    guard let site = named ?? site else { throw missing("site", field) }
    guard let layer = number ?? layer else { throw missing("layer", field) }
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

  private static func missing(_ key: String, _ field: JSONField) -> Refusal {
    field.refusal("no \(key)", expected: "one: the tensor is not for a place that has it")
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
