// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "knapsack",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "knapsack", targets: ["knapsack"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        // C libraries that Debian provides.
        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CLanes"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CProcessor"),
        .systemLibrary(name: "CTLS", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),

        // The modules, lowest first; a module imports only what stands above it here and is named.
        .target(name: "Formats"),
        .target(name: "BlockTypes"),
        .target(name: "Kernels", dependencies: ["BlockTypes", "CLanes"]),
        // The same files for what newer processors have: KernelsV3 and KernelsV4 are links to Kernels.
        .target(name: "KernelsV3", dependencies: ["BlockTypes", "CLanes"]),
        .target(name: "KernelsV4", dependencies: ["BlockTypes", "CLanes"]),
        .target(
            name: "Tensors",
            dependencies: ["BlockTypes", "Formats", "Kernels", "KernelsV3", "KernelsV4", "CProcessor"]),
        .target(name: "Scanning", dependencies: ["Formats"]),
        .target(name: "Tokenizers", dependencies: ["Formats"]),
        .target(name: "Conversion", dependencies: ["Formats", "Tensors", "Tokenizers"]),
        .target(name: "Fitting", dependencies: ["Formats", "Tensors", "Conversion"]),
        .target(name: "PythonPackages", dependencies: ["Formats"]),
        .target(
            name: "Storage",
            dependencies: ["Formats", "CArchive", "CCrypto", "CLinux", "CSQLite", "CYAML"]
        ),
        .target(name: "Xet", dependencies: ["Formats", "Storage"]),
        .target(
            name: "Manifests",
            dependencies: [
                "Formats", "Tensors", "Scanning", "Tokenizers", "Conversion", "Fitting", "PythonPackages",
                "Storage",
            ]
        ),
        .target(name: "Caches", dependencies: ["Formats", "Storage", "Manifests"]),
        .target(
            name: "ModelFacts",
            dependencies: [
                "Formats", "Tensors", "Scanning", "Conversion", "PythonPackages", "Storage", "Manifests",
                "Caches",
            ]
        ),
        .target(
            name: "Rules",
            dependencies: ["Formats", "Scanning", "PythonPackages", "Storage", "Manifests", "ModelFacts"]
        ),
        .target(
            name: "ModelFiles",
            dependencies: [
                "Formats", "Tensors", "Scanning", "Tokenizers", "Conversion", "Fitting", "Storage",
                "Manifests",
                "Caches", "ModelFacts",
            ]
        ),
        .target(
            name: "Locking",
            dependencies: [
                "Formats", "Tensors", "Fitting", "Storage", "Xet", "Manifests", "Caches", "ModelFacts",
                "Rules", "ModelFiles",
            ]
        ),
        .target(
            name: "Bundles",
            dependencies: ["Formats", "Tensors", "Storage", "Xet", "Manifests", "Caches", "ModelFacts"],
            exclude: ["Loader/knapsack.py"],
            plugins: ["EmbedLoader"]
        ),
        .plugin(name: "EmbedLoader", capability: .buildTool(), path: "Sources/EmbedLoader"),
        .target(name: "Reports", dependencies: ["Formats", "Storage", "Manifests", "Rules"]),
        .target(
            name: "Transfer", dependencies: ["Formats", "Storage", "Xet", "Manifests", "Caches", "CTLS"]),
        .target(
            name: "Catalogue",
            dependencies: ["Formats", "Scanning", "Storage", "Manifests", "ModelFacts"]),
        .target(
            name: "Service",
            dependencies: [
                "Formats", "Tensors", "Storage", "Xet", "Manifests", "Caches", "ModelFacts", "Catalogue",
                "Site",
                "CEpoll", "CTLS",
            ]),
        .plugin(name: "EmbedSite", capability: .buildTool(), path: "Sources/EmbedSite"),
        .target(name: "Site", exclude: ["Files"], plugins: ["EmbedSite"]),
        .plugin(name: "EmbedPages", capability: .buildTool(), path: "Sources/EmbedPages"),
        .target(name: "Pages", plugins: ["EmbedPages"]),
        .target(
            name: "KnapsackCommands",
            dependencies: [
                "Pages",
                "Formats", "Tensors", "Scanning", "Conversion", "Fitting", "Storage", "Manifests", "Caches",
                "ModelFacts", "Rules", "ModelFiles", "Locking", "Bundles", "Reports", "Transfer",
                "Catalogue", "Service",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // Which commit a build is of: compiled anew at every commit, so only the executable imports it.
        .plugin(name: "NoteCommit", capability: .buildTool(), path: "Sources/NoteCommit"),
        .target(name: "Revision", plugins: ["NoteCommit"]),
        .executableTarget(name: "knapsack", dependencies: ["KnapsackCommands", "Revision"]),
        .executableTarget(
            name: "knapsack-bench",
            dependencies: ["Formats", "Tensors", "Storage", "Xet", "Catalogue"]),

        .target(
            name: "TestSupport", dependencies: ["Formats", "Storage", "Manifests"], path: "Tests/TestSupport"),
        .testTarget(name: "FormatsTests", dependencies: ["Formats", "Storage", "TestSupport"]),
        .testTarget(
            name: "TensorsTests",
            dependencies: ["Formats", "Kernels", "Tensors", "Storage", "TestSupport"]),
        .testTarget(
            name: "ScanningTests", dependencies: ["Formats", "Scanning", "TestSupport"]),
        .testTarget(
            name: "ConversionTests",
            dependencies: ["Formats", "Tensors", "Tokenizers", "Conversion", "Storage", "TestSupport"]),
        .testTarget(
            name: "FittingTests", dependencies: ["Formats", "Conversion", "Fitting", "TestSupport"]),
        .testTarget(name: "PythonPackagesTests", dependencies: ["Formats", "PythonPackages"]),
        .testTarget(name: "StorageTests", dependencies: ["Formats", "Storage", "TestSupport"]),
        .testTarget(name: "XetTests", dependencies: ["Formats", "Storage", "Xet", "TestSupport"]),
        .testTarget(
            name: "ManifestsTests",
            dependencies: ["Formats", "Conversion", "PythonPackages", "Storage", "Manifests", "TestSupport"]),
        .testTarget(
            name: "CachesTests",
            dependencies: ["Formats", "Conversion", "Storage", "Manifests", "Caches", "TestSupport"]),
        .testTarget(
            name: "ModelFactsTests",
            dependencies: [
                "Formats", "Tensors", "Conversion", "PythonPackages", "Storage", "Manifests", "ModelFacts",
                "TestSupport",
            ]),
        .testTarget(
            name: "RulesTests",
            dependencies: [
                "Formats", "Conversion", "PythonPackages", "Storage", "Manifests", "ModelFacts", "Rules",
                "TestSupport",
            ]),
        .testTarget(
            name: "ModelFilesTests",
            dependencies: [
                "Formats", "Kernels", "Tensors", "Conversion", "Storage", "Manifests", "ModelFiles",
                "TestSupport",
            ]),
        .testTarget(
            name: "LockingTests",
            dependencies: [
                "Formats", "Tensors", "Storage", "Manifests", "Caches", "Rules", "ModelFiles", "Locking",
                "TestSupport",
            ]),
        .testTarget(
            name: "BundlesTests",
            dependencies: [
                "Formats", "Conversion", "Storage", "Manifests", "Caches", "Locking", "Bundles",
                "TestSupport",
            ]),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Formats", "Storage", "Manifests", "Reports", "TestSupport"]),
        .testTarget(
            name: "TransferTests",
            dependencies: ["Formats", "Storage", "Manifests", "Transfer", "TestSupport"]),
        .testTarget(
            name: "CatalogueTests",
            dependencies: ["Formats", "Storage", "Manifests", "Catalogue", "TestSupport"]),
        .testTarget(
            name: "ServiceTests",
            dependencies: ["Formats", "Storage", "Manifests", "Caches", "Service", "TestSupport"]),
        .testTarget(
            name: "KnapsackCommandsTests",
            dependencies: [
                "Formats", "Storage", "Manifests", "Caches", "Locking", "Bundles", "KnapsackCommands",
                "TestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ]
)

// Every Swift target is built under the same strict rules. The upcoming features are those that
// Swift 6.3 has and Swift 7 will turn on.
for target in package.targets where target.type != .system && target.type != .plugin {
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
    // A debug build has kernels as they are released: the tests quantize and cast much more than anybody looks
    // into a kernel with a debugger, and without optimization that takes eighty times as long. File by file, what one
    // file takes from another is a call, which takes kernels two to five times as long.
    if target.name == "Tensors" || target.name == "Fitting" {
        target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
    }
    if target.name.hasPrefix("Kernels") {
        let whole = ["-O", "-whole-module-optimization", "-num-threads", "2", "-disable-batch-mode"]
        target.swiftSettings?.append(.unsafeFlags(whole, .when(configuration: .debug)))
    }
    for level in ["V3", "V4"] where target.name == "Kernels" + level {
        target.swiftSettings?.append(.unsafeFlags(["-Xcc", "-march=x86-64-\(level.lowercased())"]))
    }
}
