package import Caches
package import Formats
package import Manifests
import ModelFacts
import Storage
package import Tensors

/// The conversion of one model outside of a manifest: a new directory with everything that the old one has.
package struct ModelConversion: Sendable {
    /// What was written.
    package struct Receipt: Sendable {
        /// One file of the new directory.
        package struct File: Equatable, Sendable {
            /// The path below the directory.
            package let path: RelativePath
            /// The size in bytes.
            package let size: Int
            /// Whether it was converted; otherwise it was copied.
            package let isConverted: Bool
        }

        /// The files, sorted by the bytes of their paths.
        package let files: [File]
        /// The paths of files of the old directory that have no place in the new one, sorted.
        package let left: [RelativePath]

        /// What is worth knowing of the conversion.
        package var remarks: [Diagnostic] = []

        /// The size of all files in bytes.
        package var size: Int { files.reduce(0) { $0 &+ $1.size } }
    }

    private let snapshot: Snapshot
    private let recipe: any ConversionRecipe
    private let adapterFiles: [ConversionInput]
    private let selection: ConversionSelection
    private let name: String
    private let target: String
    /// What is worth knowing of the model, but hinders nothing.
    package let findings: [Diagnostic]

    /// Looks at a model and at where it is to go.
    ///
    /// - Parameters:
    ///   - name: the model as the user named it, with which messages begin.
    ///   - type: what floating-point weights become; `nil` where they stay.
    ///   - pruning: what becomes zero before that; its matrix is named from the current directory.
    ///   - adapters: LoRA adapters that are merged into the weights first, one after the other, by their names.
    ///   - target: the directory to make; it may be there if it is empty.
    /// - Throws: everything that hinders, before anything is written.
    package init(
        _ snapshot: Snapshot, name: String, castTo type: CastType?, pruning: PruneRequest? = nil,
        merging adapters: [(name: String, snapshot: Snapshot)] = [], target: String
    ) throws {
        self.snapshot = snapshot
        self.name = name
        self.target = target
        let imatrix = try pruning?.imatrix.map { try ImatrixInput(name: $0, for: name) }
        recipe = CastRecipe(type: type, merged: adapters.map(\.name), pruned: pruning, imatrix: imatrix)
        adapterFiles = try adapters.enumerated().flatMap { index, adapter in
            try AdapterInputs.files(of: adapter.snapshot).map { file in
                var file = file
                file.adapter = index
                return file
            }
        }
        // What is refused is chosen, too, so that the reason is told.
        selection = try recipe.selection(of: snapshot.allPaths, for: name)
        let facts = ModelFacts.read(snapshot.files, entry: name)
        // What is left out stands in for nothing.
        let taken = Set(selection.inputs + selection.carried)
        let problems =
            snapshot.problems + facts.problems
            + Completeness.findings(
                entry: name, needs: [], paths: taken,
                shards: facts.shards.filter { taken.contains($0.index) },
                download: snapshot.origin.downloadCommand)
            + (recipe.refusal(of: facts, for: name).map { [$0] } ?? [])
        guard !problems.contains(where: { $0.severity == .error }) else { throw Diagnostics(problems) }
        findings = problems
        if let status = try FileStatus.existing(target) {
            guard status.kind == .directory, try Directory.names(in: target).isEmpty else {
                throw Diagnostics(
                    Diagnostic(
                        code: .outputExists, "\(target) exists, and is not replaced",
                        fix: "remove it, or choose another directory", verdict: .undecided))
            }
        }
        if Path.isInside(target, snapshot.directory) {
            throw Diagnostics(
                Diagnostic(
                    code: .outputIsInput, "\(target) is in the model that is read",
                    fix: "choose a directory outside of it", verdict: .undecided))
        }
    }

    /// Converts the model; the directory gets its name when all of it is whole and on the disk. Interrupted or after
    /// an error nothing is left.
    package func write(progress: @escaping ProgressHandler) async throws -> Receipt {
        do {
            let partial = try PartialDirectory(target: target)
            let result = try await recipe.make(
                of: inputs(selection.inputs) + adapterFiles, in: partial.path, for: name, remembering: nil,
                progress: progress)
            try await copy(inputs(selection.carried), to: partial.path, progress)
            let converted = Set(selection.inputs)
            let files = try (selection.inputs + selection.carried)
                .sorted()
                .map { path in
                    Receipt.File(
                        path: path, size: try FileStatus.status(of: path.joined(to: partial.path)).size,
                        isConverted: converted.contains(path))
                }
            try partial.publish()
            return Receipt(files: files, left: selection.left, remarks: result.remarks)
        } catch {
            throw ConversionProblem.explained(error, writing: target)
        }
    }

    private func inputs(_ paths: [RelativePath]) -> [ConversionInput] {
        let wanted = Set(paths)
        return snapshot.files.filter { wanted.contains($0.path) }.map {
            ConversionInput(path: $0.path, location: $0.location, status: $0.status)
        }
    }

    private func copy(
        _ files: [ConversionInput], to directory: String, _ progress: @escaping ProgressHandler
    ) async throws {
        progress(
            .began(stage: "copying", files: files.count, bytes: files.reduce(0) { $0 &+ $1.size }))
        defer { progress(.ended) }
        for file in files { try Directory.make(Path.parent(file.path.joined(to: directory))) }
        _ = try await Parallel.map(files, largestFirst: \.size) { file, buffer in
            let output = try FileHandle.creating(file.path.joined(to: directory))
            _ = try FileReader.read(try file.open(), gitBlob: false, buffer: &buffer) { bytes in
                try output.write(bytes)
                progress(.advanced(bytes: bytes.count))
            }
            progress(.finished(file: file.path.text))
        }
    }
}

extension ConversionInput {
    fileprivate var size: Int { status?.size ?? 0 }
}
