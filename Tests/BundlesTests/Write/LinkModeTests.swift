import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct LinkModeTests {
    private let weights = RelativePath(checked: "models/first/sub/weights.bin")

    private func writer(_ sample: PackedSample, _ mode: LinkMode) -> BundleWriter {
        BundleWriter(plan: sample.plan, locations: sample.locations, target: sample.target, links: mode)
    }

    @Test(arguments: [LinkMode.auto, .copy]) func bundlesDoNotChangeWithTheCache(_ mode: LinkMode)
        async throws
    {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await writer(sample, mode).write { _ in }
            let before = try sample.bundleContents()
            try overwrite(directory + "/source/first/sub/weights.bin")
            #expect(try sample.bundleContents() == before)
            #expect(try await sample.verify().findings.isEmpty)
        }
    }

    @Test func hardLinksAreTheCachesOwnFiles() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            let receipt = try await writer(sample, .hardlink).write { _ in }
            let (stored, source) = (
                weights.joined(to: sample.target), directory + "/source/first/sub/weights.bin"
            )
            #expect(try FileStatus.status(of: stored).inode == FileStatus.status(of: source).inode)
            #expect(receipt.shared == sample.plan.size && receipt.written == sample.plan.size)
            #expect(try await sample.verify().findings.isEmpty)
            #expect(LinkMode.hardlink.warning?.code == .sharedFiles)
            try overwrite(source)
            #expect(try await sample.verify().findings.map(\.code) == [.changed])
        }
    }

    @Test func linkedContentIsProvedAsCopiedContentIs() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            let source = directory + "/source/first/sub/weights.bin"
            try overwrite(source)
            let before = try contents(source)
            await #expect(throws: Diagnostics.self) { try await writer(sample, .hardlink).write { _ in } }
            #expect(try FileStatus.existing(sample.target) == nil)
            #expect(try contents(source) == before)
        }
    }

    /// What the kernel has no clones for, whatever the file system under the tests is: two file systems.
    @Test func clonesThatCannotBeAreRefusedAndNamed() async throws {
        try await withTemporaryDirectory { directory in
            let (other, path) = ("/proc/version", directory + "/clone")
            let source = try FileHandle.reading(other)
            #expect(try source.clone(to: path) == nil)
            #expect(try FileStatus.existing(path) == nil)
            #expect(try LinkMode.auto.clone(source, at: path) == nil)
            let refusals = [
                try #require(throws: Diagnostics.self) { _ = try LinkMode.clone.clone(source, at: path) },
                try #require(throws: Diagnostics.self) { try LinkMode.link(other, at: path) },
            ]
            for refusal in refusals { #expect(refusal.all.map(\.code) == [.linkImpossible]) }
        }
    }

    /// Changes a byte in place, as the clients never do.
    private func overwrite(_ path: String) throws {
        let file = try FileHandle.updating(path)
        try file.write([UInt8(ascii: "W")].span, at: 0)
    }
}
