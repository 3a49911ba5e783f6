import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct UnpackArchiveTests {
    private static let cases = ArchiveFormat.allCases.flatMap { format in
        UnpackTarget.Form.allCases.map { (format, $0) }
    }

    private static let damages: [(ArchiveFormat, String)] = [
        (.tar, "missing"), (.zip, "missing"), (.tarZstd, "missing"), (.tar, "changed"), (.zip, "changed"),
        (.tarZstd, "changed"), (.tar, "cut"), (.tarZstd, "cut"), (.tar, "short"), (.tarZstd, "short"),
        (.tar, "twice"), (.tarZstd, "twice"),
    ]

    @Test(arguments: cases)
    func archiveRestoresWhatItsDirectoryDoes(_ format: ArchiveFormat, _ form: UnpackTarget.Form) async throws
    {
        try await withTemporaryDirectory { directory in
            let whole = try UnpackSample(in: directory + "/whole")
            try await whole.unpack(form)
            let sample = try UnpackSample(in: directory + "/archived")
            let archive = try sample.archive(format)
            let receipt = try await sample.unpack(archive, form)
            #expect(receipt.findings == [] && receipt.parts[0].written > 0)
            #expect(try sample.tree() == whole.tree())
            // Everything is there: the archive is only read as far as its lock.
            let again = try await sample.unpack(archive, form)
            #expect(again.findings == [] && again.parts[0].written == 0)
            #expect(try sample.tree() == whole.tree())
        }
    }

    @Test func filesInSegmentsAreRebuiltFromPartsInAnyOrder() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            for reversed in [false, true] {
                let archive = try sample.archive(.tarZstd, reversed: reversed)
                try await sample.unpack(archive, .directories)
                #expect(try sample.tree()["plain/merged.bin"] == "ghts weig{\"a\":1")
                try Directory.removeTree(sample.target)
            }
        }
    }

    @Test(arguments: damages)
    func whatAnArchiveLacksIsAFindingAndNothingHalfWrittenStays(
        _ format: ArchiveFormat, _ damage: String
    ) async throws {
        for form in UnpackTarget.Form.allCases {
            try await withTemporaryDirectory { directory in
                let whole = try UnpackSample(in: directory + "/whole")
                try await whole.unpack(form)
                let expected = try whole.tree()
                let sample = try UnpackSample(in: directory + "/damaged")
                let archive = try sample.archive(format, damage: damage)
                var problems: [Diagnostic]
                do {
                    problems = try await sample.unpack(archive, form).findings
                } catch let error as Diagnostics {
                    problems = error.all
                }
                problems = problems.filter { $0.severity == .error }
                if form != .kagglehub || damage == "cut" {
                    #expect(!problems.isEmpty, "\(format) \(form) \(damage)")
                }
                for (path, text) in try sample.tree() {
                    #expect(expected[path] == text, "\(path)")
                    if !problems.isEmpty { #expect(!path.contains("org--bert/refs")) }
                }
                _ = try await sample.unpack(sample.archive(format), form)
                #expect(try sample.tree() == expected)
            }
        }
    }

    @Test func thousandsOfEqualFilesNeedNoMoreOpenFilesThanOne() async throws {
        try await withTemporaryDirectory { directory in
            let files = (1000..<2500).map { UnpackSample.File(path: "same/\($0).txt", text: "the same") }
            let origin = UnpackSample.Item(
                name: "many", kind: "files",
                files: files.map { file in
                    var file = file
                    file.parts = [("files/origin/same.txt", 0, 8)]
                    return file
                })
            let first = UnpackSample.Item(
                name: "origin", kind: "files", files: [.init(path: "same.txt", text: "the same")])
            let sample = try UnpackSample(in: directory, [origin, first])
            try await sample.unpack(sample.archive(.tarZstd), .directories)
            #expect(try sample.tree().count == 1501)
        }
    }

    @Test func archiveWithoutALockAndAPipeAreUndecided() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try Directory.removeFile(sample.bundle + "/knapsack.lock")
            for format in ArchiveFormat.allCases {
                let archive = try sample.archive(format)
                #expect(throws: Diagnostics.self) { try ArchiveContent(archive, format: format) }
            }
            #expect(throws: Diagnostics.self) { try ArchiveContent("/dev/null", format: .tar) }
        }
    }
}

@Suite struct ArchiveSegmentsTests {
    private func report(_ sample: UnpackSample, _ format: ArchiveFormat) async throws -> VerifyReport {
        try await ArchiveVerifier(sample.archive(format), format: format, level: .full).verify { _ in }
    }

    private func segmentFindings(_ report: VerifyReport) -> [String] {
        report.findings.map(\.message).filter { $0.contains("segments") }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func filesInSegmentsArePutTogetherWhereTheyCanBeReached(_ format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let right = try await report(sample, format)
            #expect(segmentFindings(right) == [])
            #expect(right.unassembled == (format == .tarZstd ? 1 : 0))

            // Every stored file is right, but the lock takes other bytes of one.
            let lock = String(decoding: try contents(sample.bundle + "/knapsack.lock"), as: UTF8.self)
            let wrong = lock.replacing("\"length\":9,\"offset\":3", with: "\"length\":9,\"offset\":4")
            try #require(wrong != lock)
            try writeFile(sample.bundle + "/knapsack.lock", wrong)
            let found = try await report(sample, format)
            #expect(
                segmentFindings(found)
                    == (format == .tarZstd
                        ? [] : ["plain/merged.bin, rebuilt from its segments, is not what the lock states"]))
        }
    }

    /// There is nothing to hold the files against; a compressed archive is read as far as its lock.
    @Test(arguments: ArchiveFormat.allCases)
    func withADamagedLockNothingIsRead(_ format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(sample.bundle + "/knapsack.lock", "{\"version\":1")
            let read = Counter()
            let report = try await ArchiveVerifier(sample.archive(format), format: format, level: .full)
                .verify { if case .advanced(let bytes) = $0 { read.add(bytes) } }
            #expect(report.findings.map(\.message) == ["knapsack.lock is damaged"])
            #expect(report.lock == nil)
            if format != .tarZstd { #expect(read.total == 0) }
        }
    }

    @Test func deflatedFilesInAZipCannotBeReached() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let archive = try sample.archive(.zip, compress: true)
            let report = try await ArchiveVerifier(archive, format: .zip, level: .full).verify { _ in }
            #expect(report.unassembled == 1)
            try await sample.unpack(archive, .directories)
            #expect(try sample.tree()["plain/merged.bin"] == "ghts weig{\"a\":1")
        }
    }
}

extension UnpackSample {
    /// Writes the bundle as an archive beside it.
    ///
    /// - Parameter damage: what to do to `models/bert/model.safetensors`, or to the archive.
    func archive(
        _ format: ArchiveFormat, damage: String = "", reversed: Bool = false, compress: Bool = false
    ) throws -> String {
        let path = directory + "/bundle" + format.suffix
        try Directory.removeFile(path)
        var files = try tree(bundle).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        if reversed { files.reverse() }
        var archive = try ArchiveWriter(creating: path, format: format)
        for (name, text) in files {
            var bytes = Array(text.utf8)
            if name == "models/bert/model.safetensors" {
                if damage == "missing" { continue }
                if damage == "changed" { bytes[0] ^= 1 }
                if damage == "short" { bytes.removeLast(150) }
                if damage == "twice" { try archive.add(path: RelativePath(checked: name), bytes.span) }
            }
            try archive.add(path: RelativePath(checked: name), bytes.span, compress: compress)
        }
        try archive.finish()
        if damage == "cut" {
            try writeFile(path, Array(try contents(path).dropLast(format == .tar ? 2500 : 60)))
        }
        return path
    }

    @discardableResult
    func unpack(_ archive: String, _ form: UnpackTarget.Form) async throws -> UnpackReceipt {
        let format = try #require(ArchiveFormat(path: archive))
        return try await Unpacker(
            ArchiveContent(archive, format: format), to: [UnpackTarget(form, target)]
        ).unpack { _ in }
    }
}
