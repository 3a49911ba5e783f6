import Formats
package import Manifests
package import Storage

/// Proves a bundle in an archive against its lock, in one pass from front to back, without unpacking it.
///
/// Every stored byte is hashed, but for members that the lock does not have or has with another size: where the lock
/// can be looked up first, it bounds all of them. A file in segments is put together too, from a second reading of its ranges
/// where they are in the archive's file as they are: no single pass can do that, because its digest takes the
/// bytes in its own order, and its header comes last, in the store. In a compressed archive they cannot be
/// reached again, so there its parts are proved; that it comes out of them was proved by `pack`.
package struct ArchiveVerifier: Sendable {
    private let path: String
    private let format: ArchiveFormat
    private let level: VerifyReport.Level
    private let bases: [String]?

    /// Prepares the verification of an archive.
    /// - Parameter bases: directories or archives of bundles that it builds on; `nil` for those who care for the bundle's own
    ///   files alone.
    package init(
        _ path: String, format: ArchiveFormat, level: VerifyReport.Level, bases: [String]? = nil
    ) {
        self.bases = bases
        self.path = path
        self.format = format
        self.level = level
    }

    /// Reads the archive to its end.
    ///
    /// - Throws: where nothing can be decided: it cannot be read, or has no lock.
    @concurrent
    package func verify(progress: @escaping ProgressHandler) async throws -> VerifyReport {
        let size = (try? FileStatus.status(of: path).size) ?? 0
        progress(.began(stage: "verifying", files: 0, bytes: size))
        defer { progress(.ended) }
        var found: [RelativePath: FoundContent] = [:]
        var kept: [RelativePath: [UInt8]] = [:]
        var offsets: [RelativePath: Int] = [:]
        var total = 0
        var damage: Diagnostic?
        var bounds = MemberBounds(path, format: format, size: size)
        var known: KnownLock?
        // A compressed archive has no table of its members: there the lock bounds what follows it.
        if format != .tarZstd,
            let (_, lock, sizes) = try? ArchiveContent.lock(of: path, format: format)
        {
            do throws(Diagnostics) {
                let read = try KnownLock(lock)
                bounds.learn(read.expected)
                known = read
            } catch {
                let bytes = sizes.values.reduce(0) { $0.addingReportingOverflow($1).partialValue }
                return VerifyReport(damagedLock: error, level: level, files: sizes.count, bytes: bytes)
            }
        }
        do {
            var archive = try ArchiveReader(path: path, format: format)
            while let entry = try archive.next() {
                var hasher = try ContentHasher()
                if entry.path == Lock.bundledName { try ArchiveContent.requireLockSize(entry.size, path) }
                let isAdmitted = try bounds.admits(entry)
                let keeps =
                    [Lock.bundledName, SumsFile.name, ModelSignature.name].contains(entry.path)
                    && entry.size <= Lock.sizeLimit && isAdmitted
                var bytes: [UInt8] = []
                if isAdmitted, level == .full || keeps {
                    try archive.read { block in
                        if Task.isCancelled { throw ReadFailure.cancelled }
                        try hasher.update(block)
                        if keeps { for index in block.indices { bytes.append(block[index]) } }
                        progress(.advanced(bytes: block.count))
                    }
                }
                if keeps { kept[entry.path] = bytes }
                if keeps, entry.path == Lock.bundledName, known?.bytes != bytes {
                    do throws(Diagnostics) {
                        let read = try KnownLock(bytes)
                        bounds.learn(read.expected)
                        known = read
                    } catch {
                        return VerifyReport(
                            damagedLock: error, level: level, files: found.count + 1, bytes: total)
                    }
                }
                let digest = try hasher.finish().sha256
                found[entry.path] =
                    level == .full && isAdmitted ? .digest(digest, size: entry.size) : .size(entry.size)
                offsets[entry.path] = entry.offset
                total = total.addingReportingOverflow(entry.size).partialValue
                progress(.finished(file: entry.path.text))
            }
        } catch let error as ArchiveError where error.code == .damaged {
            damage = Diagnostic(
                code: .archiveDamaged, "\(path) is damaged", notes: ["\(error)"],
                fix: "pack it again, or copy it again")
        } catch let error as ArchiveError {
            throw Diagnostics(error.diagnostic(path))
        }
        var findings = damage.map { [$0] } ?? []
        var unassembled = 0
        var throughBases = 0
        var bundleLock: Lock?
        if kept[Lock.bundledName] != nil, let known {
            bundleLock = known.lock
            let expected = known.expected
            let compared = BundleComparison(expected, found)
                .findings(sums: level == .full ? kept[SumsFile.name] : nil)
            // What a damaged archive did not give out is not missing.
            findings += damage == nil ? compared : compared.filter { $0.code != .missing }
            if level == .full {
                // A file whose parts are not all there was told by what is missing.
                let whole = expected.segmented.filter { $0.segments.allSatisfy { found[$0.at] != nil } }
                let reachable = whole.filter { $0.segments.allSatisfy { offsets[$0.at] != nil } }
                let names = ThroughBases.names(known.lock)
                unassembled = ThroughBases.count(whole, names) - ThroughBases.count(reachable, names)
                findings += try await SegmentProof(reachable).findings(
                    in: ArchiveRanges(path, offsets), progress)
            }
            let through = try await ThroughBases(expected.throughBases, known.lock, bases, level).look(
                path, from: ArchiveRanges(path, offsets), progress,
                isReachable: { level == .quick || offsets[$0] != nil }, isThere: { found[$0] != nil })
            findings += through.findings
            unassembled += through.unassembled
            throughBases = through.looked
        } else if damage == nil, case .size(let size)? = found[Lock.bundledName] {
            findings.append(
                Diagnostic(
                    code: .changed, "\(Lock.bundledName) is damaged", notes: ["it has \(size) bytes"],
                    fix: "pack the bundle again"))
        } else if damage == nil {
            throw Diagnostics(
                Diagnostic(
                    code: .notABundle, "\(path) has no \(Lock.bundledName), so it is not a bundle",
                    fix: "name an archive that knapsack pack wrote", verdict: .undecided))
        }
        findings.sort { $0.message.precedesByBytes($1.message) }
        var report = VerifyReport(
            level: level, files: found.count, bytes: total, unassembled: unassembled, findings: findings,
            found: found,
            lock: bundleLock, signature: kept[ModelSignature.name])
        report.throughBases = throughBases
        return report
    }

    /// A lock, and what it states the bundle has: one of 200,000 files takes seconds to parse.
    private struct KnownLock {
        let bytes: [UInt8]
        let lock: Lock
        let expected: ExpectedFiles

        init(_ bytes: [UInt8]) throws(Diagnostics) {
            self.bytes = bytes
            lock = try Lock.parse(bytes, path: Lock.bundledName.text)
            expected = try ExpectedFiles(lock: lock)
        }
    }
}
