// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every Swift target.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// The C kernels are optimised in debug builds too: unoptimised loops make the tests crawl.
let kernelSettings: [CSetting] = [.unsafeFlags(["-O3"])]

/// Tests are as the compiler writes them first: what they measure is optimised, and to optimise
/// themselves takes longer than they run.
let testSettings = settings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.byName(name: name), "_TestSupport"] + dependencies,
    resources: [.copy("Fixtures")],
    swiftSettings: testSettings)
}

let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "causeway",
  products: [
    .executable(name: "causeway", targets: ["causeway"]),
    .library(
      name: "Causeway",
      targets: [
        "Inputs", "Tensors", "Autodiff", "Checkpoints", "Tokenizers", "Models", "Interventions",
        "CausalModels", "ResultsStore", "Lenses", "Experiments",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(
      name: "CSentencePieceLibrary", pkgConfig: "sentencepiece",
      providers: [.apt(["libsentencepiece-dev"])]),
    .target(name: "CKernels", cSettings: kernelSettings),
    .target(name: "CSentencePiece", dependencies: ["CSentencePieceLibrary"]),

    module("Locks", []),
    module("Inputs", ["COpenSSL"]),
    module("JobFiles", ["Inputs"]),
    module("Tensors", ["CKernels", "COpenBLAS", "Locks"]),
    module("Autodiff", ["Tensors"]),
    module("Checkpoints", ["Inputs", "CKernels", "Locks"]),
    module("Tokenizers", ["Inputs", "Checkpoints", "CSentencePiece"]),
    module("Models", ["Inputs", "Randomness", "Tensors", "Autodiff", "Checkpoints", "Locks"]),
    module(
      "Interventions",
      [
        "Inputs", "JobFiles", "Randomness", "Tensors", "Autodiff", "Checkpoints", "Models", "Locks",
      ]),
    module(
      "Prompts",
      [
        "Inputs", "JobFiles", "Checkpoints", "Tokenizers", "Models", "CausalModels", "Cluster",
        "Locks",
      ]),
    module("Randomness", []),
    module("CausalModels", ["Inputs", "Randomness"]),
    module("Cluster", ["COpenMPI", "Inputs", "Locks"]),
    module("ResultsStore", ["CKernels", "CZstd", "Inputs", "Locks"]),
    module("Statistics", ["CKernels", "Inputs", "Randomness", "ResultsStore", "Tensors"]),
    module(
      "Lenses",
      [
        "Inputs", "Randomness", "Tensors", "Autodiff", "Checkpoints", "Models", "Interventions",
        "Cluster", "ResultsStore", "Statistics",
      ]),
    module("Slurm", ["Inputs", "JobFiles", "Cluster", "ResultsStore"]),
    module("Figures", ["Inputs", "Locks", subprocess]),
    module(
      "Experiments",
      [
        "Inputs", "JobFiles", "Tensors", "Autodiff", "Checkpoints", "Tokenizers", "Models",
        "Interventions", "Randomness", "CausalModels", "Cluster", "ResultsStore", "Statistics",
        "Lenses", "Prompts", "Slurm", "Figures", "Locks",
      ]),
    .executableTarget(
      name: "causeway",
      dependencies: [
        "Experiments", "Cluster", "Figures", "Inputs", "Interventions", "JobFiles", "Models",
        "ResultsStore", "Slurm", "Tensors", argumentParser,
      ],
      swiftSettings: settings),

    module(
      "_TestSupport",
      [
        "Inputs", "JobFiles", "Randomness", "Tensors", "Autodiff", "Checkpoints", "Models",
        "Prompts",
      ]),
    .executableTarget(
      name: "_ClusterProbe", dependencies: ["Cluster", "Inputs"], swiftSettings: settings),
    .executableTarget(name: "_PeakProbe", swiftSettings: settings),
    tests(of: "Inputs", []),
    tests(of: "JobFiles", ["Inputs"]),
    tests(of: "Tensors", []),
    tests(of: "Autodiff", ["Tensors"]),
    tests(of: "Checkpoints", ["Inputs"]),
    tests(of: "Tokenizers", ["Inputs", "Checkpoints"]),
    tests(of: "Models", ["Inputs", "Tensors", "Autodiff", "Checkpoints"]),
    tests(
      of: "Interventions",
      ["Inputs", "JobFiles", "Randomness", "Tensors", "Autodiff", "Checkpoints", "Models"]),
    tests(of: "Prompts", ["Inputs", "JobFiles", "CausalModels", "Models"]),
    tests(of: "Randomness", []),
    tests(of: "CausalModels", ["Inputs"]),
    tests(of: "Cluster", ["Inputs", "Locks", "_ClusterProbe"]),
    tests(of: "ResultsStore", ["Inputs"]),
    tests(of: "Statistics", ["Inputs", "Tensors"]),
    tests(
      of: "Lenses",
      ["Inputs", "Tensors", "Checkpoints", "Models", "Cluster", "Statistics"]),
    tests(of: "Figures", ["Inputs", "Locks"]),
    tests(
      of: "Experiments",
      [
        "Inputs", "JobFiles", "CausalModels", "Interventions", "Randomness", "Tensors",
        "Checkpoints", "Models", "Cluster", "ResultsStore", "Statistics", "Lenses", "Slurm",
        "Prompts", "Figures", "Locks",
      ]),
    .testTarget(
      name: "causewayTests",
      dependencies: [
        "causeway", "Experiments", "Inputs", "Checkpoints", "Tensors", "Autodiff", "Models",
        "Cluster", "ResultsStore", "_PeakProbe", "_TestSupport", subprocess,
      ],
      resources: [.copy("Fixtures")],
      swiftSettings: testSettings),
  ],
  cxxLanguageStandard: .cxx17
)
