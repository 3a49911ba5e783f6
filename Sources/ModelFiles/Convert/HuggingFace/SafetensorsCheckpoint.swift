import Conversion
import Formats
import Manifests
import Storage
import Tensors

/// Opens the safetensors files of a model, in the order in which their tensors are converted.
enum SafetensorsCheckpoint {
    /// The file that names the shards, as transformers writes it.
    static let indexName: RelativePath = "model.safetensors.index.json"

    /// The files of a model that hold its weights, or say which do: those that convert_hf_to_gguf.py looks at, and
    /// if there is none of those names all but what other programs or adapters take.
    static func files(among paths: [RelativePath]) -> [RelativePath] {
        let all = paths.filter { $0.parent == nil && $0.hasSuffix(".safetensors") }
        let own = all.filter { $0.hasPrefix("model") }
        let others = all.filter { path in
            !["consolidated", "adapter_model"].contains { path.hasPrefix($0) }
        }
        return (own.isEmpty || paths.contains(indexName) ? others : own)
            + paths.filter { $0 == indexName }
    }

    /// Opens the files: those that the index names, else those that begin with "model", sorted by name; the tensors
    /// of each sorted by name (`index_tensors` of the converter).
    /// - Parameters:
    ///   - inputs: the files of a model, of which others than safetensors are left alone.
    ///   - name: the model, with which messages begin.
    /// - Throws: ``Diagnostics`` where a file is missing or broken, or has not the tensors that the index states.
    static func open(_ inputs: [ConversionInput], for name: String) throws -> StoredCheckpoint? {
        var parts = files(among: inputs.map(\.path)).filter { $0 != indexName }
        var expected: [ExactName: RelativePath]?
        if let index = inputs.first(where: { $0.path == indexName }) {
            let map = try weightMap(index, name)
            expected = map
            parts = Set(map.values).sorted()
        } else {
            let own = parts.filter { $0.hasPrefix("model") }
            if !own.isEmpty { parts = own }
            parts.sort()
        }
        guard !parts.isEmpty else { return nil }
        let missing = parts.filter { part in !inputs.contains { $0.path == part } }
        guard missing.isEmpty else {
            throw Diagnostics(
                Diagnostic(
                    code: .shardMissing,
                    "\(name): \(missing[0]), which \(indexName) names, is not there",
                    notes: missing.dropFirst().prefix(5).map { "\($0) is not there either" },
                    fix: "download the missing files"))
        }
        if parts.count > 64 { OpenFiles.raiseLimit() }
        var files: [OpenInput] = []
        var places: [StoredTensor] = []
        for part in parts {
            guard let input = inputs.first(where: { $0.path == part }) else { continue }
            let (file, header) = try open(input, name)
            let sorted = header.tensors.sorted { $0.name.precedesByBytes($1.name) }
            for tensor in sorted {
                let start = header.dataStart
                places.append(
                    StoredTensor(
                        tensor: CheckpointTensor(name: tensor.name, shape: tensor.shape, dtype: tensor.dtype),
                        file: files.count,
                        bytes: start + tensor.bytes.lowerBound..<start + tensor.bytes.upperBound))
            }
            files.append(file)
        }
        try check(places.map { ($0.tensor.name, $0.file) }, files, expected, name, index: indexName)
        return StoredCheckpoint(places, in: files)
    }

    /// Opens one file, with its tensors in the order in which they are stored.
    /// - Throws: ``Diagnostics`` where it is broken.
    static func open(alone input: ConversionInput, for name: String) throws -> StoredCheckpoint {
        let (file, header) = try open(input, name)
        let start = header.dataStart
        let places = header.tensors.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }.map { tensor in
            StoredTensor(
                tensor: CheckpointTensor(name: tensor.name, shape: tensor.shape, dtype: tensor.dtype),
                file: 0,
                bytes: start + tensor.bytes.lowerBound..<start + tensor.bytes.upperBound)
        }
        return StoredCheckpoint(places, in: [file])
    }

    /// Compares what the files have with what the index states.
    static func check(
        _ tensors: [(name: String, file: Int)], _ files: [OpenInput], _ expected: [ExactName: RelativePath]?,
        _ name: String, index indexName: RelativePath
    ) throws {
        var found: [ExactName: Int] = [:]
        for tensor in tensors {
            if let other = found.updateValue(tensor.file, forKey: ExactName(tensor.name)) {
                throw Diagnostics(
                    Diagnostic(
                        code: .tensorTwice,
                        "\(name): \(files[other].path) and \(files[tensor.file].path) both have a tensor "
                            + "\(JSON.string(tensor.name).compactText)",
                        fix: "check that all files are of one revision"))
            }
        }
        guard let expected else { return }
        let missing = expected.keys.filter { found[$0] == nil }.sorted()
        let extra = found.keys.filter { expected[$0] == nil }.sorted()
        guard let first = missing.first ?? extra.first else { return }
        let quoted = JSON.string(first.text).compactText
        throw Diagnostics(
            Diagnostic(
                code: missing.isEmpty ? .tensorUnlisted : .tensorMissing,
                missing.isEmpty
                    ? "\(name): \(indexName) does not name the tensor \(quoted) that the files have"
                    : "\(name): the tensor \(quoted), which \(indexName) names, is in none of the files",
                notes: [
                    "missing: \(missing.count)", "not named: \(extra.count)",
                ], fix: "download all files again, from one revision"))
    }

    /// What the index states: for each tensor, its file.
    static func weightMap(_ input: ConversionInput, _ name: String) throws -> [ExactName: RelativePath] {
        let bytes = try input.bytes(limit: 1 << 28)
        do throws(FormatError) {
            let json = try JSON.parse(bytes.span, nonFinite: true)
            guard let members = json["weight_map"]?.members else {
                throw FormatError("it has no weight_map", at: 0)
            }
            var map: [ExactName: RelativePath] = [:]
            for member in members {
                guard let file = member.value.string.flatMap({ RelativePath($0) }), file.parent == nil
                else { throw FormatError("it names a file that is not beside it", at: 0) }
                map[ExactName(member.key)] = file
            }
            return map
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .jsonBroken, "\(name): \(input.path) is broken: \(error)",
                    fix: "delete the file and download it again"))
        }
    }

    private static func open(
        _ input: ConversionInput, _ name: String
    ) throws -> (OpenInput, SafetensorsHeader) {
        let file = try OpenInput(input)
        let size = file.size
        do {
            let prefix = try file.bytes(0..<min(size, SafetensorsHeader.prefixLength))
            let length = try SafetensorsHeader.dataStart(prefix.span, fileSize: size)
            let header = try file.bytes(0..<length)
            return (file, try SafetensorsHeader.parse(header.span, fileSize: size))
        } catch  where error is FormatError || error is FileError {
            throw Diagnostics(
                Diagnostic(
                    code: .safetensorsBroken, "\(name): \(input.path) is broken: \(error)",
                    notes: ["at \(input.location)"], fix: "delete the file and download it again"))
        }
    }
}
