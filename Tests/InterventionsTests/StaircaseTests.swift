import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// The staircase on a trace: noise on the subject, clean values put back at one position.
struct StaircaseTests {
  static let shapes: [DecoderShape] = [
    .gpt2(layers: 4, width: 48, heads: 4, vocabulary: 40),
    .llama(layers: 5, width: 48, heads: 6, keyHeads: 2, mlpWidth: 72, vocabulary: 40),
  ]
  static let sites: [Site] = [
    .blockInput, .blockOutput, .attentionInput, .queryOutput, .keyOutput, .valueOutput,
    .attentionWeight, .attentionValueOutput, .attentionOutput, .mlpInput, .mlpActivation,
    .mlpOutput,
  ]
  let tokens = [3, 17, 5, 22, 9, 31, 8]
  let corrupted = 2..<4
  let samples = 3

  private func noise(_ width: Int) -> Tensor<Float> {
    var random = SeededRandom(seed: 11)
    return .normal([samples, corrupted.count, width], using: &random)
  }

  private func runs(_ model: DecoderModel<Float>, keeping sites: Set<Site>) throws -> BaseRuns {
    try BaseRuns(
      model, BaseRun.corrupted(tokens, corrupted, noise: noise(model.shape.width)),
      keeping: sites, of: [0])
  }

  private func cell(_ site: Site, _ layers: Range<Int>, _ position: Int, sample: Int = 0) -> Patch {
    Patch(
      base: 1 + sample,
      [Touch(site, layers: layers, positions: [position], .run(0, positions: [position]))])
  }

  private func cells(_ site: Site, window: Int, _ shape: DecoderShape) -> [Patch] {
    let rows = RunRows(
      length: tokens.count, continuations: samples, from: corrupted.lowerBound)
    return (0..<shape.layers).flatMap { layer in
      let layers = max(0, layer - window / 2)..<min(shape.layers, layer - window / 2 + window)
      return (0..<tokens.count).flatMap { position in
        (0..<samples).map { cell(site, layers, position, sample: $0) }
      }
    }.filter { $0.reaches(rows, windows: shape.windows) }
  }

  @Test(arguments: shapes, sites)
  func `the staircase gives what a full forward pass of each cell gives, to the bit`(
    shape: DecoderShape, site: Site
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let base = try runs(model, keeping: [site])
    // The longest reaches past both ends of the model.
    for window in [1, 3, 4, 12] {
      let cells = cells(site, window: window, shape)
      let staircase = Staircase(model, base, cells)
      let found = try staircase.run()
      let expected = try NaiveSweep(model, base, cells).run()
      #expect(found.elements == expected.elements, "window \(window)")
      #expect(staircase.blockRows < cells.count * tokens.count * shape.layers)
    }
  }

  @Test(arguments: shapes, sites)
  func `several last positions are read to the bit as full forward passes give them`(
    shape: DecoderShape, site: Site
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let base = try runs(model, keeping: [site])
    let last = shape.layers - 1
    for reading in [2, 4] {
      // Single places, those that cannot be seen among them; and pairs that meet in later layers.
      var patches = (0..<shape.layers).flatMap { layer in
        (0..<tokens.count).map { cell(site, layer..<min(layer + 2, shape.layers), $0, sample: 1) }
      }
      for (first, second) in [(6, 3), (2, 5), (4, 6), (6, 1)] {
        patches.append(
          Patch(
            base: 2,
            [(0, first), (last, second)].map { layer, position in
              Touch(
                site, layers: layer..<layer + 1, positions: [position],
                .run(0, positions: [position]))
            }))
      }
      let found = try Staircase(model, base, patches, reading: reading).run()
      let expected = try NaiveSweep(model, base, patches, reading: reading).run()
      #expect(found.shape == [patches.count * reading, shape.width])
      #expect(found.elements == expected.elements, "\(reading) positions")
      let single = try Staircase(model, base, patches).run()
      let lasts = patches.indices.map { $0 * reading + reading - 1 }
      #expect(found.gathered(lasts).elements == single.elements, "\(reading) positions")
    }
  }

  private func passes(_ patches: [Patch]) -> [SweepPlan.Pass] {
    let rows = RunRows(
      length: tokens.count, continuations: samples, from: corrupted.lowerBound)
    return SweepPlan(patches, rows, windows: Self.shapes[0].windows).passes
  }

  @Test func `cells that begin alike go together until the shorter window ends`() {
    func rows(_ windows: [Range<Int>]) -> [Int] {
      passes(windows.map { cell(.mlpOutput, $0, 4) }).map(\.rows)
    }
    #expect(rows([0..<3]) == [1, 3, 3, 3])
    #expect(rows([0..<2, 0..<3]) == [1, 3, 6, 6])
    #expect(rows([0..<4, 0..<4]) == [1, 3, 3, 3])
    #expect(rows([0..<2, 1..<3]) == [1, 4, 6, 6])
  }

  @Test func `only what can differ goes through a block`() {
    func rows(_ touches: [Touch]) -> [Int] { passes([Patch(base: 1, touches)]).map(\.rows) }
    func touch(_ site: Site, _ layer: Int, _ positions: [Int]) -> Touch {
      Touch(site, layers: layer..<layer + 1, positions: positions, .zero)
    }
    // Places far from each other enter alone; later positions read keys in the block itself.
    #expect(rows([touch(.mlpOutput, 0, [1, 4])]) == [2, 6, 6, 6])
    #expect(rows([touch(.keyOutput, 1, [1, 4])]) == [6, 6, 6])
    // A later touch of an earlier position brings its rows in when it comes.
    #expect(rows([touch(.mlpOutput, 0, [6]), touch(.mlpOutput, 2, [3])]) == [1, 1, 4, 4])
    // In the last block an earlier position's output is read by nobody.
    #expect(rows([touch(.mlpOutput, 2, [6]), touch(.mlpOutput, 3, [3])]) == [1, 1])
    #expect(rows([touch(.mlpOutput, 3, [3])]) == [])
    #expect(rows([touch(.attentionWeight, 3, [3, 6])]) == [1])
    // What the base shares with the source is not changed.
    let all = Array(0..<7)
    #expect(
      rows([Touch(.attentionValueOutput, layers: 2..<3, positions: all, .run(0, positions: all))])
        == [5, 5])
  }

  @Test func `a row that is replaced is not made`() {
    func passes(_ site: Site) -> [SweepPlan.Pass] { self.passes([cell(site, 1..<3, 4)]) }
    // Three rows; the last block goes on with one.
    #expect(passes(.mlpOutput).map(\.mlpRows) == [0, 2, 1])
    #expect(passes(.mlpOutput).map(\.attentionRows) == [1, 3, 1])
    #expect(passes(.attentionOutput).map(\.attentionRows) == [0, 2, 1])
    #expect(passes(.attentionOutput).map(\.mlpRows) == [1, 3, 1])
  }

  @Test func `a sweep over heads at the last position costs a fifth of forward passes or less`() {
    let (layers, heads, length) = (12, 12, 16)
    let patches = (0..<layers).flatMap { layer in
      (0..<heads).map { head in
        Patch(
          base: 0,
          [
            Touch(
              .headAttentionValueOutput, layers: layer..<layer + 1, positions: [length - 1],
              .run(1, positions: [length - 1]), at: .heads([head]))
          ])
      }
    }
    let plan = SweepPlan(
      patches, RunRows([(length, nil), (length, nil)]),
      windows: Array(repeating: nil, count: layers))
    #expect(5 * plan.blockRows <= patches.count * length * layers)
    #expect(plan.passes.count == layers)
  }

  @Test func `a run that nobody wants any more ends before its next layer`() throws {
    let model = DecoderModel<Float>.random(Self.shapes[0])
    let base = try runs(model, keeping: [.mlpOutput])
    let staircase = Staircase(model, base, [cell(.mlpOutput, 0..<1, 4)])
    for layer in 0..<Self.shapes[0].layers {
      var asked = 0
      #expect(throws: Stopped.self) {
        _ = try staircase.run {
          asked += 1
          return asked > layer
        }
      }
      #expect(asked == layer + 1)
    }
  }

  @Test(arguments: shapes, sites)
  func `cells that are said to miss the last position do`(shape: DecoderShape, site: Site) throws {
    let model = DecoderModel<Float>.random(shape)
    let base = try runs(model, keeping: [site])
    let baseline = base.stream(run: 2, position: tokens.count - 1)
    var missing = 0
    for layer in 0..<shape.layers {
      for position in 0..<tokens.count {
        let cell = cell(site, layer..<layer + 1, position, sample: 1)
        let reaches = cell.reaches(base.rows, windows: shape.windows)
        let isBaseline =
          try NaiveSweep(model, base, [cell]).run().elements == baseline.elements
        // In the first block the tokens after the subject still make what the clean run makes.
        if layer > 0 || !reaches { #expect(reaches != isBaseline, "\(layer) \(position)") }
        if !reaches {
          missing += 1
          #expect(try Staircase(model, base, [cell]).run().elements == baseline.elements)
        }
      }
    }
    #expect(missing > 0)
  }

  @Test(arguments: shapes)
  func `the corrupted runs are what noise on the embeddings gives without any reuse`(
    shape: DecoderShape
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let noise = noise(shape.width)
    let base = try runs(model, keeping: [])
    for sample in 0..<samples {
      let run = Run<Float>(Batch(lengths: [tokens.count]))
      let clean = model.tokenEmbeddings(tokens, on: run.tape).value
      let rows = Array(corrupted)
      let touched =
        clean.gathered(rows)
        + noise.rows(sample..<sample + 1).reshaped([rows.count, shape.width])
      let embeddings = Variable(clean.replacingRows(rows, with: touched))
      let stream = model.blocks(0..<shape.layers, model.stream(of: embeddings, in: run), in: run)
      #expect(
        stream.value.rows(tokens.count - 1..<tokens.count).elements
          == base.stream(run: 1 + sample, position: tokens.count - 1).elements)
    }
  }
}
