// swift-tools-version: 6.2
import PackageDescription

/// The readers are of package access; SwiftPM names a package after its folder, made an identifier.
let causeway = Context.packageDirectory.split(separator: "/").dropLast().last.map(String.init) ?? ""
let name = causeway.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()

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
        .unsafeFlags(["-package-name", name]),
      ]),
  ]
)
