package import Caches
package import Conversion
package import Formats
package import Manifests
import ModelFacts
import Storage

/// The files of a LoRA adapter: the configuration and card as a whole, the matrices when they are wanted.
package struct AdapterInputs {
    /// What the adapter is.
    package let adapter: LoraAdapter
    /// The matrices, in the order in which they are in the file.
    package let checkpoint: StoredCheckpoint

    private static let weights: RelativePath = "adapter_model.safetensors"
    private static let small: Set<RelativePath> = ["adapter_config.json", "README.md", "config.json"]
    private static let sizeLimit = 1 << 26

    /// Which of an adapter's files are read.
    package static func paths(among paths: [RelativePath]) -> [RelativePath] {
        paths.filter { small.contains($0) || $0 == weights }
    }

    /// The files of a locked adapter that are read.
    package static func files(of entry: LockedEntry) -> [LockedFile] {
        entry.files.filter { !paths(among: [$0.path]).isEmpty }
    }

    /// An adapter's files.
    /// - Throws: ``Diagnostics`` where one of them is not what it should be.
    package static func files(of snapshot: Snapshot) throws(Diagnostics) -> [ConversionInput] {
        func isWanted(_ path: RelativePath) -> Bool { !paths(among: [path]).isEmpty }
        let problems = snapshot.problems(takingFiles: isWanted).filter { $0.severity == .error }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        return snapshot.files.filter { isWanted($0.path) }.map {
            ConversionInput(path: $0.path, location: $0.location, status: $0.status)
        }
    }

    /// Reads an adapter's files.
    /// - Parameters:
    ///   - directoryName: what the adapter's directory is taken to be called.
    ///   - name: the adapter, with which messages begin.
    /// - Throws: ``Diagnostics`` where a file is missing or broken.
    package static func read(_ inputs: [ConversionInput], directoryName: String, name: String) throws
        -> AdapterInputs
    {
        try AdapterInputs(inputs, directoryName: directoryName, name: name)
    }

    private init(_ inputs: [ConversionInput], directoryName: String, name: String) throws {
        guard let input = inputs.first(where: { $0.path == Self.weights }) else {
            throw Diagnostics(
                Diagnostic(
                    code: .adapterMissing, "\(name): there is no \(Self.weights)",
                    fix: "name the directory that PEFT's save_pretrained wrote"))
        }
        var files = ModelDocuments()
        for input in inputs where Self.small.contains(input.path) {
            files[input.path] = try input.bytes(limit: Self.sizeLimit)
        }
        checkpoint = try SafetensorsCheckpoint.open(alone: input, for: name)
        let card = files["README.md"].flatMap { try? ModelCard.frontMatter(of: $0) }
        do throws(ConversionError) {
            adapter = try LoraAdapter(
                directoryName: directoryName, files: files, card: card, tensors: checkpoint.tensors)
        } catch {
            throw Diagnostics(error.diagnostic(for: name))
        }
    }
}
