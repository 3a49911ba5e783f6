import Caches
import Conversion
import Formats
import Manifests
import Storage
import Tensors

extension ModelFacts {
    /// Reads what the files of a snapshot tell: the model card, configurations, indexes, the headers of
    /// safetensors files and the first 4 KiB of other weights. Large files cost no more than small ones.
    ///
    /// A file that is not what it should be is one of the ``problems``, not an error.
    /// - Parameters:
    ///   - files: the files that were chosen, in any order.
    ///   - revision: what else is known of the revision that the files are chosen from.
    ///   - entry: the entry's name, with which messages begin.
    ///   - survey: what was found in the files when they were looked through.
    ///   - contents: what they were looked through with.
    package static func read(
        _ files: [ModelFile], of revision: ModelRevision = ModelRevision(), entry: String? = nil,
        survey: FileSurvey? = nil, _ contents: ModelFileReader = ModelFileReader()
    ) -> ModelFacts {
        var reader = ModelFactsReader(files, revision, contents, entry: entry)
        var facts = reader.facts()
        facts.safety = survey?.safety ?? SafetyFacts.read(files, contents)
        facts.kaggleLicense = KaggleLicense.stated(in: files, contents)
        return facts
    }
}

/// Reads one snapshot's files, each at most once, and collects what is wrong with them.
private struct ModelFactsReader {
    private let files: [ModelFile]
    private let byPath: [RelativePath: ModelFile]
    private let revision: ModelRevision
    private let prefix: String
    private let contents: ModelFileReader
    private var problems: [Diagnostic] = []

    init(_ files: [ModelFile], _ revision: ModelRevision, _ contents: ModelFileReader, entry: String?) {
        self.revision = revision
        self.contents = contents
        self.files = files.sorted { $0.path < $1.path }
        var byPath: [RelativePath: ModelFile] = [:]
        for file in self.files { byPath[file.path] = file }
        self.byPath = byPath
        prefix = entry.map { "\($0): " } ?? ""
    }

    mutating func facts() -> ModelFacts {
        let card = readCard()
        let parts = ModelPart.all(
            pipeline: json("model_index.json"), modules: json("modules.json"))
        var configs: [ExactName: ConfigFacts] = [:]
        var top: JSON?
        for part in parts {
            let path = part.path("config.json")
            if let json = path.flatMap({ json($0) ?? revision.json($0) }) {
                configs[ExactName(part.directory)] = ConfigFacts(json)
                if path == "config.json" { top = json }
            }
        }
        let config = parts.lazy.compactMap { configs[ExactName($0.directory)] }.first
        let shards = readIndexes()

        let isPipeline = byPath["model_index.json"] != nil || byPath["modules.json"] != nil
        let chosen = Set(WeightSummary.chosen(files, isPipeline: isPipeline).map(\.path))
        let stated = config?.quantization ?? readQuantization()
        var summary = WeightSummary(packedBits: stated?.bits)
        var names: [(name: String, dtype: DType)] = []
        var formats: Set<ModelFormat> = []
        var isWhole = true
        var hasWeights = false
        var tensors: [CheckpointTensor] = []
        var adapterTensors: [CheckpointTensor] = []
        for file in files {
            guard let format = format(of: file) else { continue }
            formats.insert(format)
            hasWeights = hasWeights || !ModelPath(file.path).isTrainingState
            guard format == .safetensors else { continue }
            guard let header = header(of: file) else {
                isWhole = isWhole && !chosen.contains(file.path)
                continue
            }
            if header.metadata("format") == "mlx" { formats.insert(.mlx) }
            if file.path == "adapter_model.safetensors" {
                adapterTensors = header.tensors.map {
                    CheckpointTensor(name: $0.name, shape: $0.shape, dtype: $0.dtype)
                }
            }
            guard chosen.contains(file.path) else { continue }
            summary.add(header)
            // What a part in a folder has to have, its own configuration states.
            if file.path.parent == nil {
                tensors += header.tensors.map {
                    CheckpointTensor(name: $0.name, shape: $0.shape, dtype: $0.dtype)
                }
            }
            if stated == nil { names += header.tensors.map { ($0.name, $0.dtype) } }
        }
        let gguf = formats.contains(.gguf) && !formats.contains(.safetensors) ? readGGUF() : GGUFWeights()

        var needs: [String] = []
        for part in parts {
            let path = part.path("tokenizer_config.json")
            let tokenizer = path.flatMap { json($0) ?? revision.json($0) }
            needs += part.needs(files, revision, card, configs[ExactName(part.directory)], tokenizer)
        }
        needs += ModelPart.otherNeeds(files, revision, parts)
        var named = RequirementFiles(files, contents, elsewhere: revision.paths.filter { byPath[$0] == nil })
        var facts = ModelFacts(
            card: card, config: config,
            formats: formats.sorted { $0.rawValue.precedesByBytes($1.rawValue) },
            dtypes: summary.dtypes.map(\.rawValue), parameters: isWhole ? summary.parameters : nil,
            weightBytes: summary.sizes + gguf.sizes,
            quantization: stated ?? ModelQuantization(tensors: names) ?? gguf.quantization,
            needs: needs, shards: shards, problems: problems)
        facts.loadClass = LoadClass.stated(
            config: top, sentences: json("config_sentence_transformers.json"),
            hasModules: byPath["modules.json"] != nil)
        facts.requirements = Requirements.all(&named, config: config, needs: needs)
        if !hasWeights, !files.contains(where: { OtherWeights.matches($0, contents) }) {
            facts.lacks = ["weights"]
        } else if formats == [.gguf], GGUFRequirements.lacksModel(files, contents) {
            facts.lacks = ["language-model"]
        }
        facts.adapter = AdapterFacts(
            json("adapter_config.json"), adapterTensors)
        if let top {
            let path: RelativePath = "hf_quant_config.json"
            let quantization = json(path) ?? revision.json(path)
            facts.conversionHindrance = ConversionHindrance.reason(top, quantization: quantization)
            if isWhole, hasAllShards(shards), let raw = json("config.json") {
                facts.missingTensors = MissingTensors.names(raw, quantization: quantization, tensors)
            }
        }
        return facts
    }

    /// Whether every file that an index names is there; what is not is told as a file.
    private func hasAllShards(_ shards: [(index: RelativePath, files: [RelativePath])]) -> Bool {
        shards.allSatisfy { $0.files.allSatisfy { byPath[$0] != nil } }
    }

    /// What the files beside the configuration say, which tools wrote before transformers knew their method.
    private mutating func readQuantization() -> ModelQuantization? {
        for name in ModelQuantization.files {
            if let json = json(name), let found = ModelQuantization(file: name.text, json) { return found }
        }
        return nil
    }

    /// The weights of the largest GGUF model. One that cannot be read counts by its size alone, and what is
    /// wrong with it is told where its tensors are read.
    private func readGGUF() -> GGUFWeights {
        let files = files.filter { ModelPath($0.path).suffix == "gguf" }
        var weights = GGUFWeights()
        for path in GGUFWeights.chosen(files.map { ($0.path, $0.size) }) {
            guard let file = byPath[path], case .gguf(let own, _)? = try? contents.weights(file).content
            else {
                return GGUFWeights()
            }
            weights.add(own)
        }
        return weights
    }

    // MARK: Files

    private mutating func readCard() -> ModelCard? {
        // What follows the YAML may be long, and nothing of it is wanted.
        guard let file = byPath["README.md"], let start = start(of: file, FrontMatter.sizeLimit + 4096) else {
            return nil
        }
        do throws(ModelCard.Problem) {
            return try ModelCard.parse(start)
        } catch {
            problems.append(error.diagnostic(prefix))
            return nil
        }
    }

    /// A small JSON file, or `nil` if there is none, or where it is broken, which is noted.
    private mutating func json(_ path: RelativePath) -> JSON? {
        guard let file = byPath[path], let bytes = whole(file, limit: 1 << 22) else { return nil }
        do throws(FormatError) {
            let json = try JSON.parse(bytes.span, nonFinite: true)
            if json.members != nil || json.array != nil { return json }
            problems.append(broken(.jsonBroken, file, FormatError("expected an object", at: 0)))
        } catch {
            problems.append(broken(.jsonBroken, file, error))
        }
        return nil
    }

    private mutating func readIndexes() -> [(index: RelativePath, files: [RelativePath])] {
        var result: [(index: RelativePath, files: [RelativePath])] = []
        for file in files where ModelPath(file.path).isIndex {
            guard let bytes = whole(file, limit: 1 << 26) else { continue }
            do throws(FormatError) {
                var names: [RelativePath] = []
                for name in try ShardIndex.fileNames(bytes.span) {
                    guard let shard = RelativePath(name) else {
                        let problem = RelativePath.problem(name) ?? "is refused"
                        throw FormatError("the shard name \(JSON.string(name).compactText) \(problem)", at: 0)
                    }
                    names.append(file.path.beside(shard))
                }
                result.append((file.path, names))
            } catch {
                problems.append(broken(.indexBroken, file, error))
            }
        }
        return result
    }

    private mutating func format(of file: ModelFile) -> ModelFormat? {
        guard ModelFormat.isWeightLike(file.path) else {
            return ModelFormat.detect(path: file.path, head: [], hasXML: false)
        }
        guard let head = weights(file)?.start else { return nil }
        if file.size < LFSPointer.sizeLimit, LFSPointer.matches(head.span) {
            problems.append(
                Diagnostic(
                    code: .lfsPointer,
                    "\(prefix)\(file.path) is a Git LFS pointer, not the content that it stands for",
                    notes: ["at \(file.location)"],
                    fix: "fetch the content with git lfs pull, or download the model again"))
            return nil
        }
        let xml =
            file.path.removing(suffix: ".bin").map { byPath[RelativePath(checked: "\($0).xml")] != nil }
            ?? false
        let format = ModelFormat.detect(path: file.path, head: head, hasXML: xml)
        if format == nil, ModelPath(file.path).suffix == "safetensors" {
            // Looked at as what it claims to be, so that the reason is told.
            return .safetensors
        }
        return format
    }

    private mutating func weights(_ file: ModelFile) -> ModelFileReader.Weights? {
        do throws(FileError) {
            return try contents.weights(file)
        } catch {
            problems.append(unreadable(file, "\(error)"))
            return nil
        }
    }

    private mutating func header(of file: ModelFile) -> SafetensorsHeader? {
        switch weights(file)?.content {
        case .safetensors(let header)?: return header
        case .malformed(.safetensors, let error)?: problems.append(broken(.safetensorsBroken, file, error))
        case .unreadable(let error)?: problems.append(unreadable(file, "\(error)"))
        case .malformed?, .gguf?, .other?: return mistakenHeader(of: file)
        case nil: break
        }
        return nil
    }

    /// The header of a file that is called safetensors and is another format's, so that the reason is told.
    private mutating func mistakenHeader(of file: ModelFile) -> SafetensorsHeader? {
        do {
            let size = try contents.size(file)
            let prefix = try contents.bytes(0..<SafetensorsHeader.prefixLength, of: file)
            let length = try SafetensorsHeader.dataStart(prefix.span, fileSize: size)
            let bytes = try contents.bytes(0..<length, of: file)
            return try SafetensorsHeader.parse(bytes.span, fileSize: size)
        } catch let error as FormatError {
            problems.append(broken(.safetensorsBroken, file, error))
        } catch {
            problems.append(unreadable(file, "\(error)"))
        }
        return nil
    }

    private mutating func whole(_ file: ModelFile, limit: Int) -> [UInt8]? {
        do throws(FileError) {
            return try contents.document(file, limit: limit)
        } catch {
            problems.append(unreadable(file, "\(error)"))
            return nil
        }
    }

    /// The first bytes of a file, `count` or fewer.
    private mutating func start(of file: ModelFile, _ count: Int) -> [UInt8]? {
        do throws(FileError) {
            return try contents.bytes(0..<count, of: file)
        } catch {
            problems.append(unreadable(file, "\(error)"))
            return nil
        }
    }

    // MARK: Problems

    private func broken(_ code: FindingCode, _ file: ModelFile, _ error: FormatError) -> Diagnostic {
        Diagnostic(
            code: code, "\(prefix)\(file.path) is broken: \(error)", notes: ["at \(file.location)"],
            fix: "delete the file and download it again, or leave it out with the entry's exclude")
    }

    private func unreadable(_ file: ModelFile, _ reason: String) -> Diagnostic {
        Diagnostic(
            code: .unreadable, "\(prefix)\(file.path) could not be read", notes: [reason],
            verdict: .undecided)
    }
}
