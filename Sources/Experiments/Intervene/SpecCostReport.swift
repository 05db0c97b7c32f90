internal import Checkpoints
internal import Cluster
internal import Foundation
internal import Interventions
internal import Models

/// What a specification's run costs, as `plan` prints it.
struct SpecCostReport: CostReport {
  private let cost: SpecCost
  private let weightBytes: Int
  private let logitWidth: Int
  private let shape: DecoderShape?
  /// Operations a second of one core here; nil where operations are not known.
  private let rate: Double?

  /// Of reading a weight and putting it where products want it; as of jobs.
  private static let secondsOfWeightByte = 1.5e-9
  private static let productShare = 0.87

  init(_ resolution: SpecResolution, _ model: OpenedModel, run: SpecRun) {
    cost = resolution.cost
    logitWidth = model.classCount
    weightBytes = model.weightBytes
    shape = if case .decoder(let published) = model.contents { published.shape } else { nil }
    rate = shape == nil ? nil : ProductRate.measured()
  }

  /// Floating-point operations of the products of so many rows through a block, and of the logits.
  private func operations(_ blockRows: Double) -> Double? {
    guard let shape else { return nil }
    return 2 * blockRows * Double(shape.productsPerBlockRow)
      + 2 * Double(cost.logitRows) * Double(shape.width * logitWidth)
  }

  var coreHours: Double {
    let products = cost.blockRows.flatMap { operations($0.reused) }
    let computing = products.flatMap { own in rate.map { own / $0 / Self.productShare } } ?? 0
    return (computing + Double(weightBytes) * Self.secondsOfWeightByte) / 3600
  }

  /// Bytes beside the weights: activations of the widest pass, of gradients with all that a tape keeps,
  /// and the logits.
  private var ownBytes: Int {
    let (rows, longest) = cost.widestPass
    let logits = 4 * cost.logitRows * logitWidth
    guard let shape else { return StepMemory.fixedBytes + logits }
    let pass = ActivationPass.byteCount(shape, rows: rows, longest: longest)
    guard cost.hasGradients else { return StepMemory.fixedBytes + 2 * pass + logits }
    let step = StepMemory(shape, layers: shape.layers, width: shape.width, answers: logitWidth)
    return StepMemory.fixedBytes + step.threadBytes(1, of: longest, evaluated: 1)
      * max(1, rows / max(1, longest))
  }

  func needs(threads: Int, coreHours: Double) -> RunNeeds {
    RunNeeds(
      weightBytes: weightBytes, rankBytes: ownBytes, diskBytes: 4 * cost.logitRows * logitWidth,
      files: 1, units: 1, threads: threads, coreHours: coreHours)
  }

  var entries: [Entry] {
    let count = RunNeeds.count
    var entries: [Entry] = [
      ("examples", Double(cost.examples), count(cost.examples)),
      ("tokens", Double(cost.tokens), "\(count(cost.tokens)) positions of base and sources"),
      (
        "forward_passes", Double(cost.passes),
        count(cost.passes) + (cost.hasGradients ? ", a backward pass counted as two" : "")
      ),
    ]
    if cost.newTokens > 0 {
      entries.append(
        ("new_tokens", Double(cost.newTokens), "\(count(cost.newTokens)) of each example"))
    }
    if cost.steps > 0 {
      entries += [
        ("steps", Double(cost.steps), "\(count(cost.steps)) batches"),
        ("trained", Double(cost.trainedCount), "\(count(cost.trainedCount)) parameters"),
      ]
    }
    if let rows = cost.blockRows, let own = operations(rows.reused),
      let naive = operations(rows.naive)
    {
      entries += [
        (
          "block_rows", rows.reused,
          "\(count(Int(rows.reused))) instead of \(count(Int(rows.naive)))"
            + Self.fewer(rows.naive / max(1, rows.reused))
        ),
        (
          "operations", own,
          String(format: "%.3g GFLOP instead of %.3g", own / 1e9, naive / 1e9)
            + Self.fewer(naive / max(1, own))
        ),
        (
          "core_seconds", coreHours * 3600,
          String(format: "%.2g, reading the weights among them", coreHours * 3600)
        ),
      ]
    }
    return entries + [
      ("weight_bytes", Double(weightBytes), RunNeeds.text(weightBytes)),
      ("rank_bytes", Double(ownBytes), "about \(RunNeeds.text(ownBytes)) beside the weights"),
    ]
  }
}
