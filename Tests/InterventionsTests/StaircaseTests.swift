import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

struct StaircaseTests {
  static let shapes: [DecoderShape] = [
    .gpt2(layers: 4, width: 48, heads: 4, vocabulary: 40),
    .llama(layers: 5, width: 48, heads: 6, keyHeads: 2, mlpWidth: 72, vocabulary: 40),
  ]
  static let sites: [Site] = [
    .blockInput, .blockOutput, .attentionInput, .queryOutput, .keyOutput, .valueOutput,
    .attentionValueOutput, .attentionOutput, .mlpInput, .mlpActivation, .mlpOutput,
  ]
  let tokens = [3, 17, 5, 22, 9, 31, 8]
  let corrupted = 2..<4
  let samples = 3

  private func noise(_ width: Int) -> Tensor<Float> {
    var random = SeededRandom(seed: 11)
    return .normal([samples, corrupted.count, width], using: &random)
  }

  private func cells(_ site: Site, window: Int, _ shape: DecoderShape) -> [RestoredCell] {
    (0..<shape.layers).flatMap { layer in
      (0..<tokens.count).flatMap { position in
        (0..<samples).map { sample in
          RestoredCell(
            sample: sample, site: site,
            layers: max(0, layer - window / 2)..<min(shape.layers, layer - window / 2 + window),
            position: position)
        }
      }
    }.filter {
      $0.reachesLastPosition(
        length: tokens.count, firstCorrupted: corrupted.lowerBound, layerCount: shape.layers)
    }
  }

  @Test(arguments: shapes, sites)
  func `the staircase gives what a full forward pass of each cell gives, to the bit`(
    shape: DecoderShape, site: Site
  ) throws {
    let model = DecoderModel<Float>.random(shape)
    let noise = noise(shape.width)
    let base = try BaseRuns(
      model, tokens: tokens, noise: noise, corrupted: corrupted, restoring: [site])
    let naive = NaiveSweep(model, base, tokens: tokens, noise: noise, corrupted: corrupted)
    // The longest reaches past both ends of the model.
    for window in [1, 3, 4, 12] {
      let cells = cells(site, window: window, shape)
      var staircase = Staircase(model, base, cells)
      let found = try staircase.run()
      let expected = try naive.run(cells)
      #expect(found.elements == expected.elements, "window \(window)")
      #expect(staircase.blockRows < cells.count * tokens.count * shape.layers)
    }
  }

  @Test func `cells that begin alike go together until the shorter window ends`() throws {
    let shape = Self.shapes[0]
    let model = DecoderModel<Float>.random(shape)
    let base = try BaseRuns(
      model, tokens: tokens, noise: noise(shape.width), corrupted: corrupted,
      restoring: [.mlpOutput])
    func rows(_ windows: [Range<Int>]) throws -> [Int] {
      var staircase = Staircase(
        model, base,
        windows.map { RestoredCell(sample: 0, site: .mlpOutput, layers: $0, position: 4) })
      _ = try staircase.run()
      return staircase.passes.map(\.rows)
    }
    #expect(try rows([0..<3]) == [1, 3, 3, 3])
    #expect(try rows([0..<2, 0..<3]) == [1, 3, 6, 6])
    #expect(try rows([0..<4, 0..<4]) == [1, 3, 3, 3])
    #expect(try rows([0..<2, 1..<3]) == [1, 4, 6, 6])
  }

  @Test func `a row that is replaced is not made`() throws {
    let shape = Self.shapes[0]
    let model = DecoderModel<Float>.random(shape)
    let base = try BaseRuns(
      model, tokens: tokens, noise: noise(shape.width), corrupted: corrupted,
      restoring: [.mlpOutput, .attentionOutput])
    func passes(_ site: Site) throws -> [Staircase.Pass] {
      var staircase = Staircase(
        model, base, [RestoredCell(sample: 0, site: site, layers: 1..<3, position: 4)])
      _ = try staircase.run()
      return staircase.passes
    }
    // Three rows; the last block goes on with one.
    #expect(try passes(.mlpOutput).map(\.mlpRows) == [0, 2, 1])
    #expect(try passes(.mlpOutput).map(\.attentionRows) == [1, 3, 1])
    #expect(try passes(.attentionOutput).map(\.attentionRows) == [0, 2, 1])
    #expect(try passes(.attentionOutput).map(\.mlpRows) == [1, 3, 1])
  }

  @Test func `a run that nobody wants any more ends before its next layer`() throws {
    let shape = Self.shapes[0]
    let model = DecoderModel<Float>.random(shape)
    let base = try BaseRuns(
      model, tokens: tokens, noise: noise(shape.width), corrupted: corrupted,
      restoring: [.mlpOutput])
    var staircase = Staircase(
      model, base, [RestoredCell(sample: 0, site: .mlpOutput, layers: 0..<1, position: 4)])
    var asked = 0
    #expect(throws: Stopped.self) {
      _ = try staircase.run {
        asked += 1
        return asked > 2
      }
    }
    #expect(staircase.passes.count == 2)
  }

  @Test(arguments: shapes, sites)
  func `cells that are said to miss the last position do`(shape: DecoderShape, site: Site) throws {
    let model = DecoderModel<Float>.random(shape)
    let noise = noise(shape.width)
    let base = try BaseRuns(
      model, tokens: tokens, noise: noise, corrupted: corrupted, restoring: [site])
    let naive = NaiveSweep(model, base, tokens: tokens, noise: noise, corrupted: corrupted)
    let baseline = base.corruptedStreams(position: tokens.count - 1)
    var missing = 0
    for layer in 0..<shape.layers {
      for position in 0..<tokens.count {
        let cell = RestoredCell(
          sample: 1, site: site, layers: layer..<layer + 1, position: position)
        let reaches = cell.reachesLastPosition(
          length: tokens.count, firstCorrupted: corrupted.lowerBound, layerCount: shape.layers)
        let isBaseline = try naive.run([cell]).elements == baseline.rows(1..<2).elements
        // In the first block the tokens after the subject still make what the clean run makes.
        if layer > 0 || !reaches { #expect(reaches != isBaseline, "\(cell)") }
        missing += reaches ? 0 : 1
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
    let base = try BaseRuns(
      model, tokens: tokens, noise: noise, corrupted: corrupted, restoring: [])
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
          == base.corruptedStreams(position: tokens.count - 1).rows(sample..<sample + 1).elements)
    }
  }
}
