import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// The staircase against a full forward pass a patch, over everything that a patch can say.
struct SweepTests {
  /// Of unequal lengths; the third begins as the first.
  static let prompts = [
    [3, 17, 5, 22, 9, 31, 8], [8, 1, 4, 29, 11, 6, 13, 20, 2], [3, 17, 12, 22, 30, 31, 1],
  ]
  enum Kind: CaseIterable { case all, heads, columns, subspace }
  enum Given: CaseIterable { case run, zero, row, rows }

  /// Draws patches, so that one seed always gives the same.
  struct Draw {
    let shape: DecoderShape
    var random: SeededRandom
    let spaces: [Int: PatchSubspace]

    init(_ shape: DecoderShape, seed: UInt64) {
      self.shape = shape
      random = SeededRandom(seed: seed)
      var spaces: [Int: PatchSubspace] = [:]
      for width in Set(Site.decoderSites.map { shape.width(of: $0) }) {
        let draws = Tensor<Float>.normal([width, 3], using: &random)
        spaces[width] = PatchSubspace(rows: draws.orthonormalized().transposed())
      }
      self.spaces = spaces
    }

    mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func some(of count: Int) -> [Int] {
      Array((0..<count).shuffled(using: &random).prefix(1 + number(below: count)))
    }

    func kinds(_ site: Site) -> [Kind] {
      Kind.allCases.filter {
        switch $0 {
        case .all: true
        case .heads: shape.heads(of: site) != nil
        case .columns, .subspace: site != .attentionWeight
        }
      }
    }

    mutating func touch(_ site: Site, _ kind: Kind, _ given: Given, base: Int) -> Touch {
      let length = SweepTests.prompts[base].count
      // Often the last position, which every change reaches.
      var positions = some(of: length)
      if number(below: 3) == 0 { positions = [length - 1] }
      if number(below: 4) == 0 { positions = Array(0..<length) }
      let first = number(below: shape.layers)
      let layers = first..<first + 1 + number(below: min(3, shape.layers - first))
      let perHead = site == .attentionWeight ? length : shape.headWidth
      let width = site == .attentionWeight ? shape.heads * length : shape.width(of: site)
      let coordinates: PatchCoordinates
      let chosen: Int
      switch kind {
      case .all: (coordinates, chosen) = (.all, width)
      case .heads:
        let heads = some(of: shape.heads(of: site) ?? 1)
        (coordinates, chosen) = (.heads(heads), heads.count * perHead)
      case .columns:
        let columns = Array(some(of: width).prefix(7))
        (coordinates, chosen) = (.columns(columns), columns.count)
      case .subspace:
        (coordinates, chosen) = (spaces[width].map { .subspace($0) } ?? .all, 3)
      }
      let value: PatchValue
      switch given {
      case .run:
        let source = number(below: SweepTests.prompts.count)
        let count = SweepTests.prompts[source].count
        value = .run(
          source,
          positions: positions.map {
            number(below: 2) == 0 ? min($0, count - 1) : number(below: count)
          })
      case .zero: value = .zero
      case .row: value = .row(.normal([chosen], using: &random))
      case .rows: value = .rows(.normal([positions.count, chosen], using: &random))
      }
      return Touch(site, layers: layers, positions: positions, value, at: coordinates)
    }
  }

  private func expectEqual(_ patches: [Patch], _ shape: DecoderShape) throws {
    let model = DecoderModel<Float>.random(shape)
    let runs = try BaseRuns(
      model, BaseRun.sharingPrefixes(Self.prompts, short: nil), keeping: Set(Site.decoderSites))
    let found = try Staircase(model, runs, patches).run()
    let expected = try NaiveSweep(model, runs, patches).run()
    #expect(found.shape == [patches.count, shape.width])
    var changed = 0
    for (index, patch) in patches.enumerated() {
      let own = found.rows(index..<index + 1).elements
      #expect(own == expected.rows(index..<index + 1).elements, "\(patch)")
      #expect(own.allSatisfy { $0.isFinite })
      let length = Self.prompts[patch.base].count
      let isBase = own == runs.stream(run: patch.base, position: length - 1).elements
      if !patch.reaches(runs.rows, windows: shape.windows) { #expect(isBase, "\(patch)") }
      if !isBase { changed += 1 }
    }
    #expect(changed > patches.count / 2)
  }

  @Test(arguments: StaircaseTests.shapes, Site.decoderSites)
  func `any coordinates of a site with any value give a full pass' bits`(
    shape: DecoderShape, site: Site
  ) throws {
    var draw = Draw(shape, seed: 4)
    var patches: [Patch] = []
    for kind in draw.kinds(site) {
      for given in Given.allCases {
        for base in [0, 1, 2, 0, 1, 2] {
          patches.append(Patch(base: base, [draw.touch(site, kind, given, base: base)]))
        }
      }
    }
    try expectEqual(patches, shape)
  }

  @Test(arguments: StaircaseTests.shapes, [UInt64(1), 2, 3])
  func `several touches at once give a full pass' bits`(shape: DecoderShape, seed: UInt64) throws {
    var draw = Draw(shape, seed: 100 + seed)
    let patches = (0..<80).map { _ in
      let base = draw.number(below: Self.prompts.count)
      return Patch(
        base: base,
        (0..<2 + draw.number(below: 3)).map { _ in
          let site = Site.decoderSites[draw.number(below: Site.decoderSites.count)]
          let kinds = draw.kinds(site)
          return draw.touch(
            site, kinds[draw.number(below: kinds.count)], Given.allCases[draw.number(below: 4)],
            base: base)
        })
    }
    try expectEqual(patches, shape)
  }

  @Test(arguments: StaircaseTests.shapes)
  func `windows and pairs of heads that begin alike part where they differ`(shape: DecoderShape)
    throws
  {
    let last = Self.prompts[0].count - 1
    func touch(_ site: Site, _ layers: Range<Int>, _ head: Int) -> Touch {
      Touch(site, layers: layers, positions: [last - 1, last], .zero, at: .heads([head]))
    }
    var patches: [Patch] = []
    for end in 1...shape.layers {
      patches.append(Patch(base: 0, [touch(.headAttentionValueOutput, 0..<end, 1)]))
      patches.append(
        Patch(
          base: 0,
          [touch(.headAttentionValueOutput, 0..<end, 1), touch(.headKeyOutput, 1..<2, 0)]))
      for head in 0..<shape.heads where end > 1 {
        patches.append(
          Patch(
            base: 0,
            [touch(.headAttentionValueOutput, 0..<1, 1), touch(.queryOutput, end - 1..<end, head)]))
      }
    }
    try expectEqual(patches, shape)
    let rows = RunRows(BaseRun.sharingPrefixes(Self.prompts, short: nil))
    let alone = patches.reduce(0) {
      $0 + SweepPlan([$1], rows, windows: shape.windows).blockRows
    }
    #expect(SweepPlan(patches, rows, windows: shape.windows).blockRows < alone)
  }

  @Test func `a value that a patch changes elsewhere is made anew`() throws {
    // The source's own value put back changes nothing alone, but does after an earlier change.
    let shape = StaircaseTests.shapes[1]
    let model = DecoderModel<Float>.random(shape)
    let runs = try BaseRuns(
      model, BaseRun.sharingPrefixes(Self.prompts, short: nil), keeping: [.mlpOutput])
    let last = Self.prompts[0].count - 1
    let restored = Touch(
      .mlpOutput, layers: 2..<3, positions: [last], .run(0, positions: [last]))
    let zeroed = Touch(.attentionOutput, layers: 0..<1, positions: [1], .zero)
    #expect(!Patch(base: 0, [restored]).reaches(runs.rows, windows: shape.windows))
    #expect(Patch(base: 0, [zeroed, restored]).reaches(runs.rows, windows: shape.windows))
    let found = try Staircase(
      model, runs, [Patch(base: 0, [zeroed]), Patch(base: 0, [zeroed, restored])]
    ).run()
    #expect(found.rows(0..<1).elements != found.rows(1..<2).elements)
  }
}
