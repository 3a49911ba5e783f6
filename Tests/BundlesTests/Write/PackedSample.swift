import TestSupport

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// A small bundle packed in a directory: two entries that share a file, one name that needs the store.
struct PackedSample {
    let directory: String
    let plan: Plan
    var target: String { directory + "/bundle" }
    var staging: String { directory + "/.bundle.partial" }

    static let contents: [(entry: String, path: String, text: String)] = [
        ("first", "config.json", "{\"model_type\":\"bert\"}"),
        ("first", "sub/weights.bin", String(repeating: "weights ", count: 1000)),
        ("first", "with space.txt", "a name for the store"),
        ("second", "again.bin", String(repeating: "weights ", count: 1000)),
        ("second", "empty", ""),
    ]

    init(in directory: String) throws {
        self.directory = directory
        var files: [String: [LockedFile]] = [:]
        for item in PackedSample.contents {
            try writeFile("\(directory)/source/\(item.entry)/\(item.path)", item.text)
            let size = item.text.utf8.count
            files[item.entry, default: []].append(
                try Samples.file(RelativePath(checked: item.path), content: item.text, size: size))
        }
        let entries = ["first", "second"].map { Samples.entry($0, files: files[$0] ?? []) }
        plan = try Plan(Samples.lock(Samples.bundle, entries))
    }

    var locations: [RelativePath: String] {
        var locations: [RelativePath: String] = [:]
        for file in plan.stored { locations[file.path] = "\(directory)/source/\(file.entry)/\(file.file)" }
        return locations
    }

    var writer: BundleWriter { BundleWriter(plan: plan, locations: locations, target: target) }

    func pack() async throws -> BundleWriter.Receipt { try await writer.write { _ in } }

    func verify(_ level: VerifyReport.Level = .full) async throws -> VerifyReport {
        try await BundleVerifier(directory: target, level: level).verify { _ in }
    }

    /// Every file of the bundle with its content.
    func bundleContents() throws -> [RelativePath: [UInt8]] {
        var result: [RelativePath: [UInt8]] = [:]
        for path in try BundleTree.list(target).files.keys {
            result[path] = try TestSupport.contents(path.joined(to: target))
        }
        return result
    }
}
