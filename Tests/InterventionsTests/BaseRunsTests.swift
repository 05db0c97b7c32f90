import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Unchanged runs of several prompts, some of which begin alike.
struct BaseRunsTests {
  /// The second and third continue the first, the fourth continues the third, the last is the first.
  static let prompts = [
    [3, 17, 5, 22, 9], [3, 17, 8, 1, 4, 29], [3, 17, 5, 30, 2, 2, 7], [3, 17, 5, 30, 2, 11],
    [12, 6], [3, 17, 5, 22, 9],
  ]

  @Test func `runs share the most that they can with one before them`() {
    let runs = BaseRun.sharingPrefixes(Self.prompts, short: nil)
    #expect(runs.map { $0.shared?.run } == [nil, 0, 0, 2, nil, 0])
    #expect(runs.map { $0.shared?.count } == [nil, 2, 3, 5, nil, 5])
    let rows = RunRows(runs)
    #expect(rows.count == 5 + 4 + 4 + 1 + 2)
    #expect(rows.row(run: 3, position: 4) == rows.row(run: 2, position: 4))
    #expect(rows.row(run: 3, position: 1) == rows.row(run: 0, position: 1))
    #expect(rows.row(run: 5, position: 4) == rows.row(run: 0, position: 4))
  }

  @Test func `short and long sequences share nothing where they turn by other angles`() throws {
    var shape = RunSupport.shapes[2]
    shape.vocabulary = 40
    let runs = BaseRun.sharingPrefixes(Self.prompts, short: shape.longestShort)
    // 6 and 7 tokens are long, 5 are short.
    #expect(runs.map { $0.shared?.run } == [nil, nil, 1, 2, nil, 0])
    let model = DecoderModel<Float>.random(shape)
    let shared = try BaseRuns(model, runs, keeping: [])
    for (run, prompt) in Self.prompts.enumerated() {
      let alone = try BaseRuns(model, [BaseRun(prompt)], keeping: [])
      for position in prompt.indices {
        #expect(
          shared.stream(run: run, position: position).elements
            == alone.stream(run: 0, position: position).elements, "\(run) \(position)")
      }
    }
  }

  @Test(arguments: StaircaseTests.shapes)
  func `runs that share rows make what each makes alone, to the bit`(shape: DecoderShape) throws {
    let model = DecoderModel<Float>.random(shape)
    let sites = Set(Site.decoderSites)
    let shared = try BaseRuns(
      model, BaseRun.sharingPrefixes(Self.prompts, short: nil), keeping: sites)
    for (run, prompt) in Self.prompts.enumerated() {
      let alone = try BaseRuns(model, [BaseRun(prompt)], keeping: sites)
      for position in prompt.indices {
        #expect(
          shared.stream(run: run, position: position).elements
            == alone.stream(run: 0, position: position).elements)
      }
      for site in sites where site != .attentionWeight {
        for layer in 0..<shape.layers {
          #expect(
            shared.value(site, layer: layer, run: run).elements
              == alone.value(site, layer: layer, run: 0).elements)
        }
      }
      let wide = shared.value(.attentionWeight, layer: 1, run: run)
      let own = alone.value(.attentionWeight, layer: 1, run: 0)
      #expect(wide.shape == [prompt.count, shape.heads * 7])
      for head in 0..<shape.heads {
        #expect(
          wide.columns(7 * head..<7 * head + prompt.count).elements
            == own.columns(prompt.count * head..<prompt.count * (head + 1)).elements)
      }
    }
  }

  @Test func `only sources keep values, and what is kept is known beforehand`() throws {
    let shape = StaircaseTests.shapes[1]
    let rows = RunRows([(7, nil), (7, RunRows.Shared(run: 0, count: 3)), (5, nil)])
    #expect(rows.count == 16)
    let always = 6 * 48 + 2 * 5 * 16
    let count = BaseRuns.byteCount(
      shape, rows, keeping: [.mlpActivation, .headKeyOutput, .blockOutput, .attentionWeight],
      of: [1])
    #expect(count == 4 * (16 * always + 7 * 5 * (72 + 16 + 6 * 7)))
  }
}
