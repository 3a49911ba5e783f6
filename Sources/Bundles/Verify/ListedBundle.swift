package import Formats
package import Manifests
package import Storage

/// A bundle of which a service lists names, sizes and digests, and whose bytes are proved by those: compared with its lock.
package struct ListedBundle {
    /// The bundle's lock.
    package let lock: Lock
    private let expected: ExpectedFiles

    /// Works out what a lock states the bundle has.
    /// - Throws: where it is no lock, or contradicts itself.
    package init(lock bytes: [UInt8]) throws(Diagnostics) {
        lock = try Lock.parse(bytes, path: Lock.bundledName.text)
        expected = try ExpectedFiles(lock: lock)
    }

    /// What does not hold, and how much could not be looked at: files in segments, and those that are in bases, are not put
    /// together.
    ///
    /// - Parameters:
    ///   - files: everything that is listed.
    ///   - sums: the content of `SHA256SUMS`.
    ///   - name: what the bundle is called in messages.
    package func report(
        _ files: [RelativePath: (size: Int, sha256: SHA256Digest)], sums: [UInt8]?,
        _ level: VerifyReport.Level,
        name: String
    ) async throws -> VerifyReport {
        let found = files.mapValues { FoundContent.digest($0.sha256, size: $0.size) }
        var findings = BundleComparison(expected, found).findings(sums: sums)
        findings += try await ThroughBases(expected.throughBases, lock, [], level).look(
            name, from: NothingStored(), { _ in }, isThere: { found[$0] != nil }
        ).findings
        findings.sort { $0.message.precedesByBytes($1.message) }
        var report = VerifyReport(
            level: level, files: files.count, bytes: files.values.saturatedSum(\.size), findings: findings,
            found: found, lock: lock)
        if level == .full {
            report.unassembled = ThroughBases.count(expected.segmented, ThroughBases.names(lock))
        }
        return report
    }
}

/// The stored files of a bundle of which nothing is here.
private struct NothingStored: StoredRanges {
    func read(
        _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
        _ block: (Span<UInt8>) throws -> Void
    ) throws {
        throw ReadFailure.changed(path: path.text)
    }
}
