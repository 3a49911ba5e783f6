// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "knapsack",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "knapsack", targets: ["knapsack"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries that Debian provides.
        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),

        // The modules, lowest first; a module imports only what stands above it here.
        .target(name: "Tensors"),
        .target(name: "Conversion", dependencies: ["Tensors"]),
        .target(name: "PythonPackages"),
        .target(
            name: "Storage",
            dependencies: [
                "CArchive", "CCrypto", "CLinux", .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "Bundling",
            dependencies: ["Tensors", "Conversion", "PythonPackages", "Storage", "Yams"],
            resources: [.embedInCode("Loader/knapsack.py")]
        ),
        .target(
            name: "KnapsackCommands",
            dependencies: [
                "Bundling", "Conversion", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(name: "knapsack", dependencies: ["KnapsackCommands"]),
        .executableTarget(name: "knapsack-bench", dependencies: ["Tensors", "Storage", "Bundling"]),

        .target(name: "TestSupport", dependencies: ["Storage"], path: "Tests/TestSupport"),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "Storage"]),
        .testTarget(name: "ConversionTests", dependencies: ["Conversion", "Tensors", "Storage"]),
        .testTarget(name: "PythonPackagesTests", dependencies: ["PythonPackages", "Tensors"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "TestSupport"]),
        .testTarget(
            name: "BundlingTests", dependencies: ["Bundling", "Conversion", "Tensors", "TestSupport"]),
        .testTarget(name: "KnapsackCommandsTests", dependencies: ["KnapsackCommands", "TestSupport"]),
    ]
)

// Every Swift target is built under the same strict rules. The upcoming features are those that
// Swift 6.3 has and Swift 7 will turn on.
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
    ]
}
