public import Inputs
public import Models
public import Tensors

/// How the rows of a site are cut into units, and in which order these are taken.
public struct UnitGrid: Sendable, Equatable {
  /// Along which units are chosen.
  public let axis: UnitAxis
  /// Blocks of equal width that a row is cut into: heads, senses, coordinates, or one.
  public let blockCount: Int
  /// Elements of a block; nil of attention weights, whose blocks are as wide as the context.
  public let blockWidth: Int?
  /// Whether an example's units lie position by position; otherwise block by block, as the
  /// reference's tensors `[example, head, position, …]` do.
  var isPositionMajor: Bool
  /// How many positions examples have at the site, and how many keys.
  private(set) var extent = SiteExtent.inputs
  private(set) var keyExtent = SiteExtent.inputs

  /// The positions of each example at the site.
  func lengths(_ all: InputLengths) -> [Int] { all[extent] }

  /// The size of each example's image at the site; nil if rows are no pixels.
  func images(_ all: InputLengths) -> [ImageSize]? { all.images(at: extent) }

  /// Elements of a block; of attention weights as many as the longest example has keys.
  func width(_ all: InputLengths) -> Int { blockWidth ?? all[keyExtent].max() ?? 0 }

  /// Whether the reference splits the site's rows, so that heads or senses are an axis.
  var isCutIntoBlocks: Bool { axis == .head || axis == .channel || axis.isPair }

  /// What a refusal calls a block.
  var blockName: String {
    switch axis {
    case .feature: "coordinate"
    case .channel, .channelPixel: "channel"
    default: "head"
    }
  }

  /// The units of a site of a model along an axis.
  ///
  /// - Throws: A refusal with the axes that the site has.
  public init<Scalar: Real>(
    of site: Site, layer: Int = 0, along axis: UnitAxis, in model: any IntervenableModel<Scalar>
  ) throws(Refusal) {
    let heads = model.heads(of: site)
    let extent = model.extent(of: site, layer: layer)
    let axes = UnitAxis.axes(of: site, heads: heads, extent: extent)
    guard axes.contains(axis) else {
      let known = axes.map(\.rawValue).joined(separator: ", ")
      throw Refusal(
        .job, field: "unit", found: "unit \(axis.rawValue)",
        expected: "a unit of \(site.rawValue): \(known)")
    }
    let width = model.width(of: site, layer: layer)
    if site.isWideAsContext {
      // The reference's first axis after the examples is the heads', so `pos` means heads here.
      self.init(axis: axis == .position ? .head : axis, blockCount: width, blockWidth: nil)
    } else {
      switch axis {
      case .position where extent.isImage:
        // The reference's first axis after the examples is the channels', so `pos` means those.
        self.init(axis: .channel, blockCount: width, blockWidth: 1)
      case .position, .step, .pixel: self.init(axis: axis, blockCount: 1, blockWidth: width)
      case .feature, .channel, .channelPixel:
        self.init(axis: axis, blockCount: width, blockWidth: 1)
      case .head, .headPosition, .sensePosition:
        self.init(axis: axis, blockCount: heads ?? 1, blockWidth: width / (heads ?? 1))
      }
    }
    (self.extent, keyExtent) = (extent, model.keyExtent(of: site))
  }

  init(axis: UnitAxis, blockCount: Int, blockWidth: Int?) {
    self.axis = axis
    self.blockCount = blockCount
    self.blockWidth = blockWidth
    isPositionMajor = axis == .feature
  }

  /// The same grid with units in the order in which they are joined into vectors.
  var joining: UnitGrid {
    var grid = self
    grid.isPositionMajor = blockCount > 1
    return grid
  }

  /// The units that a visited value holds, in order.
  ///
  /// - Parameter lengths: The length of each example, which `every` position means.
  func units(
    of places: UnitPlaces, in rows: RowPlaces, lengths: [Int]
  ) -> UnitHits {
    var hits = UnitHits()
    var before = 0
    for example in 0..<rows.exampleCount {
      let blocks = places.blocks.numbers(of: example) ?? Array(0..<blockCount)
      let positions = places.positions.numbers(of: example) ?? Array(0..<lengths[example])
      func take(_ block: Int, _ position: Int, _ ordinal: Int) {
        guard let row = rows.row(example: example, position: position) else { return }
        hits.places.append(row * blockCount + block)
        hits.ordinals.append(before + ordinal)
        hits.examples.append(example)
      }
      if isPositionMajor {
        for (p, position) in positions.enumerated() {
          for (b, block) in blocks.enumerated() { take(block, position, p * blocks.count + b) }
        }
      } else {
        for (b, block) in blocks.enumerated() {
          for (p, position) in positions.enumerated() {
            take(block, position, b * positions.count + p)
          }
        }
      }
      before += blocks.count * positions.count
    }
    hits.total = before
    return hits
  }
}

/// Units of an intervention that one value holds.
struct UnitHits {
  /// Numbers of blocks of the value: row times blocks a row, plus block.
  var places: [Int] = []
  /// The number of each unit among all of the intervention's in the run.
  var ordinals: [Int] = []
  var examples: [Int] = []
  /// Units of the intervention in the whole run, whether this value holds them or not.
  var total = 0

  /// Leaves out the units of other examples; the numbers of the rest stay.
  mutating func keep(_ wanted: Set<Int>) {
    let kept = examples.indices.filter { wanted.contains(examples[$0]) }
    places = kept.map { places[$0] }
    ordinals = kept.map { ordinals[$0] }
    examples = kept.map { examples[$0] }
  }

  var isEmpty: Bool { places.isEmpty }
  /// Whether every unit of the run is here, in order.
  var isComplete: Bool { places.count == total }

  /// Whether the units are all blocks of a value of so many, one after another.
  func areAll(of blocks: Int) -> Bool {
    places.count == blocks && places.enumerated().allSatisfy { $0 == $1 }
  }
}
