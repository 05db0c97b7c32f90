internal import Autodiff
internal import Models
internal import Tensors

/// One entry at work in one run: reads its units from a visited value, changes them, puts them back.
struct EntryAction<Scalar: Real> {
  let intervention: any Intervention<Scalar>
  let parameters: BoundParameters<Scalar>
  let grid: UnitGrid
  let places: UnitPlaces
  let coordinates: Coordinates
  /// The units that the source gives, in the order of the grid; nil if the type needs none.
  let source: Variable<Scalar>?
  /// The rows of each example at the site.
  let lengths: [Int]
  /// The size of each example's image there, if rows are pixels.
  var images: [ImageSize]?
  /// The examples that it changes; nil: all.
  var examples: Set<Int>?
  /// Takes what a collecting type hands out.
  let collector: UnitCollector<Scalar>?
  /// Takes what a type shows besides the changed activation.
  let latents = UnitCollector<Scalar>()
  /// What the call gives by name.
  var numbers: [String: Scalar] = [:]
  /// What the site's module read in this run, as soon as the run has come by it.
  let moduleInput = HeldValue<Scalar>()

  /// - Returns: The value to go on with.
  func callAsFunction(_ visited: SiteValue<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    var hits = grid.units(of: places, in: visited.places, lengths: lengths)
    if let examples { hits.keep(examples) }
    guard !hits.isEmpty else { return visited.value }
    let value = visited.value
    let blocks = value.value.rows * grid.blockCount
    let blockWidth = value.value.width / grid.blockCount
    let cut = grid.blockCount == 1 ? value : tape.reshape(value, [blocks, blockWidth])
    let isWhole = hits.areAll(of: blocks)
    let units = isWhole ? cut : tape.rows(cut, hits.places)

    let read = moduleInput.value.map { read in
      let cut = grid.blockCount == 1 ? read : tape.reshape(read, [blocks, blockWidth])
      return isWhole ? cut : tape.rows(cut, hits.places)
    }

    let joined =
      grid.unitsOfVector(
        places, lengths: lengths, joins: intervention.joinsUnits) ?? 1
    let shape = [hits.places.count / joined, joined * blockWidth]
    let input = InterventionInput(
      base: tape.reshape(units, shape),
      source: sourceVectors(hits, blockWidth: blockWidth, on: tape).map {
        tape.reshape($0, shape)
      },
      coordinates: coordinates.ofVectors(
        stride(from: 0, to: hits.examples.count, by: joined).map { hits.examples[$0] }),
      numbers: numbers, moduleInput: read.map { tape.reshape($0, shape) })
    let made = intervention.output(input, parameters, on: tape)
    let result = made.output
    let ordinals = stride(from: 0, to: hits.ordinals.count, by: joined).map {
      hits.ordinals[$0] / joined
    }
    if let latent = made.latent { latents.add(latent, at: ordinals) }
    if intervention.isCollecting {
      collector?.add(result, at: ordinals)
      return value
    }
    let changed = tape.reshape(result, [hits.places.count, blockWidth])
    // Of a place that is named twice the last unit stays.
    let merged =
      isWhole ? changed : tape.replace(cut, .rows(hits.places, of: cut.shape), with: changed)
    return tape.reshape(merged, value.shape)
  }

  /// Acts on some columns of a value.
  func callAsFunction(
    _ visited: SiteValue<Scalar>, columns: Range<Int>, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let changed = self(
      SiteValue(
        site: visited.site, layer: visited.layer, value: tape.columns(visited.value, columns),
        places: visited.places), on: tape)
    if intervention.isCollecting { return visited.value }
    return tape.replaceColumns(visited.value, columns, with: changed)
  }

  private func sourceVectors(
    _ hits: UnitHits, blockWidth: Int, on tape: Tape<Scalar>
  ) -> Variable<Scalar>? {
    guard let source else { return nil }
    let own = hits.isComplete ? source : tape.rows(source, hits.ordinals)
    let width = own.value.width
    if width == blockWidth { return own }
    // Attention weights of batches whose longest examples differ: keys past an example's end are 0.
    if width > blockWidth { return tape.columns(own, 0..<blockWidth) }
    let zeros = Variable(Tensor<Scalar>(zeros: [own.value.rows, blockWidth]))
    return tape.replaceColumns(zeros, 0..<width, with: own)
  }
}

/// A value that one visit of a run leaves for a later one.
final class HeldValue<Scalar: Real> {
  var value: Variable<Scalar>?
}
