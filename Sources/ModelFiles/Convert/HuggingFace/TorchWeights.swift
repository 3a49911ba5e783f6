import Conversion
import Formats
import Manifests
import Storage
import Tensors

/// The tensors of a model's PyTorch files, `pytorch_model*.bin`, which are read as data: nothing in them is executed.
struct TorchWeights: Checkpoint {
    let tensors: [CheckpointTensor]
    private let places: [Place]
    private let files: [OpenInput]

    private static let indexName: RelativePath = "pytorch_model.bin.index.json"

    /// Where a tensor's elements are stored.
    private struct Place: Sendable {
        let file: Int
        /// From the first element to the last.
        let bytes: Range<Int>
        let elementSize: Int
        /// How to gather elements that are apart; `nil` where they follow one another.
        let gather: StridedReader?
    }

    /// The files of a model that hold its weights, or say which do.
    static func files(among paths: [RelativePath]) -> [RelativePath] {
        paths.filter { path in
            path == indexName
                || (path.hasPrefix("pytorch_model") && path.hasSuffix(".bin") && path.parent == nil)
        }
    }

    /// Opens the files: those that the index names, else all, sorted by name; the tensors of each in the order in
    /// which they were saved (`index_tensors` of the converter).
    /// - Parameter name: the model, with which messages begin.
    /// - Returns: `nil` if there are none.
    /// - Throws: ``Diagnostics`` where a file is missing, broken, or has tensors of kinds that are no plain elements.
    init?(_ inputs: [ConversionInput], for name: String) throws {
        var parts = Self.files(among: inputs.map(\.path)).filter { $0 != Self.indexName }
        var expected: [ExactName: RelativePath]?
        if let index = inputs.first(where: { $0.path == Self.indexName }) {
            let map = try SafetensorsCheckpoint.weightMap(index, name)
            expected = map
            parts = Array(Set(map.values))
        }
        parts.sort()
        guard !parts.isEmpty else { return nil }
        var files: [OpenInput] = []
        var tensors: [CheckpointTensor] = []
        var places: [Place] = []
        for part in parts {
            guard let input = inputs.first(where: { $0.path == part }) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .shardMissing,
                        "\(name): \(part), which \(Self.indexName) names, is not there",
                        fix: "download the missing file"))
            }
            let file = try OpenInput(input)
            for tensor in try Self.read(file, name).tensors {
                tensors.append(CheckpointTensor(name: tensor.name, shape: tensor.shape, dtype: tensor.dtype))
                places.append(try Self.place(tensor, file: files.count, "\(name): \(part)"))
            }
            files.append(file)
        }
        try SafetensorsCheckpoint.check(
            zip(tensors, places).map { ($0.name, $1.file) }, files, expected, name, index: Self.indexName)
        self.tensors = tensors
        self.places = places
        self.files = files
    }

    private static func read(_ file: OpenInput, _ name: String) throws -> TorchCheckpoint {
        let reading = try TorchCheckpoint.read(fileSize: file.size) { try file.bytes($0) }
        switch reading {
        case .malformed(let error):
            throw Diagnostics(
                Diagnostic(
                    code: .torchBroken, "\(name): \(file.path) is broken: \(error)",
                    fix: "download it again, or take a revision with safetensors"))
        case .checkpoint(let checkpoint):
            guard let skipped = checkpoint.skipped.first else { return checkpoint }
            throw Diagnostics(
                Diagnostic(
                    code: .torchKind,
                    "\(name): \"\(skipped.name)\" of \(file.path) is made by \(skipped.kind), and has no plain elements",
                    fix: "take a revision with safetensors"))
        }
    }

    private static func place(_ tensor: TorchCheckpoint.Tensor, file: Int, _ name: String) throws -> Place {
        let size = tensor.dtype.bitsPerElement / 8
        let view = TensorView(tensor: 0, offset: 0, shape: tensor.shape, strides: tensor.strides)
        let gather = view.isContiguous ? nil : StridedReader(view, unitLength: 1, unitSize: max(1, size))
        guard size > 0, gather != nil || view.isContiguous else {
            throw Diagnostics(
                Diagnostic(
                    code: .torchKind, "\(name): \"\(tensor.name)\" has no elements that can be read",
                    fix: "take a revision with safetensors"))
        }
        return Place(file: file, bytes: tensor.bytes, elementSize: size, gather: gather)
    }

    // MARK: Reading

    func read(_ elements: Range<Int>, of index: Int, into bytes: inout MutableSpan<UInt8>) throws {
        let place = places[index]
        let file = files[place.file]
        func read(_ elements: Range<Int>, _ bytes: inout MutableSpan<UInt8>) throws {
            let start = place.bytes.lowerBound + elements.lowerBound * place.elementSize
            precondition(elements.lowerBound >= 0 && start + bytes.count <= place.bytes.upperBound)
            try file.read(into: &bytes, at: start)
        }
        precondition(bytes.count == elements.count * place.elementSize)
        guard let gather = place.gather else { return try read(elements, &bytes) }
        var staging: [UInt8] = []
        try gather.read(elements, staging: &staging, into: &bytes) { try read($0, &$1) }
    }

    func willRead(_ elements: Range<Int>, of index: Int) {
        let place = places[index]
        guard place.gather == nil else { return }
        let start = place.bytes.lowerBound + elements.lowerBound * place.elementSize
        files[place.file].willRead(start..<start + elements.count * place.elementSize)
    }

    func checkUnchanged() throws {
        for file in files { try file.checkUnchanged() }
    }
}
