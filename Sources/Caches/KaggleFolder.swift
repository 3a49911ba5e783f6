import Formats
import Manifests
import Storage

/// The folder of one model's variation, or of one data set, in a kagglehub cache.
struct KaggleFolder {
    /// How much of a version was downloaded, as far as its markers tell.
    enum State {
        /// All.
        case complete
        /// The named files, each by a call of its own.
        case files(Set<RelativePath>)
        /// Nobody knows: the download was interrupted.
        case interrupted
    }

    /// Without a version.
    let handle: KaggleHandle
    /// The directory that holds the versions, absolute, without links.
    let path: String
    /// The versions that have a directory, in ascending order; none for a competition, which has no versions.
    let versions: [Int]
    private var enclosure: CacheSandbox

    /// Opens the folder of a handle; throws if there is no cache, or nothing of the handle in it.
    init(_ handle: KaggleHandle, in cache: KagglehubCache) throws(Diagnostics) {
        let enclosure: CacheSandbox
        do throws(FileError) {
            enclosure = try CacheSandbox(cache.root)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .cacheMissing,
                    "\(handle.text): there is no kagglehub cache at \(FileWalk.shown(cache.root))",
                    notes: ["\(error)"],
                    fix: "set KAGGLEHUB_CACHE to where it is, or fill one: \(handle.download)",
                    verdict: .undecided))
        }
        try self.init(handle, enclosure: enclosure)
    }

    /// Opens a folder in a cache that is open already.
    init(_ handle: KaggleHandle, enclosure opened: CacheSandbox) throws(Diagnostics) {
        var enclosure = opened
        let place: CacheSandbox.Place
        do throws(CacheSandbox.Refusal) {
            place = try enclosure.place(handle.versionsFolder)
        } catch {
            throw Diagnostics(KaggleFolder.unopened(handle, &enclosure, error))
        }
        self.handle = handle.with(version: nil)
        path = place.path
        let names = handle.kind == .competition ? [] : (try? Directory.names(in: place.path)) ?? []
        versions = names.filter { name in
            KaggleHandle.version(name) != nil
                && (try? enclosure.place(name, in: place.path))?.status.kind == .directory
        }.compactMap(KaggleHandle.version).sorted()
        self.enclosure = enclosure
    }

    /// A version, and what is wrong about the choice.
    struct Resolved {
        /// `nil` for what has no versions.
        let version: Int?
        /// What is wrong about the choice, and does not keep the version from being used.
        var problems: [Snapshot.Problem] = []
    }

    /// The version that is asked for, or the newest complete one; where none is complete, the newest of
    /// which single files were downloaded.
    mutating func resolve(_ asked: Int?) throws(Diagnostics) -> Resolved {
        if handle.kind == .competition { return Resolved(version: nil) }
        if let asked {
            guard versions.contains(asked) else { throw Diagnostics(notCached(asked)) }
            return Resolved(version: asked)
        }
        var partial: Int?
        for version in versions.reversed() {
            switch state(version) {
            case .complete: return Resolved(version: version, problems: newer(than: version))
            case .files: partial = partial ?? version
            case .interrupted: break
            }
        }
        if let partial { return Resolved(version: partial, problems: newer(than: partial)) }
        throw Diagnostics(
            Diagnostic(
                code: .notCached, "\(handle.text): no version of it is complete in the cache",
                notes: known, fix: handle.download, verdict: .undecided))
    }

    /// What the markers say of a version: an empty file beside the directory is made when all of it is
    /// there, one below `.complete` when a single file is.
    mutating func state(_ version: Int?) -> State {
        let versioned = handle.with(version: version)
        for name in versioned.markerNames
        where enclosure.existing("\(handle.folder)/\(name).complete") != nil {
            return .complete
        }
        guard let place = enclosure.existing(versioned.fileMarkersFolder),
            place.status.kind == .directory
        else { return .interrupted }
        let words = FileWalk.Words(subject: handle.text, enclosure: "the cache", fix: "")
        let markers = FileWalk(of: place.path, in: &enclosure, words: words).files
            .compactMap { $0.path.removing(suffix: ".complete") }
        return markers.isEmpty ? .interrupted : .files(Set(markers))
    }

    /// The files of a version.
    mutating func snapshot(_ asked: Int?) throws(Diagnostics) -> Snapshot {
        let resolved = try resolve(asked)
        let versioned = handle.with(version: resolved.version)
        guard let place = try? enclosure.place(versioned.dataFolder) else {
            throw Diagnostics(notCached(resolved.version))
        }
        let words = FileWalk.Words(
            subject: versioned.text, enclosure: "the cache",
            fix: "delete \(FileWalk.shown(place.path)), then \(versioned.download)")
        let walk = FileWalk(
            of: place.path, in: &enclosure, words: words,
            refuses: { Path.isInside($0.path, place.path) ? nil : "leads into another part of the cache" })
        let files = walk.files.map { file in
            CachedFile(
                path: file.path, location: file.place.path, status: file.place.status, evidence: [],
                expectedSize: nil)
        }
        let problems =
            walk.problems + resolved.problems + faults(versioned, resolved.version, files.map(\.path))
        return Snapshot(origin: .kaggle(versioned), directory: place.path, files: files, problems: problems)
    }
}

// What is found, and what to say of it.
extension KaggleFolder {
    private mutating func faults(
        _ versioned: KaggleHandle, _ version: Int?, _ paths: [RelativePath]
    ) -> [Snapshot.Problem] {
        var archive: CacheSandbox.Place?
        for name in versioned.markerNames where archive == nil {
            archive = enclosure.existing("\(handle.folder)/\(name).archive")
        }
        let left = archive.map { ["left over: \(FileWalk.shown($0.path))"] } ?? []
        let fix = "\(versioned.download), which continues it"
        switch state(version) {
        case .complete:
            guard archive != nil else { return [] }
            return [
                Snapshot.Problem(
                    Diagnostic(
                        code: .archiveLeft,
                        "\(versioned.text): the archive that it was unpacked from is still in the cache",
                        notes: left, fix: "delete it to free the space"))
            ]
        case .interrupted:
            return [
                Snapshot.Problem(
                    Diagnostic(
                        code: .downloadInterrupted,
                        "\(versioned.text): the download into the cache was interrupted",
                        notes: ["kagglehub's marker \(versioned.markerNames.first ?? "").complete is missing"]
                            + left,
                        fix: fix))
            ]
        case .files(let marked):
            let unmarked = paths.filter { !marked.contains($0) }
            let single = Snapshot.Problem(
                Diagnostic(
                    code: .downloadPartial,
                    "\(versioned.text): the cache has single files of it (\(marked.count)), perhaps not all",
                    notes: ["which files the version has is not known without internet"] + left,
                    fix:
                        "to load all of it: knapsack fetch \(Source.kaggle(versioned).text); to load what is asked for: knapsack lock {manifest} --fetch"
                ))
            guard !unmarked.isEmpty else { return [single] }
            let more = unmarked.count > 5 ? ["… and \(unmarked.count - 5) more"] : []
            let interrupted = Snapshot.Problem(
                Diagnostic(
                    code: .downloadInterrupted,
                    "\(versioned.text): no marker states that the download of these files ended (\(unmarked.count))",
                    notes: unmarked.prefix(5).map(FileWalk.shown) + more, fix: fix), unmarked.map(\.text))
            return [single, interrupted]
        }
    }

    /// Newer versions that were passed over.
    private func newer(than version: Int) -> [Snapshot.Problem] {
        let passed = versions.filter { $0 > version }
        guard let newest = passed.last else { return [] }
        return [
            Snapshot.Problem(
                Diagnostic(
                    code: .newerIncomplete,
                    "\(handle.text): version \(version) is taken, because version \(newest) is not complete",
                    fix: "\(handle.with(version: newest).download), or name the version in the source"))
        ]
    }

    private var known: [String] {
        if versions.isEmpty { return ["the cache has no version of it"] }
        var copy = self
        return ["cached versions:"]
            + versions.map { version in
                if case .complete = copy.state(version) { "\(version)" } else { "\(version) (not complete)" }
            }
    }

    private func notCached(_ version: Int?) -> Diagnostic {
        Diagnostic(
            code: .revisionNotCached,
            "\(handle.text): \(version.map { "version \($0)" } ?? "it") is not in the cache",
            notes: known, fix: handle.with(version: version).download, verdict: .undecided)
    }

    private static func unopened(
        _ handle: KaggleHandle, _ enclosure: inout CacheSandbox, _ refusal: CacheSandbox.Refusal
    ) -> Diagnostic {
        switch refusal {
        case .leaves(let link, let text):
            Diagnostic(
                code: .linkEscapes, "\(handle.text): its folder is a link that leads out of the cache",
                notes: ["\(FileWalk.shown(link)) -> \(FileWalk.shown(text))"],
                fix: "name the cache that really holds the folder with KAGGLEHUB_CACHE", verdict: .undecided)
        case .unreadable(let error):
            Diagnostic(
                code: .unreadable, "\(handle.text): its folder cannot be read", notes: ["\(error)"],
                fix: "look at the permissions", verdict: .undecided)
        case .missing, .loops:
            Diagnostic(
                code: .notCached,
                "\(handle.text): it is not in the cache at \(FileWalk.shown(enclosure.root))",
                notes: suggestion(handle, &enclosure).map { ["did you mean \($0)?"] } ?? [],
                fix: handle.download, verdict: .undecided)
        }
    }

    /// A handle of the cache that was probably meant: the same but for case, else the nearest one.
    private static func suggestion(_ handle: KaggleHandle, _ enclosure: inout CacheSandbox) -> String? {
        let texts = KaggleListing(&enclosure).handles.filter { $0.kind == handle.kind }
            .map { $0.with(version: nil).text }
        let text = handle.with(version: nil).text
        return texts.first { $0.lowercased() == text.lowercased() }
            ?? Suggestion.nearest(to: text, among: texts)
    }
}
