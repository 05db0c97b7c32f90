import Autodiff
import Models
import Synchronization
import Tensors

/// A number that runs on any thread add to.
final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add(_ number: Int) { count.withLock { $0 += number } }
}

/// A model that is another one, and counts what of it runs.
protocol CountingModel: IntervenableModel where Scalar == Float {
  var known: any IntervenableModel<Float> { get }
}

extension CountingModel {
  var sites: [(site: Site, layers: Range<Int>)] { known.sites }
  func width(of site: Site) -> Int { known.width(of: site) }
  func width(of site: Site, layer: Int) -> Int { known.width(of: site, layer: layer) }
  func extent(of site: Site, layer: Int) -> SiteExtent { known.extent(of: site, layer: layer) }
  func heads(of site: Site) -> Int? { known.heads(of: site) }
  func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    known.site(atModulePath: path)
  }
}

/// Counts the steps of all examples, each of which goes through all layers.
struct CountingSteps: CountingModel, RecurrentModel {
  let inner: GRUModel<Float>
  let counter = Counter()
  var known: any IntervenableModel<Float> { inner }
  var continuation: Continuation<Float> { .steps(self) }
  var firstStates: Tensor<Float> { inner.firstStates }
  var isOfLastStep: Bool { inner.isOfLastStep }

  func logits(of rows: Variable<Float>, on tape: Tape<Float>) -> Variable<Float> {
    inner.logits(of: rows, on: tape)
  }

  func run(
    _ steps: [Range<Int>], of inputs: ModelInputs<Float>, from starts: [Tensor<Float>],
    on tape: Tape<Float>, visit: ((SiteValue<Float>) -> Variable<Float>)?
  ) -> RecurrentSteps<Float> {
    counter.add(steps.reduce(0) { $0 + $1.count })
    return inner.run(steps, of: inputs, from: starts, on: tape, visit: visit)
  }

  func run(
    _ inputs: ModelInputs<Float>, on tape: Tape<Float>,
    visit: ((SiteValue<Float>) -> Variable<Float>)?
  ) -> Variable<Float> {
    counter.add(inputs.lengths.reduce(0, +))
    return inner.run(inputs, on: tape, visit: visit)
  }
}

/// Counts the stages.
struct CountingStages: CountingModel, StagedModel {
  let inner: any StagedModel<Float>
  let counter = Counter()
  var known: any IntervenableModel<Float> { inner }
  var continuation: Continuation<Float> { .stages(self) }
  var stageCount: Int { inner.stageCount }

  func stage(of site: Site, layer: Int) -> Int { inner.stage(of: site, layer: layer) }
  func rows(before stage: Int, of extents: InputLengths) -> [Int] {
    inner.rows(before: stage, of: extents)
  }
  func start(of inputs: ModelInputs<Float>) -> Variable<Float> { inner.start(of: inputs) }

  func run(
    _ stages: Range<Int>, of x: Variable<Float>, extents: InputLengths, on tape: Tape<Float>,
    visit: ((SiteValue<Float>) -> Variable<Float>)?
  ) -> Variable<Float> {
    counter.add(stages.count)
    return inner.run(stages, of: x, extents: extents, on: tape, visit: visit)
  }
}
