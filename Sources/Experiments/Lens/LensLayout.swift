internal import Inputs
internal import ResultsStore

/// The names, shapes and labels of a lens job's arrays, `results.zarr`; the lens itself is a folder
/// beside them.
struct LensLayout {
  let spec: LensSpec
  let layers: [Int]

  /// - Parameter text: The canonical specification, which the root's attributes hold.
  func root(spec text: String) throws(Refusal) -> ZarrGroup {
    var arrays: [String: ZarrArraySpec] = [:]
    func add(
      _ name: String, _ type: ZarrDataType, _ axes: [(String, Int)], _ description: String = ""
    ) throws(Refusal) {
      arrays[name] = try ZarrArraySpec(
        type, shape: axes.map(\.1), chunks: axes.count > 1 ? [1, axes[1].1] : axes.map(\.1),
        dimensions: axes.map(\.0), compression: .zstd(level: spec.save.level),
        attributes: description.isEmpty
          ? [] : [Attribute.Member("description", .text(description))])
    }
    let (layer, step) = (("layer", layers.count), ("step", spec.settings.steps))
    for axis in [layer, step] { try add(axis.0, .int32, [axis]) }
    try add(
      "loss", .float32, [layer, step],
      "mean KL divergence of the lens from the model over a step's tokens, before it, in nats")
    for (name, what) in [("logit_lens", "the logit lens"), ("tuned_lens", "the tuned lens")] {
      try add(
        "\(name)_divergence", .float32, [layer],
        "mean KL divergence of \(what) from the model over all tokens, in nats")
    }
    return ZarrGroup(
      attributes: [
        Attribute.Member("kind", .text(LensSpec.kind)),
        Attribute.Member("model", .text(spec.model.path.written)),
        Attribute.Member("spec", .text(text)),
      ],
      arrays: arrays, groups: [:])
  }

  /// The coordinates, which follow from the job.
  var axes: [(name: String, values: ArrayValues)] {
    [
      ("layer", .integers(layers.map { Int32($0) })),
      ("step", .integers((0..<spec.settings.steps).map { Int32($0) })),
    ]
  }

  /// The loss of a layer whose translator is trained.
  static func losses(_ result: LensResult) -> ArrayValues {
    .floats(result.losses.map { Float($0) })
  }

  /// What holds one number for each layer, once all are trained.
  static func totals(_ results: [LensResult]) -> [(name: String, values: ArrayValues)] {
    [
      ("logit_lens_divergence", .floats(results.map { Float($0.untrained) })),
      ("tuned_lens_divergence", .floats(results.map { Float($0.trained) })),
    ]
  }
}

/// What the journals of a lens job say.
struct LensJournals: Sendable {
  /// By the layer's place.
  private(set) var results: [Int: LensResult] = [:]
  private(set) var findings: [JournalFinding] = []
  private(set) var faults: [Refusal] = []
  private(set) var fileCount = 0

  init(
    _ folder: RunFolder, layers: Int, width: Int, _ settings: LensSettings
  ) throws(Refusal) {
    for file in try JournalReader.files(in: folder.journal) {
      fileCount += 1
      do throws(Refusal) {
        let scan = try JournalScan(file, job: folder.spec.digest)
        findings += scan.findings
        for (record, _) in scan.records where record.kind == .result {
          guard let unit = Int(exactly: record.unit), unit < layers else {
            throw Refusal(
              .store, file: file, field: "unit \(record.unit)", found: "a unit past the plan",
              expected: "units below \(layers)")
          }
          let result = try LensResult(
            record.payload, unit: unit, steps: settings.steps, width: width,
            hasBias: settings.hasBias)
          guard results[unit] == nil || results[unit] == result else {
            throw Refusal(
              .store, file: file, field: "unit \(unit)",
              found: "another result than that of an earlier start", expected: "the same bytes")
          }
          results[unit] = result
        }
      } catch { faults.append(error.inFile(file)) }
    }
  }
}
