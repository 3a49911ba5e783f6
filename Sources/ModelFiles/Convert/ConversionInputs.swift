package import Formats
package import Manifests
import ModelFacts

/// What a conversion makes of a locked entry, as far as the lock states it.
package struct ConversionInputs: Sendable {
    /// How the files are made.
    package let recipe: any ConversionRecipe
    /// Which of the entry's files are read, and which are carried over.
    package let selection: ConversionSelection
    /// What the lock records of it.
    package let conversion: LockedConversion
    /// The files that become files of the new entry as they are.
    package let carried: [LockedFile]
    /// The entries whose adapters are merged.
    package let adapters: [LockedEntry]
    private let sourceLicense: LockedLicense?

    /// - Throws: where nothing can be made of such files.
    package init(
        of source: LockedEntry, _ request: ConversionRequest, for name: String,
        merging adapters: [LockedEntry] = [], imatrix: ImatrixInput? = nil, share: FitShare? = nil,
        calibration: CalibrationInput? = nil
    ) throws {
        let recipe = request.recipe(
            for: name, of: source, imatrix: imatrix, share: share, calibration: calibration)
        self.recipe = recipe
        let selection = try recipe.selection(of: source.files.map(\.path), for: name)
        func files(_ paths: [RelativePath]) -> [LockedFile] {
            let wanted = Set(paths)
            return source.files.filter { wanted.contains($0.path) }
        }
        self.selection = selection
        self.adapters = adapters
        conversion = try LockedConversion(
            recipe, of: files(selection.inputs), adapters: adapters.map(AdapterInputs.files))
        carried = files(selection.carried)
        sourceLicense = LockedLicense.together(source.license, adapters.compactMap(\.license))
    }

    /// The files that the conversion reads: those of the entry, and of each adapter those that are merged.
    /// - Parameter source: the entry that it is made from.
    package func reads(of source: LockedEntry) -> [(entry: LockedEntry, paths: [RelativePath])] {
        [(source, selection.inputs)] + adapters.map { ($0, AdapterInputs.files(of: $0).map(\.path)) }
    }

    /// Whether a locked entry is what would be made now: by the same conversion, with the same files beside.
    package func match(_ entry: LockedEntry) -> Bool {
        guard case .conversion(conversion) = entry.origin else { return false }
        let beside = entry.files.filter { $0.proof != .conversion }
        return beside.count == carried.count
            && zip(beside, carried).allSatisfy { one, other in
                one.path == other.path && one.sha256 == other.sha256
                    && one.proof == other.proof
            }
    }

    /// What is missing for the new entry to be whole: what is left out stands in for nothing.
    package func incomplete(_ source: LockedEntry, _ entry: Entry) -> [Diagnostic] {
        let taken = Set(selection.inputs + selection.carried)
        return Completeness.findings(
            entry: entry.name, needs: [], paths: taken,
            shards: source.files.compactMap { file in
                taken.contains(file.path) ? file.shards.map { (file.path, $0) } : nil
            }, download: source.origin.downloadCommand
        ).map { $0.allowed(by: entry) }
    }

    /// The licence: the manifest's, or those of the files that it is made from.
    package func license(_ stated: String?) -> LockedLicense? {
        stated.map { LockedLicense(id: $0, from: .manifest) } ?? sourceLicense
    }
}
