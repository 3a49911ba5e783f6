import Caches
import Formats
import Manifests
import Storage

/// Makes what a plan states and a survey found missing: content first, each file under another name until it
/// is whole, proved and on the disk; then links; then what states that all is there.
struct UnpackWriter: Sendable {
    /// What the bundle is called in messages.
    let bundle: String
    /// What is to be made.
    let plan: UnpackPlan
    /// What the survey found of each item of the plan, in the same order.
    let states: [UnpackSurvey.State]
    /// The target, open and locked.
    let directory: UnpackDirectory
    /// The bundles that have what the bundle itself does not store.
    var bases = BaseSet.none

    /// Files from this size on are waited for one by one; smaller ones many at a time, because the disk
    /// takes as long for one of them as for a thousand.
    private static let largeSize = 1 << 20
    /// How many smaller files are waited for together.
    static let batch = 1000

    /// What became of one item.
    enum Outcome: Sendable {
        /// Its content is in its place, or can be put there.
        case done(ContentDigests)
        /// The bundle does not have the content, or something else is in its place; `nil` where that was
        /// told with another item.
        case failed(Diagnostic?)
    }

    /// How the writing ended.
    struct Finished: Sendable {
        /// What went wrong with single files, and what is worth knowing.
        var findings: [Diagnostic] = []
        /// The numbers of the items whose content is not in its place.
        var lost: Set<Int> = []
    }

    private struct Written: Sendable {
        let number: Int
        let outcome: Outcome
    }

    /// The items that must be written.
    var absent: [UnpackPlan.Item] { plan.items.filter { !states[$0.number].isPresent } }

    /// The bytes that must be written.
    var needed: Int {
        absent.reduce(0) { $0.addingReportingOverflow($1.size).overflow ? Int.max : $0 + $1.size }
    }

    /// What is known of the items that need not be written.
    var present: [Int: Outcome] {
        var outcomes: [Int: Outcome] = [:]
        for (number, state) in states.enumerated() {
            if let digests = state.digests { outcomes[number] = .done(digests) }
        }
        return outcomes
    }

    /// Writes everything out of a bundle that can be read at any place.
    ///
    /// - Returns: what went wrong with single files; where something did, nothing states of their entry that it
    ///   is whole.
    func write(
        from content: any BundleContent, progress: @escaping ProgressHandler
    ) async throws -> Finished {
        do {
            try removeLeftovers()
            var outcomes = present
            let large = absent.filter { $0.size >= UnpackWriter.largeSize }
            for written in try await write(large, from: content, waitingForEach: true, progress) {
                outcomes[written.number] = written.outcome
            }
            var small = absent.filter { $0.size < UnpackWriter.largeSize }[...]
            while !small.isEmpty {
                let batch = Array(small.prefix(UnpackWriter.batch))
                small = small.dropFirst(batch.count)
                for written in try await write(batch, from: content, waitingForEach: false, progress) {
                    outcomes[written.number] = written.outcome
                }
                try synchronizeAndPlace(batch, &outcomes)
            }
            return try finish(outcomes)
        } catch {
            try? removeLeftovers()
            throw explained(error)
        }
    }

    /// Gives written items their names once they are on the disk.
    func synchronizeAndPlace(_ items: [UnpackPlan.Item], _ outcomes: inout [Int: Outcome]) throws {
        try synchronize(items)
        for item in items {
            guard case .done(let digests)? = outcomes[item.number] else { continue }
            outcomes[item.number] = try place(item, digests)
        }
    }

    // MARK: Content

    private func write(
        _ items: [UnpackPlan.Item], from content: any BundleContent, waitingForEach waits: Bool,
        _ progress: @escaping ProgressHandler
    ) async throws -> [Written] {
        // Directories are made by one thread, so that the workers find them.
        for item in items { _ = try unfinished(item) }
        return try await Parallel.map(items, largestFirst: \.size) { item, buffer in
            defer { progress(.finished(file: item.name)) }
            var outcome = try write(item, from: content, waiting: waits, &buffer, progress)
            if waits, case .done(let digests) = outcome { outcome = try place(item, digests) }
            return Written(number: item.number, outcome: outcome)
        }
    }

    /// Waits until written items are on the disk: each by itself where they are few, because other programs'
    /// files may take longer; else all that there is.
    private func synchronize(_ items: [UnpackPlan.Item]) throws {
        if items.count > 32 { return try directory.root.synchronizeFileSystem() }
        for item in items {
            let (staging, name) = try unfinished(item)
            if try staging.status(of: name) != nil { try staging.reading(name).synchronize() }
        }
    }

    /// Where an item is stored until it is whole.
    func unfinished(_ item: UnpackPlan.Item) throws -> (OpenDirectory, String) {
        let (path, name) = unfinishedPath(item)
        return (try directory.directory(making: path), name)
    }

    /// The same as names: the staging directory, relative to the target, and the file in it.
    func unfinishedPath(_ item: UnpackPlan.Item) -> (directory: RelativePath, name: String) {
        (
            item.units.first.map { plan.units[$0].staging } ?? UnpackPlan.staging,
            "\(item.number)\(UnpackPlan.unfinished)"
        )
    }

    /// Puts an item's content together under its unfinished name.
    private func write(
        _ item: UnpackPlan.Item, from content: any BundleContent, waiting waits: Bool,
        _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> Outcome {
        let (staging, name) = try unfinished(item)
        do {
            let file = try staging.creating(name)
            var hasher = try ContentHasher(gitBlobLength: item.needsGitBlob ? item.size : nil)
            var written = 0
            for range in item.ranges {
                let place: any StoredRanges = try bases.source(of: range) ?? content
                try place.read(range.at, range.offset..<range.offset + range.length, into: &buffer) {
                    bytes in
                    try hasher.update(bytes)
                    try file.write(bytes)
                    file.startWriteback(offset: written, count: bytes.count)
                    written += bytes.count
                    progress(.advanced(bytes: bytes.count))
                }
            }
            let digests = try hasher.finish()
            guard digests.sha256 == item.sha256 else {
                try staging.removeFile(name)
                return .failed(damaged(item, digests.sha256))
            }
            if waits { try file.synchronize() }
            return .done(digests)
        } catch ReadFailure.changed(let path) {
            try? staging.removeFile(name)
            return .failed(
                Diagnostic(
                    code: .changed, "\(bundle): \(path) became shorter while \(item.name) was read",
                    fix: "copy the bundle again"))
        } catch {
            try? staging.removeFile(name)
            throw error
        }
    }

    /// The finding for content that came out of the bundle with another digest.
    func damaged(_ item: UnpackPlan.Item, _ found: SHA256Digest) -> Diagnostic {
        let places = Set(item.ranges.map(\.at)).sorted()
        let more = places.count > 3 ? ["… and \(places.count - 3) more"] : []
        return Diagnostic(
            code: .changed, "\(item.name), restored from the bundle, is not what the lock states",
            notes: [
                "expected sha256 \(item.sha256)  (\(item.size) bytes, from the lock)",
                "found    sha256 \(found)",
            ] + places.prefix(3).map { "from \(FileWalk.shown($0.joined(to: bundle)))" } + more,
            fix: "knapsack verify \(ShellWord.quoted(bundle)) states what is damaged; copy the bundle again")
    }

    /// Gives written content its name, unless something came to have it meanwhile.
    private func place(_ item: UnpackPlan.Item, _ digests: ContentDigests) throws -> Outcome {
        let path: RelativePath
        switch item.home {
        case .path(let given): path = given
        case .blob(let folder, let naming, _):
            path = RelativePath(checked: "\(folder)/blobs/\(try name(of: item, naming, digests))")
        }
        let (staging, unfinished) = try unfinished(item)
        let parent = try directory.directory(making: path.parent)
        do throws(FileError) {
            try staging.rename(unfinished, into: parent, as: path.name)
            return .done(digests)
        } catch {
            guard error.isExisting else { throw error }
            // The blob of a git name, of which only now is known what it is, or another program's work.
            var buffer = Buffer(count: FileReader.blockSize)
            let survey = UnpackSurvey(plan, in: directory)
            let found = try survey.compare(item, at: path, &buffer) { _ in }
            try staging.removeFile(unfinished)
            switch found {
            case .same: return .done(digests)
            case .conflict(let problem): return .failed(problem)
            case .absent: throw error
            }
        }
    }

    private func name(
        of item: UnpackPlan.Item, _ naming: UnpackPlan.Naming, _ digests: ContentDigests
    ) throws -> String {
        switch naming {
        case .sha256: return item.sha256.hex
        case .gitBlob:
            guard let name = digests.gitBlob else { throw HashingFailure() }
            return name.hex
        }
    }

    // MARK: After the content

    func finish(_ outcomes: [Int: Outcome]) throws -> Finished {
        var findings: [Diagnostic] = []
        var lost: Set<Int> = []
        var broken: Set<Int> = []
        var touched: Set<RelativePath> = []
        for item in plan.items {
            if case .failed(let problem)? = outcomes[item.number] {
                if let problem { findings.append(problem) }
                lost.insert(item.number)
                broken.formUnion(item.units)
            }
            switch item.home {
            case .path(let path): touched.formUnion([path.parent].compactMap(\.self))
            case .blob(let folder, _, _): touched.insert(folder.appending("blobs"))
            }
        }
        try directory.synchronize(touched)
        touched = []

        for item in plan.items where broken.isDisjoint(with: item.units) {
            guard case .blob(_, let naming, _) = item.home else { continue }
            let blob: String
            if let present = states[item.number].blob {
                blob = present
            } else if case .done(let digests)? = outcomes[item.number] {
                blob = try name(of: item, naming, digests)
            } else {
                continue
            }
            for link in states[item.number].links {
                if let problem = try makeLink(link, toBlob: blob) {
                    findings.append(problem)
                    broken.formUnion(item.units)
                }
                touched.formUnion([link.parent].compactMap(\.self))
            }
        }
        try directory.synchronize(touched)

        for (index, unit) in plan.units.enumerated() where !broken.contains(index) {
            var texts = unit.texts
            if let tree = unit.tree, let text = try tree.text({ gitBlob(outcomes[$0]) }) {
                texts.insert(UnpackPlan.Text(path: tree.path, bytes: Array(text.utf8)), at: 0)
            }
            for text in texts {
                if let finding = try make(text, staging: unit.staging) { findings.append(finding) }
            }
        }
        try removeLeftovers()
        return Finished(findings: findings, lost: lost)
    }

    private func gitBlob(_ outcome: Outcome?) -> GitBlobDigest? {
        if case .done(let digests)? = outcome { digests.gitBlob } else { nil }
    }

    /// - Returns: what has the name already, where it is anything else.
    private func makeLink(_ path: RelativePath, toBlob name: String) throws -> Diagnostic? {
        let text = HubLink.text(path, toBlob: name)
        let parent = try directory.directory(making: path.parent)
        do throws(FileError) {
            try parent.makeLink(path.name, to: text)
            return nil
        } catch {
            guard error.isExisting else { throw error }
            let present = try? parent.linkText(path.name)
            if present == text { return nil }
            return directory.conflict(
                path, "is something other than a link to \(name)", notes: present.map { ["-> \($0)"] } ?? [])
        }
    }

    /// Makes a small file if there is none.
    ///
    /// - Returns: what there is to say of one that exists with other content.
    private func make(_ text: UnpackPlan.Text, staging path: RelativePath) throws -> Diagnostic? {
        let parent = try directory.directory(making: text.path.parent)
        let name = text.path.name
        if try parent.status(of: name) == nil {
            let staging = try directory.directory(making: path)
            let unfinished = "text\(UnpackPlan.unfinished)"
            try staging.removeFile(unfinished)
            do {
                let file = try staging.creating(unfinished)
                try file.write(text.bytes.span)
                try file.synchronize()
            }
            do {
                try staging.rename(unfinished, into: parent, as: name)
                try directory.synchronize(Set([text.path.parent].compactMap(\.self)))
                return nil
            } catch let error as FileError where error.isExisting {
                try staging.removeFile(unfinished)
            }
        }
        guard let elsewhere = text.elsewhere else { return nil }
        let file = try? parent.reading(name)
        return try file?.holds(text.bytes) == true ? nil : elsewhere
    }

    // MARK: Leftovers

    /// Takes away what a killed run left under unfinished names, and nothing else.
    func removeLeftovers() throws {
        for path in Set(plan.units.map(\.staging)) {
            guard let staging = directory.directory(existing: path) else { continue }
            for name in try Directory.names(in: path.joined(to: directory.path))
            where name.utf8.ends(with: UnpackPlan.unfinished) {
                if try staging.status(of: name)?.kind == .file { try staging.removeFile(name) }
            }
        }
        try directory.removeEmptyDirectory(UnpackPlan.staging)
    }

    /// A full disk is told with what was needed.
    func explained(_ error: any Error) -> any Error {
        guard error.isOfFullDisk else { return error }
        return Diagnostics(
            SpaceNeeded(
                needed, for: directory.target.path, at: directory.path,
                fix: "free space there and unpack again; what was written so far is kept"
            ).finding)
    }
}

extension FileHandle {
    /// Whether a file holds exactly these bytes, of which there are few.
    fileprivate borrowing func holds(_ bytes: [UInt8]) throws(FileError) -> Bool {
        guard try status().size == bytes.count else { return false }
        var buffer = Buffer(count: bytes.count)
        guard try read(into: &buffer, at: 0) == bytes.count else { return false }
        return buffer.withBytes(bytes.count) { span in bytes.indices.allSatisfy { span[$0] == bytes[$0] } }
    }
}
