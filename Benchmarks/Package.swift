// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "causeway", path: "..")],
  targets: [
    .executableTarget(
      name: "CausewayBenchmarks",
      dependencies: [.product(name: "Causeway", package: "causeway")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
