internal import Autodiff
internal import Models
internal import Tensors

/// Takes units as a run comes by them, and hands them out in order when it is over.
final class UnitCollector<Scalar: Real> {
  private var pieces: [(value: Variable<Scalar>, ordinals: [Int])] = []

  var isEmpty: Bool { pieces.isEmpty }

  /// - Parameter ordinals: The number of each row of `value` in the whole.
  func add(_ value: Variable<Scalar>, at ordinals: [Int]) { pieces.append((value, ordinals)) }

  /// All rows in order.
  func assembled(on tape: Tape<Scalar>) -> Variable<Scalar> {
    precondition(!pieces.isEmpty, "a run never came by the site")
    let ordinals = pieces.flatMap(\.ordinals)
    let whole = pieces.count == 1 ? pieces[0].value : tape.concatenate(pieces.map(\.value))
    let isInOrder = ordinals.enumerated().allSatisfy { $0 == $1 }
    if isInOrder { return whole }
    // Numbers may be missing where only some examples are looked at.
    return tape.rows(whole, ordinals.indices.sorted { ordinals[$0] < ordinals[$1] })
  }
}

/// Reads an entry's units from a source's run.
struct SourceReading<Scalar: Real> {
  let entry: InterventionSetup<Scalar>.Entry
  let grid: UnitGrid
  let places: UnitPlaces
  let lengths: [Int]
  let collector = UnitCollector<Scalar>()

  func read(_ visited: SiteValue<Scalar>, on tape: Tape<Scalar>) {
    let hits = grid.units(of: places, in: visited.places, lengths: lengths)
    guard !hits.isEmpty else { return }
    let value = visited.value
    let blocks = value.value.rows * grid.blockCount
    let cut =
      grid.blockCount == 1
      ? value : tape.reshape(value, [blocks, value.value.width / grid.blockCount])
    let isWhole = hits.areAll(of: blocks)
    collector.add(isWhole ? cut : tape.rows(cut, hits.places), at: hits.ordinals)
  }
}
