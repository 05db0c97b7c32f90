internal import Cluster
internal import Foundation
internal import ResultsStore
internal import Tensors

/// What made a run's results, beside its specification.
enum Provenance {
  /// The version of the program; results of one version are comparable bit for bit.
  static let version = "0.2.0"

  /// - Parameters:
  ///   - folder: Where the job's paths start from.
  ///   - model: The digest of the weights.
  static func of(folder: String, model: String) -> [Attribute.Member] {
    [
      Attribute.Member("causeway", .text(version)),
      Attribute.Member("paths_from", .text(folder)),
      Attribute.Member("model_digest", .text(model)),
      Attribute.Member("instruction_set", .text(instructionSet())),
      Attribute.Member("blas_core", .text(BLAS.coreName)),
      Attribute.Member("blas_version", .text(BLAS.version)),
      Attribute.Member("mpi_version", .text(mpiVersion())),
      Attribute.Member("zstd_version", .text(Zstd.version)),
      Attribute.Member(
        "operating_system", .text(ProcessInfo.processInfo.operatingSystemVersionString)),
      Attribute.Member("first_start", .text(now())),
    ] + (BLAS.replacedCore.map { [Attribute.Member("blas_core_replaced", .text($0))] } ?? [])
  }

  /// What of this machine a user should know, if anything.
  static var processorNotes: [String] {
    guard let core = BLAS.replacedCore else { return [] }
    return [
      "OpenBLAS does not know this processor and took kernels for \(core); those for "
        + "\(BLAS.coreName) are used"
    ]
  }

  static func now() -> String { Date().formatted(.iso8601) }
}

/// The program's version, for the command line.
package let programVersion = Provenance.version
