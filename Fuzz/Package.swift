// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "causeway", path: "..")],
  targets: [
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "causeway-fuzz",
      dependencies: ["CFuzzer", .product(name: "Causeway", package: "causeway")],
      swiftSettings: [
        .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"), .treatAllWarnings(as: .error),
      ]),
  ]
)
