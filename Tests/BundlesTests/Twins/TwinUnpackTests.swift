import TestSupport
import Testing

@testable import Bundles
@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct TwinUnpackTests {
    private func unpack(_ bundle: TwinBundle, _ format: ArchiveFormat?) async throws -> [RelativePath: String]
    {
        let targets = [UnpackTarget(.directories, bundle.directory + "/out\(format?.suffix ?? "")")]
        let unpacker =
            if let format {
                try Unpacker(ArchiveContent(try bundle.archive(format), format: format), to: targets)
            } else {
                try Unpacker(DirectoryContent(bundle.target), to: targets)
            }
        let receipt = try await unpacker.unpack { _ in }
        #expect(receipt.findings == [])
        return try TwinBundle.tree(targets[0].path)
    }

    @Test(arguments: Twins.all)
    func bothTwinsAreRestored(_ twins: Twins) async throws {
        for isNatural in [true, false] {
            try await withTemporaryDirectory { directory in
                let bundle = try TwinBundle(
                    in: directory, [(twins.first, "one"), (twins.second, "two"), ("x", "one")],
                    isNatural: isNatural)
                try await bundle.pack()
                var expected: [RelativePath: String] = [:]
                for file in bundle.files { expected[RelativePath(checked: "f/\(file.name)")] = file.text }
                #expect(try await unpack(bundle, nil) == expected)
                for format in ArchiveFormat.allCases { #expect(try await unpack(bundle, format) == expected) }
            }
        }
    }

    @Test(arguments: Twins.ordered)
    func aTwinDoesNotStandInForTheFile(_ twins: Twins) async throws {
        try await withTemporaryDirectory { directory in
            let bundle = try TwinBundle(in: directory, [(twins.first, "real")], isNatural: true)
            try await bundle.pack()
            try Directory.removeFile("\(bundle.target)/files/f/\(twins.first)")
            try writeFile("\(bundle.target)/files/f/\(twins.second)", "real")
            for format in [nil] + ArchiveFormat.allCases {
                var codes: [String] = []
                do {
                    let content = try format.map { try ArchiveContent(bundle.archive($0), format: $0) }
                    let target = [UnpackTarget(.directories, directory + "/out\(format?.suffix ?? "")")]
                    let unpacker =
                        if let content {
                            try Unpacker(content, to: target)
                        } else {
                            try Unpacker(DirectoryContent(bundle.target), to: target)
                        }
                    codes = try await unpacker.unpack { _ in }.findings.map(\.code.rawValue)
                } catch let problems as Diagnostics {
                    codes = problems.all.map(\.code.rawValue)
                }
                #expect(codes == ["missing"], "\(format?.suffix ?? "directory")")
            }
        }
    }

    /// What is in the target already stays, and is no conflict.
    @Test(arguments: Twins.ordered)
    func aTwinInTheTargetIsNotInTheWay(_ twins: Twins) async throws {
        try await withTemporaryDirectory { directory in
            let bundle = try TwinBundle(in: directory, [(twins.first, "real")], isNatural: true)
            try await bundle.pack()
            try writeFile("\(directory)/out/f/\(twins.second)", "mine")
            let tree = try await unpack(bundle, nil)
            #expect(tree[RelativePath(checked: "f/\(twins.first)")] == "real")
            #expect(tree[RelativePath(checked: "f/\(twins.second)")] == "mine")
        }
    }
}
