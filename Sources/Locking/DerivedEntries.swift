import Caches
import Formats
import Manifests
import ModelFacts
import ModelFiles
import Storage

/// Entries that are made from others, while a lock is made.
struct DerivedEntries {
    /// What makes the files, or finds them.
    private(set) var converter: Converter
    /// Whether nothing is made any more because an entry failed: of the others it is only looked for what hinders.
    private var onlyPlans = false
    /// The entries that they are made from.
    let sources: [LockedEntry]
    /// The entries that were made or kept, in the order in which they were added.
    private(set) var entries: [LockedEntry] = []
    /// What became of each of them, in the same order.
    private(set) var outcomes: [ConversionOutcome] = []
    /// What is worth knowing of the new ones, with the places of the manifest's entries.
    private(set) var findings: [Diagnostic] = []
    /// The names of those that would have to be made, and were not, because nothing is to be written.
    private(set) var unmade: [String] = []
    /// The bytes that those have or may have at most, where they are known.
    private(set) var unmadeSizes: [ExactName: Int] = [:]
    /// Where the made files are stored.
    private(set) var locations: [SHA256Digest: String] = [:]
    /// What each fitted entry has of the budget that it shares.
    var shares: [ExactName: FitShare] = [:]
    /// What was measured for each fitted entry that asks for it.
    var calibrations: [ExactName: CalibrationInput] = [:]

    /// Takes the sources that are locked already; nothing is made yet.
    init(converter: Converter, sources: [LockedEntry]) {
        self.converter = converter
        self.sources = sources
    }

    /// Makes no more entries, and finds out of those that are added what hinders.
    mutating func stopMaking() {
        converter.makes = false
        onlyPlans = true
    }

    /// Makes one entry, or takes it from an earlier lock where nothing about it has changed.
    mutating func add(_ entry: Entry, _ request: ConversionRequest, previous: LockedEntry?) async throws {
        guard let source = sources.first(where: { $0.name == request.from }) else { return }
        let adapters = request.merged.compactMap { name in sources.first { $0.name == name } }
        guard adapters.count == request.merged.count else { return }
        let inputs = try ConversionInputs(
            of: source, request, for: entry.name, merging: adapters,
            imatrix: try ImatrixInput(request, in: converter.directory, for: entry.name),
            share: shares[ExactName(entry.name)], calibration: calibrations[ExactName(entry.name)])
        if request.calibration != nil, calibrations[ExactName(entry.name)] == nil {
            return unmade.append(entry.name)
        }
        if request.sharedWeight != nil, shares[ExactName(entry.name)] == nil {
            return unmade.append(entry.name)
        }
        if let previous, inputs.match(previous), previous.license == inputs.license(entry.license) {
            entries.append(previous)
            findings += ConversionRemark.findings(previous).map {
                $0.located(at: entry.location).allowed(by: entry)
            }
            outcomes.append(ConversionOutcome(previous, request, inputs.conversion, .locked))
            return
        }
        let missing = inputs.incomplete(source, entry).filter { $0.severity == .error }
        guard missing.isEmpty else { throw Diagnostics(missing) }
        let made: Converter.Made
        do {
            made = try await converter.files(of: entry.name, inputs.recipe, inputs.conversion) {
                try await converter.inputs(inputs, of: source)
            }
        } catch is Converter.Unmade {
            do {
                unmadeSizes[ExactName(entry.name)] = try inputs.recipe.plannedSize(
                    of: await converter.inputs(inputs, of: source), for: entry.name)
            } catch {
                // Otherwise it is for making it to say why it cannot be made.
                if onlyPlans { throw error }
            }
            return unmade.append(entry.name)
        }
        findings += (made.findings + made.remarks).map { $0.located(at: entry.location).allowed(by: entry) }
        let locked = try self.entry(entry, source, inputs, made)
        entries.append(locked)
        outcomes.append(
            ConversionOutcome(locked, request, inputs.conversion, made.isNew ? .made : .cached))
    }

    private mutating func entry(
        _ entry: Entry, _ source: LockedEntry, _ inputs: ConversionInputs, _ made: Converter.Made
    ) throws -> LockedEntry {
        let present = inputs.carried.isEmpty ? [:] : try converter.cachedFiles(of: source)
        var models = made.files.map { file in
            ModelFile(
                path: file.cached.path, location: file.cached.location, size: file.cached.status.size,
                status: file.cached.status)
        }
        for file in inputs.carried {
            guard let cached = present[file.path] else { continue }
            models.append(
                ModelFile(
                    path: file.path, location: cached.location, size: cached.status.size,
                    status: cached.status))
        }
        let facts = ModelFacts.read(models, entry: entry.name)
        var files = inputs.carried.map { $0.placed(.natural) }
        var tensors: [RelativePath: [LockedTensor]] = [:]
        for tensor in source.tensors { tensors[tensor.file, default: []].append(tensor) }
        for file in made.files {
            let digest = file.proved.digests.sha256
            files.append(
                LockedFile(
                    path: file.cached.path, size: file.proved.size, sha256: digest, proof: .conversion,
                    placement: .natural, shards: facts.shards(ofIndex: file.cached.path)))
            tensors[file.cached.path] = file.proved.tensors
            locations[digest] = file.cached.location
        }
        files.sort { $0.path < $1.path }
        return LockedEntry(
            name: entry.name, kind: entry.kind, asked: entry.asked, origin: .conversion(inputs.conversion),
            license: inputs.license(entry.license),
            facts: (DerivedEntries.facts(facts, source) + DerivedEntries.dangers(inputs.carried, source)
                + made.results + [ConversionRemark.lockMember(made.remarks)].compactMap(\.self)).sortedByKey,
            files: files,
            tensors: files.flatMap { tensors[$0.path] ?? [] })
    }

    /// The pickles, programs and credentials among the files that are carried along.
    private static func dangers(_ carried: [LockedFile], _ source: LockedEntry) -> [JSON.Member] {
        let paths = Set(carried.map(\.path))
        let kept = source.pickles.filter { paths.contains($0.path) }
        let programs = source.programs.filter { paths.contains($0.path) }
        let credentials = source.credentials.filter { paths.contains($0.path) }
        return [
            PickleFact.lockMember(kept), ProgramFact.lockMember(programs),
            CredentialFact.lockMember(credentials),
        ].compactMap(\.self)
    }

    /// What is known of the new files; what they do not tell of their origin the old ones do.
    private static func facts(_ facts: ModelFacts, _ source: LockedEntry) -> [JSON.Member] {
        var fields = facts.lockFields()
        for name in ["base_models", "library", "pipeline_tag"]
        where !fields.contains(where: { $0.key.hasSameBytes(as: name) }) {
            if let value = source.fact(name) { fields.append(JSON.Member(name, value)) }
        }
        return fields.sortedByKey
    }
}
