import Conversion
import Storage
import Tensors

/// Makes one GGUF file of a Hugging Face model.
struct GGUFRecipe: ConversionRecipe {
    let request: ConversionRequest.GGUF
    /// The file's name.
    let file: String
    /// What the model's directory is taken to be called, which does not depend on where it lies.
    let modelName: String
    let imatrix: ImatrixInput?

    var version: Int { 1 }
    var stage: String { "converting" }

    var parameters: [JSON.Member] {
        var members = [
            JSON.Member("gguf", .string(request.product.name)), JSON.Member("file", .string(file)),
            JSON.Member("model-name", .string(modelName)),
        ]
        if let via = request.product.via { members.append(JSON.Member("via", .string(via.rawValue))) }
        if let name = request.preTokenizer { members.append(JSON.Member("pre-tokenizer", .string(name))) }
        if let imatrix {
            members.append(JSON.Member("imatrix", .string(imatrix.name)))
            members.append(JSON.Member(ImatrixInput.digestKey, .string(imatrix.sha256.hex)))
        }
        return members.sortedByKey
    }

    /// The weights and the small files are read, and nothing is carried along: a GGUF file has all of it inside.
    func selection(of paths: [String], for name: String) throws(Diagnostics) -> ConversionSelection {
        var selection = ConversionSelection()
        selection.inputs = ModelInputs.paths(among: paths)
        let taken = Set(selection.inputs.map { Array($0.utf8) })
        selection.left = paths.filter { !taken.contains(Array($0.utf8)) }
        guard paths.contains("config.json") else {
            throw Diagnostics(
                Diagnostic(
                    code: "gguf-no-config", "\(name): there is no config.json to convert by",
                    fix: "see that the source's include takes it, or name a Hugging Face model"))
        }
        guard ModelInputs.hasWeights(paths) else {
            throw Diagnostics(
                Diagnostic(
                    code: "gguf-no-weights", "\(name): there are no weights that can be converted",
                    notes: selection.left.prefix(5).map { "\($0) is not read" },
                    fix: "take a revision with safetensors, or see that the source's include takes them"))
        }
        return selection
    }

    func refusal(of facts: ModelFacts, for name: String) -> Diagnostic? { nil }

    func make(
        of inputs: [ConversionInput], in directory: String, for name: String,
        progress: @escaping ProgressHandler
    ) async throws -> [JSON.Member] {
        var wanted = GGUFConversion.Request(request.product)
        wanted.options.preTokenizer = request.preTokenizer
        wanted.imatrix = try imatrix?.open(for: name)
        let conversion = try GGUFConversion(
            inputs, directoryName: modelName, name: name, wanted
        ) { _, _ in Path.join(directory, file) }
        try await conversion.write(progress: progress)
        try imatrix?.check(for: name)
        let type = conversion.conversion.outputType.rawValue
        return [JSON.Member(conversion.quantizer == nil ? "outtype" : "via", .string(type))]
    }
}

/// The importance matrix of an entry.
struct ImatrixInput: Sendable {
    /// The path in the manifest, which the metadata says too.
    let name: String
    /// The file's place; `nil` where it is not looked at.
    let location: String?
    /// The digest that decides what is made.
    let sha256: SHA256Digest

    /// The parameter of a conversion that says the digest.
    static let digestKey = "imatrix-sha256"

    /// The matrix as it lies beside the manifest now.
    init?(_ request: ConversionRequest, in directory: String, for entry: String) throws(Diagnostics) {
        guard let name = request.imatrix else { return nil }
        let location = Path.join(directory, name)
        self.name = name
        self.location = location
        sha256 = try Self.digest(location, entry)
    }

    /// The matrix that a lock has.
    init?(_ request: ConversionRequest, as conversion: LockedConversion, in directory: String? = nil) {
        guard let name = request.imatrix,
            let digest = JSON.object(conversion.parameters)[Self.digestKey]?.string,
            let sha256 = SHA256Digest(hex: digest)
        else { return nil }
        self.name = name
        location = directory.map { Path.join($0, name) }
        self.sha256 = sha256
    }

    func open(for entry: String) throws -> ImatrixFile {
        try check(for: entry)
        return try ImatrixFile(path: location ?? name, name: name)
    }

    /// Makes sure that the file has the digest.
    func check(for entry: String) throws(Diagnostics) {
        let found = try Self.digest(location ?? name, entry)
        guard found != sha256 else { return }
        throw Diagnostics(
            Diagnostic(
                code: "changed",
                "\(entry): the importance matrix \(name) has other content than the lock says",
                notes: ["expected sha256 \(sha256)", "found    sha256 \(found)"],
                fix: "take the file back, or run knapsack lock --update \(entry)"))
    }

    private static func digest(_ location: String, _ entry: String) throws(Diagnostics) -> SHA256Digest {
        do {
            var buffer = Buffer(count: FileReader.blockSize)
            let path = try Directory.realPath(location)
            return try FileReader.read(path, gitBlob: false, buffer: &buffer) { _ in }.digests.sha256
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: "imatrix-unreadable", "\(entry): the importance matrix cannot be read: \(error)",
                    fix: "see that imatrix is right; it is seen from the manifest", verdict: .undecided))
        }
    }
}

extension LockedEntry {
    /// The name of the model, as its source has it: the repository without its owner, or the directory; `nil` where
    /// that is nothing to call it by.
    var modelName: String? {
        if let name = origin.modelName { return name }
        guard case .path(let path)? = asked.source.flatMap({ try? Source.parse($0) }) else { return nil }
        let name = Path.name(Path.normalized("/" + path))
        return name.isEmpty || name == "/" ? nil : name
    }
}
