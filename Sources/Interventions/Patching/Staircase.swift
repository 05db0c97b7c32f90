internal import Autodiff
public import Inputs
public import Models
public import Tensors

/// Runs many patched runs through a model together, each from where it differs from its base.
///
/// Earlier positions are the base's, through their keys and values, as are lower layers. All rows
/// that are in the batch at a layer advance through the same products; `SweepPlan` says which.
public struct Staircase: Sendable {
  private let model: DecoderModel<Float>
  private let runs: BaseRuns
  private let patches: [Patch]
  /// Which rows go through which block.
  public let plan: SweepPlan

  /// - Parameter reading: How many last positions of each patched run are read.
  public init(
    _ model: DecoderModel<Float>, _ runs: BaseRuns, _ patches: [Patch], reading: Int = 1
  ) {
    self.model = model
    self.runs = runs
    self.patches = patches
    plan = SweepPlan(patches, runs.rows, reading: reading, windows: model.shape.windows)
  }

  /// Rows that go through a block, over all layers.
  public var blockRows: Int { plan.blockRows }

  /// The last block's output at the positions of each patched run that are read,
  /// `[patches · reading, width]`.
  ///
  /// - Parameter isGivenUp: Asked before each layer.
  /// - Throws: `Stopped` once nobody wants the result any more.
  public func run(
    unless isGivenUp: () -> Bool = { false }
  ) throws(Stopped) -> Tensor<Float> {
    var x = Tensor<Float>(zeros: [0, model.shape.width])
    for step in plan.steps {
      guard !isGivenUp() else { throw Stopped() }
      let isLast = step.layer == model.shape.layers - 1
      x = assembled(step.entering, x, runs.streams[step.layer])
      if !step.groups.isEmpty { x = block(step, x, isLast: isLast) }
      x = assembled(step.leaving, x, runs.streams[step.layer + 1])
      if !step.joining.isEmpty { x = joined(step, x) }
    }
    let reading = plan.reading
    if plan.results == (0..<x.rows / reading).map(Optional.some) { return x }
    return .concatenated(
      [x.rows(0..<0)]
        + zip(plan.results, patches).map { place, patch in
          place.map { x.rows($0 * reading..<($0 + 1) * reading) }
            ?? runs.lastStream(run: patch.base, reading: reading)
        })
  }

  private func assembled(
    _ pieces: [SweepPlan.Piece]?, _ x: Tensor<Float>, _ base: Tensor<Float>
  ) -> Tensor<Float> {
    guard let pieces, !pieces.isEmpty else { return x }
    return .concatenated(
      pieces.map {
        switch $0 {
        case .own(let rows): x.rows(rows)
        case .base(let rows): base.rows(rows)
        }
      })
  }

  private func block(_ step: SweepPlan.Step, _ x: Tensor<Float>, isLast: Bool) -> Tensor<Float> {
    let batch = Batch(
      step.groups.flatMap { group in
        group.segments.map {
          ($0.count, runs.rows.ranges(run: group.base, 0..<$0.lowerBound))
        }
      },
      wholes: step.groups.flatMap { group in
        group.segments.map { _ in runs.rows.lengths[group.base] }
      })
    var start = 0
    let queries =
      isLast
      ? step.groups.flatMap { group in
        start += group.count
        return start - plan.reading..<start
      } : nil
    let edits = edits(step.groups, from: 0, at: step.layer, queries: queries)
    let run = Run<Float>(
      batch, prefix: runs.keyValues,
      visitor: { site, _, value in edits.apply(site, value) },
      replaced: { site, _ in edits.spared(site) })
    return model.block(step.layer, Variable(x), in: run, queries: queries).value
  }

  /// The stream in which the last groups' rows, still their bases', are changed.
  private func joined(_ step: SweepPlan.Step, _ x: Tensor<Float>) -> Tensor<Float> {
    let count = step.joining.reduce(0) { $0 + $1.count }
    let edits = edits(step.joining, from: x.rows - count, at: step.layer, queries: nil)
    return edits.apply(.blockOutput, Variable(x)).value
  }

  /// What is written into the rows of groups that lie below each other.
  private func edits(
    _ groups: [SweepPlan.Group], from first: Int, at layer: Int, queries: [Int]?
  ) -> SiteEdits {
    var start = first
    var placed: [SiteEdits.Placed] = []
    for group in groups {
      for number in group.touches {
        let touch = plan.touches[number]
        placed.append(
          SiteEdits.Placed(
            touch: touch,
            rows: touch.positions.map { group.offset(of: $0).map { start + $0 } }))
      }
      start += group.count
    }
    return SiteEdits(placed, layer: layer, runs, model.shape, queries: queries)
  }
}

extension SweepPlan.Group {
  /// The row of a position among the group's.
  fileprivate func offset(of position: Int) -> Int? {
    var start = 0
    for segment in segments {
      if segment.contains(position) { return start + position - segment.lowerBound }
      start += segment.count
    }
    return nil
  }
}
