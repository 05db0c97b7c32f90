import Foundation

/// Times the library and prints one JSON object a line, for `Benchmarks/run` to set beside peers.
@main
struct Main {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "gpt2": print(try TraceBenchmark.gpt2Small().run(naive: false).json)
    case "xl-blocks": print(try TraceBenchmark.gpt2XLBlocks().run(naive: false).json)
    case "fact" where arguments.count > 1:
      let benchmark = try TraceBenchmark.eiffel(model: arguments[1])
      print(try benchmark.run(naive: false).json)
      if arguments.contains("--naive") { print(try benchmark.run(naive: true).json) }
    case "gradient": try InterventionBenchmark.gradients().forEach { print($0) }
    case "training": try TrainingBenchmark.steps().forEach { print($0) }
    case "forward" where arguments.count > 2:
      try ForwardBenchmark.run(model: arguments[1], documents: Int(arguments[2]) ?? 32)
        .forEach { print($0) }
    case "family" where arguments.count > 2:
      try FamilyBenchmark.run(model: arguments[1], passes: Int(arguments[2]) ?? 3)
        .forEach { print($0) }
    case "generation" where arguments.count > 2:
      try GenerationBenchmark.run(model: arguments[1], rounds: Int(arguments[2]) ?? 1)
        .forEach { print($0) }
    case "reading" where arguments.count > 1:
      try ReadingBenchmark.run(arguments[1]).forEach { print($0) }
    case "places": try InterventionBenchmark.places().forEach { print($0) }
    default:
      FileHandle.standardError.write(
        Data(
          """
          usage: CausewayBenchmarks gpt2 | xl-blocks | fact MODEL [--naive] | gradient | training \
          | places | forward MODEL DOCUMENTS | family MODEL PASSES | generation MODEL ROUNDS \
          | reading FILE.gguf

          """.utf8))
      exit(2)
    }
  }
}

/// Wall-clock seconds of a piece of work.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(body) / .seconds(1)
}

/// SplitMix64, so that the random weights are the same in every run. Steele et al., 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in (−1, 1), of standard deviation 0.58.
  mutating func uniform() -> Float { Float(Int64(bitPattern: next()) >> 11) * 0x1p-52 }
}
