internal import Interventions
internal import Models

/// The patched runs of one fact and one restoration, numbered.
///
/// A number stands for a layer, a position and a sample; places whose change cannot reach a
/// position that is read have none: their value is the corrupted run's. Runs whose windows begin in the same
/// layer, as those do that the first layer cuts short, are alike until the shortest window ends:
/// they have neighbouring numbers, the longest window first, so that a staircase runs what they
/// share once. So it is within a block of samples; one block follows the other.
struct TraceCells: Sendable {
  struct Place: Sendable, Hashable {
    let layer: Int
    let position: Int
  }

  /// Places of one position whose windows begin in the same layer, the longest window first.
  private struct Family: Sendable {
    /// Of `reaching`.
    let places: Range<Int>
    let position: Int
    /// Rows that go through a block, over all layers, for a run that goes its own way from the start.
    let leaderRows: Int
    /// The same for runs that part from a leader, added up: of the first n members at n.
    let followerRows: [Int]

    /// Rows of the followers that the first so many numbers would be.
    func followerRows(before number: Int) -> Int {
      let (samples, member) = number.quotientAndRemainder(dividingBy: places.count)
      return samples * (followerRows.last ?? 0) + followerRows[member]
    }

    /// Rows of neighbouring numbers, counted from the family's first; of each sample the first leads.
    func blockRows(of numbers: Range<Int>) -> Int {
      let first = numbers.lowerBound / places.count
      let samples = (numbers.upperBound - 1) / places.count - first + 1
      let member = numbers.lowerBound % places.count
      let leaders =
        followerRows[member + 1] - followerRows[member] + (samples - 1) * followerRows[1]
      return followerRows(before: numbers.upperBound) - followerRows(before: numbers.lowerBound)
        - leaders + samples * leaderRows
    }
  }

  private struct Root: Hashable {
    let layer: Int
    let position: Int
  }

  /// Layers and positions that the job asks for and that can change the metric, family by family.
  let reaching: [Place]
  /// Those that it asks for and that cannot.
  let equalToBaseline: [Place]
  private let families: [Family]
  private let restoration: Restoration
  private let length: Int
  private let layerCount: Int
  private let samples: Int
  /// Samples whose corrupted runs are kept together.
  let blocks: [Range<Int>]

  init(_ grid: TraceGrid, fact: Int, restoration: Int) {
    length = grid.length(of: fact)
    layerCount = grid.layerCount
    samples = grid.samples
    blocks = grid.sampleBlocks(of: fact)
    self.restoration = grid.restore[restoration]
    let reach = Reach(length: length, reading: grid.reading[fact], windows: grid.windows)
    var roots: [Root] = []
    var members: [Root: [Place]] = [:]
    var equal: [Place] = []
    for layer in grid.layers[restoration] {
      let window = self.restoration.restored(around: layer, layerCount: layerCount)
      for position in grid.positions[restoration][fact] {
        let place = Place(layer: layer, position: position)
        // Before that the corrupted run is the clean one.
        guard position >= grid.corruptedFrom[fact],
          reach(self.restoration.site.site, layer: window.lowerBound, position: position)
        else {
          equal.append(place)
          continue
        }
        let root = Root(layer: window.lowerBound, position: position)
        if members[root] == nil { roots.append(root) }
        members[root, default: []].append(place)
      }
    }
    var reaching: [Place] = []
    var families: [Family] = []
    for root in roots {
      let places = (members[root] ?? []).sorted { $0.layer > $1.layer }
      let tail = length - root.position
      var followerRows = [0]
      for place in places {
        let window = self.restoration.restored(around: place.layer, layerCount: layerCount)
        followerRows.append((followerRows.last ?? 0) + tail * (layerCount - window.upperBound))
      }
      let entering = self.restoration.site == .blockOutput ? 0 : 1
      families.append(
        Family(
          places: reaching.count..<reaching.count + places.count, position: root.position,
          leaderRows: entering + tail * (layerCount - 1 - root.layer), followerRows: followerRows))
      reaching += places
    }
    (self.reaching, self.families, equalToBaseline) = (reaching, families, equal)
  }

  /// The number of patched runs.
  var count: Int { reaching.count * samples }

  /// The patch of a number, on base runs that are the clean run and then every sample's.
  subscript(number: Int) -> Patch {
    let (place, sample) = run(number)
    return Patch(
      base: 1 + sample,
      [
        Touch(
          restoration.site.site, layers: window(place), positions: [place.position],
          .run(0, positions: [place.position]))
      ])
  }

  /// The place and the sample of a number.
  func run(_ number: Int) -> (place: Place, sample: Int) {
    let (index, sample) = indices(number)
    return (reaching[index], sample)
  }

  /// Where a number's value lies in a table `[reaching, samples]`.
  func row(of number: Int) -> Int {
    let (index, sample) = indices(number)
    return index * samples + sample
  }

  private func indices(_ number: Int) -> (place: Int, sample: Int) {
    let (family, block, offset) = family(of: number)
    let (sample, member) = offset.quotientAndRemainder(dividingBy: family.places.count)
    return (family.places.lowerBound + member, blocks[block].lowerBound + sample)
  }

  /// The block of samples that a number belongs to, by bisection.
  func block(of number: Int) -> Int {
    var (low, high) = (0, blocks.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if blocks[middle].lowerBound * reaching.count <= number {
        low = middle
      } else {
        high = middle
      }
    }
    return low
  }

  /// The numbers of a block of samples.
  func numbers(ofBlock block: Int) -> Range<Int> {
    blocks[block].lowerBound * reaching.count..<blocks[block].upperBound * reaching.count
  }

  /// The family that a number belongs to, by bisection, its block, and the number counted from the
  /// family's first there.
  private func family(of number: Int) -> (family: Family, block: Int, offset: Int) {
    let block = block(of: number)
    let inBlock = number - blocks[block].lowerBound * reaching.count
    let samples = blocks[block].count
    var (low, high) = (0, families.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if families[middle].places.lowerBound * samples <= inBlock {
        low = middle
      } else {
        high = middle
      }
    }
    return (families[low], block, inBlock - families[low].places.lowerBound * samples)
  }

  private func window(_ place: Place) -> Range<Int> {
    restoration.restored(around: place.layer, layerCount: layerCount)
  }

  /// Rows of the batch that each patched run of a block adds, once it goes its own way, for
  /// neighbouring numbers that add as many.
  func runsOfEqualRows(inBlock block: Int) -> [(count: Int, rows: Int)] {
    families.map { ($0.places.count * blocks[block].count, length - $0.position) }
  }

  /// Rows that go through a block, over all layers, for neighbouring runs that go together: what
  /// they cost.
  func blockRows(of numbers: Range<Int>) -> Int {
    var (number, rows) = (numbers.lowerBound, 0)
    while number < numbers.upperBound {
      let (family, block, offset) = family(of: number)
      let left = family.places.count * blocks[block].count - offset
      let taken = min(left, numbers.upperBound - number)
      rows += family.blockRows(of: offset..<offset + taken)
      number += taken
    }
    return rows
  }
}
