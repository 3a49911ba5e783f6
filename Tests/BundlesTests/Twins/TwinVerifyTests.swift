import TestSupport
import Testing

@testable import Bundles
@testable import Formats
@testable import Manifests
@testable import Storage

/// A file whose name only looks like that of the lock's file is another file.
@Suite struct TwinVerifyTests {
    @Test(arguments: Twins.ordered)
    func aTwinBesideTheFileIsReported(_ twins: Twins) async throws {
        try await withTemporaryDirectory { directory in
            let bundle = try TwinBundle(in: directory, [(twins.first, "real")], isNatural: true)
            try await bundle.pack()
            #expect(try await bundle.codes().allSatisfy(\.isEmpty))
            try writeFile("\(bundle.target)/files/f/\(twins.second)", "real")
            #expect(try await bundle.codes().allSatisfy { $0 == ["extra"] })
        }
    }

    @Test(arguments: Twins.ordered)
    func aTwinInTheFilesPlaceIsReported(_ twins: Twins) async throws {
        try await withTemporaryDirectory { directory in
            let bundle = try TwinBundle(in: directory, [(twins.first, "real")], isNatural: true)
            try await bundle.pack()
            try Directory.removeFile("\(bundle.target)/files/f/\(twins.first)")
            try writeFile("\(bundle.target)/files/f/\(twins.second)", "real")
            #expect(try await bundle.codes().allSatisfy { $0 == ["extra", "missing"] })
            let report = try await BundleVerifier(directory: bundle.target, level: .full).verify { _ in }
            let notes = report.findings.flatMap(\.notes)
            #expect(notes.contains { $0.hasSuffix("files/f/\(twins.first.withVisibleScalars)") })
            #expect(notes.contains { $0.hasSuffix("files/f/\(twins.second.withVisibleScalars)") })
        }
    }

    @Test(arguments: Twins.ordered)
    func aSumForATwinIsReported(_ twins: Twins) async throws {
        try await withTemporaryDirectory { directory in
            let bundle = try TwinBundle(in: directory, [(twins.first, "real")], isNatural: true)
            try await bundle.pack()
            let sums = String(decoding: try contents("\(bundle.target)/SHA256SUMS"), as: UTF8.self)
            let changed = sums.utf8.split(separator: UInt8(ascii: "\n")).map { line -> String in
                let text = String(decoding: line, as: UTF8.self)
                return line.ends(with: twins.first)
                    ? String(text.prefix(66)) + "files/f/\(twins.second)" : text
            }
            try writeFile("\(bundle.target)/SHA256SUMS", changed.sortedBy(66).map { "\($0)\n" }.joined())
            let codes = try await bundle.codes()
            #expect(codes[0] == ["changed"] && codes[2...].allSatisfy { $0 == ["changed"] })
            #expect(codes[1] == [], "names and sizes alone")
        }
    }

    @Test(arguments: Twins.all)
    func bothTwinsInOneModelPackAndVerify(_ twins: Twins) async throws {
        for isNatural in [true, false] {
            try await withTemporaryDirectory { directory in
                let bundle = try TwinBundle(
                    in: directory, [(twins.first, "one"), (twins.second, "two"), ("x", "three")],
                    isNatural: isNatural)
                try await bundle.pack()
                #expect(try await bundle.codes().allSatisfy(\.isEmpty))
                // Each of them is watched by itself.
                let (first, second) = (try bundle.stored(twins.first), try bundle.stored(twins.second))
                let text = try contents(first)
                try writeFile(first, contents(second))
                #expect(try await bundle.codes()[0] == ["changed"])
                try writeFile(first, text)
                try Directory.removeFile(second)
                #expect(try await bundle.codes()[0] == ["missing"])
            }
        }
    }

    @Test func namesThatNoBundleCanHaveAreReported() async throws {
        try await withTemporaryDirectory { directory in
            let bundle = try TwinBundle(in: directory, [("x", "real")], isNatural: true)
            try await bundle.pack()
            try writeFile("\(bundle.target)/files/f/a\nb", "text")
            try writeFile("\(bundle.target)/files/\u{FFFD}/c", "text")
            let report = try await BundleVerifier(directory: bundle.target, level: .full).verify { _ in }
            #expect(report.findings.map(\.code.rawValue) == ["extra", "extra"])
        }
    }
}

extension [String] {
    /// Sorted by the bytes behind a column of so many.
    fileprivate func sortedBy(_ column: Int) -> [String] {
        sorted { String($0.dropFirst(column)).precedesByBytes(String($1.dropFirst(column))) }
    }
}
