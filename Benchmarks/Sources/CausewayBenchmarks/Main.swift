import Foundation
import Interventions
import Models
import Tensors

func seconds(_ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  let d = clock.measure(body)
  return Double(d.components.seconds) + Double(d.components.attoseconds) * 1e-18
}

struct G: RandomNumberGenerator {
  var s: UInt64
  mutating func next() -> UInt64 {
    s &+= 0x9E37_79B9_7F4A_7C15
    var z = s
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@main
struct Main {
  static func main() {
    let w = 768
    let shape = DecoderShape(
      layers: 12, width: w, heads: 12, keyHeads: 12, headWidth: 64,
      mlpWidth: 4 * w, vocabulary: 50257, positionCount: 1024, norm: .layer,
      epsilon: 1e-5, mlp: .plain(.geluTanh), positions: .learned,
      attentionScales: Array(repeating: 0.125, count: 12),
      attentionBias: true, attentionOutputBias: true, mlpBias: true, tiedEmbedding: true)
    var g = G(s: 1)
    let model = DecoderModel<Float>(shape) { weight in
      let size = shape.size(of: weight) ?? []
      let n = size.reduce(1, *)
      return Tensor(size, (0..<n).map { _ in Float(Int(g.next() % 2001) - 1000) * 0.00003 })
    }
    let tokens = (0..<12).map { $0 * 37 + 5 }
    let noise = Tensor<Float>([10, 3, w], (0..<10 * 3 * w).map { _ in Float(Int(g.next() % 2001) - 1000) * 0.0003 })
    for _ in 0..<2 {
      var base: BaseRuns!
      let t0 = seconds { base = BaseRuns(model, tokens: tokens, noise: noise, corrupted: 2..<5, restoring: [.blockOutput]) }
      var cells: [RestoredCell] = []
      for l in 0..<12 { for p in 0..<12 { for s in 0..<10 {
        let c = RestoredCell(sample: s, site: .blockOutput, layers: l..<l+1, position: p)
        if c.reachesLastPosition(length: 12, firstCorrupted: 2, layerCount: 12) { cells.append(c) }
      } } }
      var rows = 0
      for chunk in [256, 1024, 100000] {
        rows = 0
        let t1 = seconds {
          var i = 0
          while i < cells.count {
            var n = 0; var j = i
            while j < cells.count, n < chunk { n += 12 - cells[j].position; j += 1 }
            var s = Staircase(model, base, Array(cells[i..<j]))
            let x = s.run()
            rows += s.blockRows
            let logits = model.logits(.init(x), on: .init())
            _ = logits.value.logSumExp()
            i = j
          }
        }
        print("chunk", chunk, "base", t0, "stair", t1, "rows", rows, "GF", Double(rows) * Double(shape.productsPerBlockRow) * 2 / t1 / 1e9)
      }
    }
  }
}
