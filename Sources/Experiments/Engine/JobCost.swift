internal import Cluster
internal import Foundation
internal import Inputs
internal import JobFiles
internal import ResultsStore
internal import Tensors

/// What a job costs, as its kind knows it; what a run's folder takes follows from its arrays.
struct JobCost: Sendable {
  /// Bytes of the weights, one copy a host.
  let weightBytes: Int
  /// Bytes of a rank beside the weights, by its compute threads.
  let rankBytes: @Sendable (_ threads: Int) -> Int
  /// Floating-point operations of all matrix products.
  let operations: Double
  /// Core seconds beside them.
  var besideSeconds = 0.0
  /// Units that can go on at once: more ranks than these find nothing to do.
  let parallel: Int
  /// Bytes of all units' records in the journals.
  let recordBytes: Int
  /// Bytes and files that units write beside records and arrays.
  var ownBytes = 0
  var ownFiles = 0
  /// What there is to do, for `plan`.
  let entries: [CostReport.Entry]

  /// Refuses more threads than `run.memory` has room for.
  func checkMemory(_ spec: some JobSpecification, threads: Int) throws(Refusal) {
    let needed = rankBytes(threads)
    guard needed <= spec.run.memory else {
      throw Refusal(
        .resources, file: spec.file, field: "run.memory",
        found: "\(needed) bytes needed for \(threads) compute threads beside the weights",
        expected: "at most \(spec.run.memory); raise run.memory, make microbatches smaller, or use "
          + "fewer threads")
    }
  }
}

/// What `plan` prints of a job, whatever its kind.
struct PlanReport: CostReport {
  private let cost: JobCost
  private let threads: Int
  /// The run's folder, where the job names it.
  private let folder: String?
  private let units: Int
  /// Of the arrays: bytes before compression, files, and folders.
  private let arrays: (bytes: Int, files: Int, folders: Int)
  private let folderBytes: Int
  /// Products per second of one core here, from a short trial; nil where nobody asks for hours.
  private let rate: Double?

  /// - Parameter measuring: Whether hours are asked for.
  init<K: Kind>(_ job: K, measuring: Bool = true) {
    rate = measuring ? ProductRate.measured() : nil
    cost = job.cost
    threads = job.spec.run.threads ?? 1
    folder = job.spec.run.output?.resolved
    units = job.table.unitCount
    var (bytes, files) = (0, 0)
    let groups = job.table.groups
    for group in groups {
      for quantity in group.quantities {
        let element = quantity.type.size ?? 64
        bytes += (group.grid + quantity.axes).reduce(element) { $0 * $1.count }
        files += group.fileCount + 1
      }
    }
    let folders =
      groups.reduce(0) { $0 + $1.quantities.count } + Set(groups.map(\.folder)).count + 1
    arrays = (bytes, files + Set(groups.map(\.folder)).count, folders)
    let outline = (try? RunOutline.text(job.table.outline).utf8.count) ?? 0
    folderBytes = outline + 4 * job.spec.json.utf8.count
  }

  var coreHours: Double {
    ((rate.map { cost.operations / $0 / Self.productShare } ?? 0) + besideSeconds) / 3600
  }

  /// Of the time of a pass that is in its products: 0.93 of GPT-2's, 0.8 of a gated model's whose
  /// products are small.
  private static let productShare = 0.87
  /// Of reading a weight and putting it where products want it.
  private static let secondsOfWeightByte = 1.5e-9

  private var besideSeconds: Double {
    cost.besideSeconds + Double(cost.weightBytes) * Self.secondsOfWeightByte
  }

  /// What a start leaves beside journals and arrays: lease, log, records, folders; and starts and
  /// ranks that a run may have without being told here.
  private static let startFiles = 8
  private static let starts = 8
  private static let blockBytes = 4096

  /// Of the whole run folder.
  private var files: Int {
    arrays.files + cost.ownFiles + 12 + Self.startFiles * Self.starts
  }

  func needs(threads: Int, coreHours: Double) -> RunNeeds {
    // A record's frame, and the time that stands beside it.
    let journal = cost.recordBytes + cost.recordBytes / 50 + 320 * units
    let files = files + arrays.folders
    // Zstd adds a little to what does not compress, an index a few bytes a chunk; and a file is
    // whole beside the one that it takes the place of.
    let stored = arrays.bytes + arrays.bytes / 100 + 64 * units + ArrayGroup.fileBytes
    return RunNeeds(
      weightBytes: cost.weightBytes, rankBytes: cost.rankBytes(threads),
      diskBytes: journal + min(stored, 3 * arrays.bytes + 64 * units) + 2 * folderBytes
        + cost.ownBytes + 2 * Self.blockBytes * files,
      files: files, units: cost.parallel, threads: threads, coreHours: coreHours)
  }

  var entries: [Entry] {
    let hours = coreHours
    let beside = besideSeconds / 3600
    let bytes = arrays.bytes + cost.ownBytes
    return cost.entries + [
      (
        "core_hours", hours,
        "\(hours.formatted(.number.precision(.significantDigits(2)))) at "
          + "\(Int((rate ?? 0) / 1e9)) GFLOP/s a core, as products run here"
          + (beside > hours / 20 ? ", \(String(format: "%.2g", beside)) of it beside products" : "")
      ),
      ("result_bytes", Double(bytes), "\(RunNeeds.text(bytes)) before compression"),
      ("files", Double(files), "at most \(files), with those of \(Self.starts) starts"),
    ]
      + needs(threads: threads, coreHours: hours).entries(
        threads: threads, folder: folder)
  }

  /// Refuses a job that names a run folder whose disk has no room for it.
  func checkDisk() throws(Refusal) {
    if let folder { try needs(threads: threads, coreHours: 0).checkDisk(folder) }
  }
}

/// The rate of matrix products on one thread of this machine, in operations a second, as a model
/// has them: each weight is used once and then the next, so that caches do not hold them.
enum ProductRate {
  private static let (count, width, rows) = (24, 768, 192)

  static func measured() -> Double {
    let x = Tensor<Float>(repeating: 0.25, [rows, width])
    let weights = (0..<count).map { _ in
      PackedMatrix(Tensor<Float>(repeating: 0.5, [width, width]))
    }
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<3 {
      let time = clock.measure { for weight in weights { _ = weight.product(x) } }
      best = min(best, time / .seconds(1))
    }
    return 2 * Double(count * rows * width * width) / best
  }
}
