import Autodiff
import Interventions
import Models
import Tensors

/// A causal trace of one prompt on one thread.
struct TraceBenchmark {
  struct Result {
    let name: String
    let cells: Int
    let seconds: Double
    /// Forward passes of the prompt that the rows amount to.
    let forwards: Double
    let operations: Double
    /// Seconds that the same matrix products take alone.
    let productSeconds: Double

    var json: String {
      """
      {"name": "\(name)", "cells": \(cells), "seconds": \(seconds), "forwards": \(forwards), \
      "gflops": \(operations / seconds / 1e9), "product_gflops": \(operations / productSeconds / 1e9), \
      "share": \(productSeconds / seconds)}
      """
    }
  }

  let name: String
  let model: DecoderModel<Float>
  let tokens: [Int]
  let subject: Range<Int>
  let samples: Int
  /// Sites and windows that are restored, at every layer and position.
  let restored: [(site: Site, window: Int)]

  /// Rows of a staircase's batch at most, as in the product's own units.
  private static let rowLimit = 1024

  /// Random weights: 12 layers, width 768, 12 tokens, subject 2 to 4, 10 samples, 144 cells.
  static func gpt2Small() -> TraceBenchmark {
    TraceBenchmark(
      name: "gpt2_small", model: .randomGPT2(layers: 12, width: 768, vocabulary: 50257),
      tokens: (0..<12).map { 37 * $0 + 5 }, subject: 2..<5,
      samples: 10, restored: [(.blockOutput, 1)])
  }

  /// Four blocks of the GPT-2 XL shape, whose rate is that of units of the whole model.
  static func gpt2XLBlocks() -> TraceBenchmark {
    TraceBenchmark(
      name: "gpt2_xl_blocks", model: .randomGPT2(layers: 4, width: 1600, vocabulary: 1000),
      tokens: (0..<12).map { 37 * $0 + 5 }, subject: 2..<5,
      samples: 10, restored: [(.blockOutput, 1)])
  }

  /// "The Eiffel Tower is located in the city of" in SmolLM2's tokens: 30 layers, 10 positions,
  /// 3 sites, 10 samples.
  static func eiffel(model path: String) throws -> TraceBenchmark {
    TraceBenchmark(
      name: "smollm2_fact", model: try PublishedModel(path).load(),
      tokens: [504, 414, 46682, 18669, 314, 3807, 281, 260, 2240, 282], subject: 0..<4,
      samples: 10, restored: [(.blockOutput, 1), (.mlpOutput, 10), (.attentionOutput, 10)])
  }

  private var noise: Tensor<Float> {
    var random = SplitMix(state: 2)
    let shape = [samples, subject.count, model.shape.width]
    return Tensor(shape, (0..<shape.reduce(1, *)).map { _ in 0.3 * random.uniform() })
  }

  /// Cells that can change the metric, in the order of layers; those that begin alike next to each
  /// other, as in the product's own units.
  private func cells(_ site: Site, window: Int) -> [Patch] {
    let layers = model.shape.layers
    let rows = RunRows(
      length: tokens.count, continuations: samples, from: subject.lowerBound)
    var all: [Patch] = []
    for layer in 0..<layers {
      let window = max(0, layer - window / 2)..<min(layers, layer + (window + 1) / 2)
      for position in tokens.indices {
        let touch = Touch(
          site, layers: window, positions: [position], .run(0, positions: [position]))
        all += (0..<samples).map { Patch(base: 1 + $0, [touch]) }
      }
    }
    all = all.filter { $0.reaches(rows, windows: Array(repeating: nil, count: layers)) }
    func key(_ cell: Patch) -> (Int, Int, Int, Int) {
      let touch = cell.touches[0]
      return (
        touch.layers.lowerBound, touch.positions[0], cell.base, -touch.layers.upperBound
      )
    }
    return all.sorted { key($0) < key($1) }
  }

  func run(naive: Bool) throws -> Result {
    let (length, layers) = (tokens.count, model.shape.layers)
    let noise = noise
    var rows = length * layers
    var logitRows = 1
    var floor = ProductFloor(model.shape)
    let time = try seconds {
      let base = try BaseRuns(
        model, BaseRun.corrupted(tokens, subject, noise: noise),
        keeping: Set(restored.map(\.site)), of: [0])
      rows += samples * (length - subject.lowerBound) * layers
      for _ in 0..<layers {
        floor.block(rows: length)
        floor.block(rows: samples * (length - subject.lowerBound))
      }
      for (site, window) in restored {
        for piece in pieces(cells(site, window: window)) {
          var stream: Tensor<Float>
          if naive {
            stream = try NaiveSweep(model, base, piece).run()
            rows += piece.count * length * layers
            for _ in 0..<piece.count * layers { floor.block(rows: length) }
          } else {
            let staircase = Staircase(model, base, piece)
            stream = try staircase.run()
            rows += staircase.blockRows
            for pass in staircase.plan.passes { floor.block(pass) }
          }
          for start in stride(from: 0, to: stream.rows, by: 64) {
            let part = stream.rows(start..<min(start + 64, stream.rows))
            _ = model.logits(Variable(part), on: Tape()).value.logSumExp()
            floor.logits(rows: part.rows)
          }
          logitRows += stream.rows
        }
      }
    }
    return Result(
      name: naive ? "\(name)_naive" : name,
      cells: restored.count * layers * length, seconds: time,
      forwards: Double(rows) / Double(length * layers), operations: floor.operations,
      productSeconds: floor.seconds())
  }

  private func pieces(_ cells: [Patch]) -> [[Patch]] {
    var result: [[Patch]] = []
    var rows = Self.rowLimit
    for cell in cells {
      let more = tokens.count - cell.touches[0].positions[0]
      if rows + more > Self.rowLimit {
        result.append([])
        rows = 0
      }
      rows += more
      result[result.count - 1].append(cell)
    }
    return result
  }
}

extension DecoderModel where Scalar == Float {
  /// GPT-2's plan with heads of width 64 and seeded random weights.
  static func randomGPT2(layers: Int, width: Int, vocabulary: Int) -> DecoderModel {
    let norm = NormShape.layer(epsilon: 1e-5)
    let block = BlockShape(
      norm: norm, attention: AttentionShape(heads: width / 64, headWidth: 64, biases: .all),
      mlp: FeedForwardShape(width: 4 * width, .plain(.geluTanh), hasBias: true))
    let shape = DecoderShape(
      width: width, vocabulary: vocabulary, positionCount: 1024,
      front: DecoderShape.Front(hasPositions: true),
      blocks: Array(repeating: block, count: layers), finalNorm: norm,
      head: DecoderShape.Head(isTied: true))
    var random = SplitMix(state: 1)
    return DecoderModel(shape, names: PublishedNames(.gpt2)) { weight in
      let size = shape.size(of: weight) ?? []
      return Tensor(size, (0..<size.reduce(1, *)).map { _ in 0.03 * random.uniform() })
    }
  }
}
