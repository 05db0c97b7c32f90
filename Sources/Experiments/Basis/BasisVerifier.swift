internal import Cluster
internal import Foundation
internal import Inputs
internal import Models
internal import Randomness
internal import ResultsStore
internal import Tensors

/// Checks a basis job's run: every stored byte, that nothing is missing, and that it adds up.
enum BasisVerifier {
  /// The largest element of VᵀV − 1 that stored directions may have.
  static let orthonormality = 1e-5

  static func verify(
    _ path: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport {
    let folder = try RunFolder.open(path)
    var report = VerifyReport()
    report.checkRecords(folder, RunAttempts(folder))
    guard
      let reader = report.attempt({ () throws(Refusal) in
        try BasisReader(folder, pathsFrom: options.pathsFrom)
      })
    else { return report }
    report.isPlanned = true
    guard let journals = report.attempt({ () throws(Refusal) in try reader.journals() }) else {
      return report
    }
    for fault in journals.faults { report.add(fault) }
    for finding in journals.findings { report.note(finding.description) }
    report.count(journals.fileCount, "journals with \(journals.results.count) results")
    checkArrays(reader, journals, &report)
    report.checkCheckpoints(of: .search, units: reader.numbering.count, in: folder)
    guard let share = options.recompute else { return report }
    do throws(Refusal) {
      let (count, faults) = try recompute(reader, journals, share: share, options)
      for fault in faults { report.add(fault) }
      report.count(count, "units run again, bit for bit")
    } catch { report.add(error) }
    return report
  }

  /// Compares the arrays with what the journals call for.
  private static func checkArrays(
    _ reader: BasisReader, _ journals: BasisJournals, _ report: inout VerifyReport
  ) {
    func compare(_ name: String, at place: Int?, _ values: ArrayValues) {
      _ = report.attempt { () throws(Refusal) -> Bool? in
        let array = try reader.store.array(name)
        try values.expectStored(
          in: array, at: place.map { BasisLayout.index($0, array) } ?? array.onlyFile)
        return true
      }
    }
    for (name, values) in reader.layout.axes { compare(name, at: nil, values) }
    var directions = 0
    for (place, layer) in reader.numbering.layers.enumerated() {
      guard let whole = reader.layer(layer, journals) else {
        report.unitsLeft += 1
        continue
      }
      for (name, values) in reader.layout.arrays(of: whole) { compare(name, at: place, values) }
      directions += whole.basis.vectors.count
      check(whole.basis, reader, &report)
    }
    report.count(directions, "directions of \(reader.numbering.layers.count) layers")
  }

  /// What must hold of every basis.
  private static func check(
    _ basis: CausalBasis, _ reader: BasisReader, _ report: inout VerifyReport
  ) {
    func fault(_ found: String, _ expected: String) {
      report.add(
        Refusal(
          .store, file: reader.folder.journal, field: "layer \(basis.layer)", found: found,
          expected: expected))
    }
    let error = basis.orthonormalityError
    if error > orthonormality {
      fault("directions that are orthonormal to \(error)", "to \(orthonormality)")
    }
    let count = basis.vectors.count
    if basis.curve.count != count || basis.randomCurve.count != count {
      fault("a curve of \(basis.curve.count) for \(count) directions", "one value for each")
    }
    // The first direction alone is the curve's first point.
    if let energy = basis.energies.first, let first = basis.curve.first, energy != first {
      fault("a curve that begins with \(first)", "\(energy), the first direction's energy")
    }
  }

  /// Runs a share of the units again, and compares the energies' bits.
  ///
  /// Of a search it is the energy at the direction that it found; the path to it is not walked
  /// again.
  private static func recompute(
    _ reader: BasisReader, _ journals: BasisJournals, share: Double, _ options: VerifyOptions
  ) throws(Refusal) -> (count: Int, faults: [Refusal]) {
    try ComputeRoom.take(threads: options.threads)
    let job = try BasisJob(reader.spec)
    let world = try MPIEnvironment(environment: [:]).world
    let memory = try BasisCost(job).memoryForLogits(threads: options.threads)
    let basis = job.spec.basis
    let microbatches = basis.settings.microbatches(job.data.texts)
    let sums = ContributionSum(count: microbatches.count, threads: options.threads, on: world)
    var hidden = HiddenStates(
      LayerStreams(try job.data.published.load(), microbatches, sums), job.lens, basis.site,
      basis.settings, memory: memory)
    let random = Philox(key: options.seed)
    var (count, faults) = (0, [Refusal]())
    for layer in job.numbering.layers {
      var states: LayerStates?
      for number in journals.results.keys.sorted() {
        guard case .search(layer, _, _)? = job.numbering[number],
          case .direction(let found)? = journals.results[number],
          random.isChosen(number, share: share)
        else { continue }
        let here = if let states { states } else { try hidden.states(at: layer) }
        states = here
        let again = try here.energy(ofDirection: found.vector)
        count += 1
        if again != found.energy {
          faults.append(
            Refusal(
              .store, file: reader.folder.journal, field: "unit \(number)",
              found: "the energy \(found.energy)", expected: "\(again), as it is computed here"))
        }
      }
    }
    return (count, faults)
  }
}

extension CausalBasis {
  /// The largest element of VᵀV − 1.
  var orthonormalityError: Double {
    var worst = 0.0
    for (i, a) in vectors.enumerated() {
      for (j, b) in vectors[...i].enumerated() {
        let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        worst = max(worst, abs(product - (i == j ? 1 : 0)))
      }
    }
    return worst
  }
}

extension LayerStates {
  /// The energy of one direction, where nobody asks for a stop.
  fileprivate func energy(ofDirection vector: [Float]) throws(Refusal) -> Double {
    do {
      return try energy(of: vector, count: 1, withGradient: true, stop: nil).energy
    } catch { throw Refusal(error, on: sums.communicator.name(of: 0)) }
  }
}

extension Philox {
  /// Whether a unit is among a share of all.
  func isChosen(_ number: Int, share: Double) -> Bool {
    let words = words(SIMD4(UInt32(truncatingIfNeeded: number), 0, 0, UInt32.max))
    return Double(words[0]) < share * 0x1p32
  }
}
