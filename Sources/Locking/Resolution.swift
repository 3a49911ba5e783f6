package import Caches
package import Formats
package import Manifests
import ModelFacts
import ModelFiles
import Storage
import Tensors

/// The manifest's entries with the revision and the files that each one means: either as an earlier lock
/// pins them, or as they are in the caches now.
package struct Resolution: Sendable {
    /// Which pins are moved on to what branches and unversioned handles point at now.
    package enum Update: Equatable, Sendable {
        /// None: an entry that asks for the same source keeps its revision.
        case none
        /// Those of the named entries.
        case entries(Set<ExactName>)
        /// All.
        case all

        /// Whether the pin of an entry moves on.
        package func includes(_ name: String) -> Bool {
            switch self {
            case .none: false
            case .entries(let names): names.contains(name)
            case .all: true
            }
        }
    }

    /// One entry.
    package enum Item: Sendable {
        /// As an earlier lock has it; the caches are not looked at.
        case kept(LockedEntry)
        /// As it is in a cache.
        case found(FoundEntry)
        /// To be made from another entry; `previous` is how an earlier lock has it, where the manifest asks for
        /// the same.
        case derived(Entry, ConversionRequest, previous: LockedEntry?)
    }

    /// The manifest that was resolved.
    package let manifest: Manifest
    /// The caches that were looked into.
    package let caches: Caches
    /// One for each entry, in the manifest's order.
    package let items: [Item]
    /// How an earlier lock has fits whose weights were measured, whatever else of them has changed since.
    let measured: [ExactName: LockedConversion]
    /// What is worth knowing, but hinders nothing.
    package let findings: [Diagnostic]

    /// Resolves every entry.
    ///
    /// - Parameters:
    ///   - previous: the lock that is beside the manifest, whose pins are kept.
    ///   - update: the entries whose pins are not.
    ///   - proveAgain: look at the caches even for entries whose lock is fresh.
    ///   - isFetched: whether the services were asked just now, and everything that entries ask for is there.
    /// - Throws: everything that hinders, of all entries at once.
    package static func resolve(
        _ manifest: Manifest, previous: Lock?, caches: Caches, update: Update = .none,
        proveAgain: Bool = false, isFetched: Bool = false
    ) throws(Diagnostics) -> Resolution {
        try Resolution(
            manifest, previous: previous, caches: caches, update: update, proveAgain: proveAgain,
            isFetched: isFetched)
    }

    private init(
        _ manifest: Manifest, previous: Lock?, caches: Caches, update: Update,
        proveAgain: Bool, isFetched: Bool
    ) throws(Diagnostics) {
        // What an earlier Knapsack did not look at is looked at now, with the same pins.
        let proveAgain = proveAgain || previous.map { $0.factsVersion != Lock.factsVersion } ?? false
        var items: [Item] = []
        var findings: [Diagnostic] = []
        if case .entries(let names) = update {
            let known = Set(exactly: manifest.entries.map(\.name))
            findings += names.subtracting(known).sortedTexts.map { name -> Diagnostic in
                .unknownEntry(
                    name, among: manifest.entries.map(\.name), "the manifest has no entry \(quoted(name))")
            }
        }
        // Tensors are looked into only where they are shared.
        let sharesAlike =
            (previous?.bundle.deduplication == .tensor) == (manifest.bundle.deduplication == .tensor)
        var room = ModelFileReader.room
        var measured: [ExactName: LockedConversion] = [:]
        for entry in manifest.entries {
            let locked = previous?.entry(named: entry.name)
            if let request = entry.conversion {
                let isSame =
                    locked?.asked == entry.asked && locked?.kind == entry.kind && sharesAlike && !proveAgain
                    && !update.includes(entry.name)
                items.append(.derived(entry, request, previous: isSame ? locked : nil))
                if request.calibration != nil, !proveAgain, !update.includes(entry.name),
                    case .conversion(let conversion)? = locked?.origin
                {
                    measured[ExactName(entry.name)] = conversion
                }
                continue
            }
            let pinned = update.includes(entry.name) ? nil : locked?.pin(for: entry)
            if let locked, let pinned, pinned.isPinned, !proveAgain, sharesAlike, locked.kind == entry.kind,
                locked.asked == entry.asked, locked.kind != .wheels || WheelFacts.recorded(in: locked) != nil
            {
                items.append(.kept(locked))
                continue
            }
            do throws(Diagnostics) {
                let contents = ModelFileReader(room: room)
                let found = try FoundEntry.find(
                    entry, pinned: pinned, manifest: manifest, caches: caches, contents,
                    previous: locked, isFetched: isFetched)
                room = contents.room
                findings += found.findings
                items.append(.found(found))
            } catch {
                findings += error.all.map { $0.located(at: entry.location) }
            }
        }
        findings += Resolution.refusals(items)
        guard !findings.contains(where: { $0.severity == .error }) else { throw Diagnostics(findings) }
        self.manifest = manifest
        self.caches = caches
        self.items = items
        self.measured = measured
        self.findings = findings
    }

    /// Why entries cannot be made from others, as far as that is known before anything is hashed.
    private static func refusals(_ items: [Item]) -> [Diagnostic] {
        items.flatMap { item -> [Diagnostic] in
            guard case .derived(let entry, let request, _) = item else { return [] }
            let recipe = request.recipe(for: entry.name)
            do throws(Diagnostics) {
                for source in items {
                    switch source {
                    case .found(let found) where found.entry.name == request.from:
                        _ = try recipe.selection(of: found.files.map(\.path), for: entry.name)
                        return recipe.refusal(of: found.facts, for: entry.name)
                            .map { [$0.located(at: entry.location)] } ?? []
                    case .kept(let locked) where locked.name == request.from:
                        _ = try recipe.selection(of: locked.files.map(\.path), for: entry.name)
                    default: break
                    }
                }
                return []
            } catch {
                return error.all.map { $0.located(at: entry.location) }
            }
        }
    }
}

extension Entry {
    /// Whether the entry names each of its files, and they are there: whatever else a version has, it is not asked for.
    fileprivate func asksForNothingBesides(_ files: [CachedFile]) -> Bool {
        guard let include, include.allSatisfy(Glob.isLiteral) else { return false }
        let there = Set(exactly: files.map(\.path.text))
        return include.allSatisfy { there.contains($0) }
    }
}

extension LockedEntry {
    /// Whether this is what an entry asks for, and these files of a revision are those that it has.
    fileprivate func has(_ entry: Entry, _ origin: Origin, _ files: [CachedFile]) -> Bool {
        guard asked == entry.asked, kind == entry.kind, origin == self.origin else { return false }
        let sizes = Dictionary(files.map { ($0.path, $0.status.size) }) { first, _ in first }
        return self.files.count == files.count && self.files.allSatisfy { sizes[$0.path] == $0.size }
    }

    /// The revision to keep for an entry that asks for the same source; `nil` where it asks for another.
    fileprivate func pin(for entry: Entry) -> Origin? {
        guard let source = entry.source, asked.source?.hasSameBytes(as: source.text) == true else {
            return nil
        }
        return origin
    }
}

/// One entry as it is in a cache: its files, chosen by the entry's patterns, and what is known of them.
package struct FoundEntry: Sendable {
    /// What the manifest asks for.
    let entry: Entry
    /// The revision that was found.
    let origin: Origin
    /// The files that the entry's patterns choose, sorted by the bytes of their paths.
    let files: [CachedFile]
    /// What the files state of themselves.
    let facts: ModelFacts
    /// What was found when its files were looked through.
    let survey: FileSurvey
    /// The files that were read as a whole, which are proved by what was read.
    let contents: [RelativePath: FileContent]
    /// Where the tensors of its files are, as far as somebody asked.
    let tensorFiles: [RelativePath: TensorFile.Reading]
    /// The licence that the manifest, else a file of the model, states; `nil` if nothing does.
    let license: LockedLicense?
    /// Problems, allowed ones as notes.
    let findings: [Diagnostic]
    /// How an earlier lock has it.
    let previous: LockedEntry?

    /// Looks for an entry's files in the caches, and reads what they state of themselves.
    /// - Parameters:
    ///   - previous: how an earlier lock has it.
    ///   - isFetched: whether everything that it asks for was looked for where there is internet, and is there.
    /// - Throws: if there is no such model.
    static func find(
        _ entry: Entry, pinned: Origin?, manifest: Manifest, caches: Caches, _ contents: ModelFileReader,
        previous: LockedEntry?, isFetched: Bool
    ) throws(Diagnostics) -> FoundEntry {
        try FoundEntry(
            entry, pinned: pinned, manifest: manifest, caches: caches, contents, previous, isFetched)
    }

    private init(
        _ entry: Entry, pinned: Origin?, manifest: Manifest, caches: Caches, _ contents: ModelFileReader,
        _ previous: LockedEntry?, _ isFetched: Bool
    ) throws(Diagnostics) {
        guard let source = entry.source else {
            throw Diagnostics(
                Diagnostic(code: .noSource, "\(entry.name): it has no source", verdict: .undecided))
        }
        let snapshot = try caches.snapshot(
            for: source, pinned: pinned, manifestDirectory: Path.parent(manifest.path))
        let filter = entry.filter
        let files = snapshot.files.filter { filter.accepts($0.path) }
        // Wheels and other files are not looked into for what a model would be.
        let isModel = entry.kind == .model || entry.kind == .dataset
        var scope: FileSurvey.Scope = isModel ? [.model] : []
        // A wheel is a program as a whole.
        if entry.kind != .wheels { scope.insert(.programs) }
        if manifest.bundle.deduplication == .tensor { scope.insert(.tensors) }
        survey = FileSurvey.read(
            files, among: snapshot.files.map(\.path), scope, entry: entry.name, contents)
        var facts = ModelFacts.read(
            isModel ? files : [], of: snapshot.revision, entry: entry.name, survey: survey, contents)
        // Files that are no model are under the licence of the repository that they come from all the same.
        let unread = snapshot.files.filter { !isModel || !filter.accepts($0.path) }
        let unstated =
            isModel || entry.kind == .files && snapshot.origin != .path
            ? facts.addStatements(in: unread, entry: entry.name, contents) : []
        self.contents = contents.kept
        tensorFiles = contents.tensorFiles
        var findings = snapshot.problems(taking: filter.accepts) + facts.problems + unstated
        findings += survey.problems
        if isFetched || entry.asksForNothingBesides(files)
            || previous?.has(entry, snapshot.origin, files) == true
        {
            findings.removeAll { $0.code == .downloadPartial }
        }
        if entry.isPacked { findings += CredentialFact.findings(survey.credentials, entry: entry.name) }
        findings += AbsentFiles.findings(
            snapshot, of: entry.name, accepting: filter.accepts, facts, isModel: entry.kind == .model)
        if files.isEmpty {
            findings.append(
                Diagnostic(
                    code: .noFiles, "\(entry.name): no file is left to pack",
                    notes: [
                        "the snapshot has \(Counted.text(snapshot.files.count, "file")), in \(snapshot.directory)"
                    ],
                    fix: "look at the entry's include and exclude"))
        }
        if entry.kind == .model {
            findings += Completeness.findings(
                entry: entry.name, needs: facts.needs, paths: Set(files.map(\.path)), shards: facts.shards,
                requirements: facts.requirements, lacks: files.isEmpty ? [] : facts.lacks,
                download: snapshot.origin.downloadCommand)
        }
        if let stated = entry.license {
            license = LockedLicense(id: stated, from: .manifest)
            if let card = facts.license, LicenseName(card) != LicenseName(stated) {
                findings.append(
                    Diagnostic(
                        code: .licenseDiffers,
                        "\(entry.name): the manifest states the licence is \(stated), the model card states \(card)",
                        fix: "delete license from the entry, or make sure that it is right"))
            }
        } else {
            license =
                facts.license.map { LockedLicense(id: $0, from: .modelCard) }
                ?? facts.kaggleLicense.map { LockedLicense(id: $0, from: .kaggleMetadata) }
        }
        self.entry = entry
        self.previous = previous
        self.origin = snapshot.origin
        self.files = files
        self.facts = facts
        self.findings = findings.map { $0.located(at: entry.location).allowed(by: entry) }
    }

    /// What the lock records besides the files, sorted by name.
    var lockFacts: [JSON.Member] {
        let read = entry.kind == .model ? facts.lockFields() : facts.lockFieldsWithoutNeeds()
        return
            (read
            + [
                PickleFact.lockMember(survey.pickles), ProgramFact.lockMember(survey.programs),
                CredentialFact.lockMember(survey.credentials),
            ].compactMap(\.self)).sortedByKey
    }
}
