import Interventions
import JobFiles
import Models
import Tensors
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

struct TraceCellsTests {
  private static let job = """
    filter = "none"
    [corrupt]
    noise = 1.0
    samples = 3
    [[restore]]
    site = "block_output"
    [[restore]]
    site = "mlp_output"
    window = 3
    [[restore]]
    site = "attention_output"
    window = 30
    layers = [1, 0]
    """

  @Test
  func `every cell has one number, and the longest window of those that begin alike is first`()
    throws
  {
    let run = try TinyRun(job: Self.job)
    // Three hundred samples do not fit into one block.
    for samples in [3, 300] {
      try expectEachOnce(
        try TraceJob(
          TraceSpec(
            JobDocument(
              reading: run.root + "/job.toml", overrides: ["corrupt.samples=\(samples)"]))))
    }
  }

  private func expectEachOnce(_ job: TraceJob) throws {
    for fact in job.facts.indices {
      for restoration in job.spec.restore.indices {
        let cells = TraceCells(job.grid, fact: fact, restoration: restoration)
        var seen: Set<[Int]> = []
        #expect((cells.blocks.count > 1) == (job.samples > 3))
        #expect(cells.blocks.map(\.count).reduce(0, +) == job.samples)
        for number in 0..<cells.count {
          let (place, sample) = cells.run(number)
          #expect(seen.insert([place.layer, place.position, sample]).inserted)
          #expect(cells.reaching[cells.row(of: number) / job.samples] == place)
          #expect(cells.row(of: number) % job.samples == sample)
          let now = cells[number].touches[0]
          #expect(now.positions == [place.position])
          #expect(cells[number].base == 1 + sample)
          #expect(now.layers.contains(place.layer))
          guard number > 0 else { continue }
          let before = cells[number - 1].touches[0]
          if now.positions == before.positions, cells[number].base == cells[number - 1].base,
            now.layers.lowerBound == before.layers.lowerBound
          {
            #expect(before.layers.upperBound >= now.layers.upperBound)
          }
        }
        #expect(seen.count == cells.reaching.count * job.samples)
      }
    }
  }

  @Test func `a unit costs the rows that its staircase runs`() throws {
    let run = try TinyRun(job: Self.job)
    let job = try TraceJob(TraceSpec(JobDocument(reading: run.root + "/job.toml", overrides: [])))
    let model = try job.published.load()
    let plan = TracePlan(job.grid)
    var shared = 0
    for unit in plan.units {
      let fact = job.facts[unit.fact]
      let subject = try #require(fact.subject)
      var random = SeededRandom(seed: 3)
      let noise = Tensor<Float>.normal(
        [3, subject.count, model.shape.width], using: &random)
      let base = try BaseRuns(
        model, BaseRun.corrupted(fact.ids, subject, noise: noise),
        keeping: [job.spec.restore[unit.restoration].site.site], of: [0])
      let cells = TraceCells(job.grid, fact: unit.fact, restoration: unit.restoration)
      // Parts of a unit too: they begin anywhere in a family of cells.
      for range in [
        unit.cells, unit.cells.lowerBound + unit.cells.count / 3..<unit.cells.upperBound,
      ] {
        let staircase = Staircase(model, base, range.map { cells[$0] })
        _ = try staircase.run()
        #expect(staircase.blockRows == cells.blockRows(of: range))
        let alone = range.reduce(0) { $0 + cells.blockRows(of: $1..<$1 + 1) }
        shared += alone - staircase.blockRows
      }
      #expect(unit.blockRows == cells.blockRows(of: unit.cells))
    }
    #expect(shared > 0)
  }
}
