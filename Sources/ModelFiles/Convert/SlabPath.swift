import Manifests
import Storage
import Tensors

/// What one worker has of its own: room for a slab as it is read and as it is written.
struct SlabRoom {
    /// The worker's own converter.
    var converter = TensorConverter()
    /// The slab as it is read.
    var input: [UInt8] = []
    /// The slab as it is written.
    var result: [UInt8] = []
}

/// Where slabs come from and where they go.
struct SlabPath: Sendable {
    /// What elements are read from.
    let source: any TensorSource
    /// The tensors' places in the files to write.
    let output: ModelOutput
    /// The files to write, as many as `output` has.
    let files: [PartialFile]
    private let parts: [WritebackParts]

    /// Takes files that are as large as they will be.
    init(source: any TensorSource, output: ModelOutput, files: [PartialFile]) {
        self.source = source
        self.output = output
        self.files = files
        parts = output.files.map { WritebackParts($0.layout.tensors) }
    }

    /// Reads, converts and writes one slab.
    /// - Parameter importance: of all matrices of the tensor, one after the other; empty where none is known.
    func carry(_ slab: Slab, importance: Span<Float>, _ room: inout SlabRoom) throws {
        try carry(slab, importance, &room.input, &room.result, &room.converter)
    }

    private func carry(
        _ slab: Slab, _ importance: Span<Float>, _ input: inout [UInt8], _ result: inout [UInt8],
        _ converter: inout TensorConverter
    ) throws {
        let tensor = output.tensors[slab.tensor]
        let from = source.tensors[tensor.source]
        let elements = slab.elements
        let inputSize = from.byteCount(elements.count)
        if input.count < inputSize { input = [UInt8](repeating: 0, count: inputSize) }
        var read = input.mutableSpan
        var bytes = read._mutatingExtracting(0..<inputSize)
        announce(after: elements, of: tensor.source, from)
        try source.read(elements, of: tensor.source, into: &bytes)
        let type = tensor.description.type
        guard type != from.type else {
            if let fault = TensorConverter.check(bytes.span, of: type) {
                throw Diagnostics(fault.diagnostic(from, elements.lowerBound, in: source.name))
            }
            return try put(bytes.span, slab)
        }
        let size = tensor.description.byteCount(elements.count)
        if result.count < size { result = [UInt8](repeating: 0, count: size) }
        var written = result.mutableSpan
        var blocks = written._mutatingExtracting(0..<size)
        let fault = try converter.convert(
            bytes.span, of: from, to: type,
            importance: importance.extracting(from.columns(at: elements.lowerBound, of: importance.count)),
            into: &blocks)
        if let fault { throw Diagnostics(fault.diagnostic(from, elements.lowerBound, in: source.name)) }
        try put(blocks.span, slab)
    }

    /// Has the disk read ahead by what the workers take in the meantime; at every fourth slab of a tensor, because asking
    /// costs time, too.
    private func announce(after elements: Range<Int>, of index: Int, _ tensor: TensorDescription) {
        let length = elements.count
        let number = elements.lowerBound / max(1, length)
        guard number.isMultiple(of: 4) else { return }
        let count = tensor.elementCount
        let first = number == 0 ? elements.upperBound : elements.upperBound + 4 * length
        let last = min(elements.upperBound + 8 * length, count)
        if first < last { source.willRead(first..<last, of: index) }
    }

    private func put(_ bytes: Span<UInt8>, _ slab: Slab) throws {
        let number = output.home(of: slab.tensor)
        let file = output.files[number]
        let place = file.layout.tensors[slab.tensor - file.tensors.lowerBound]
        let start =
            place.lowerBound + output.tensors[slab.tensor].description.byteCount(slab.elements.lowerBound)
        try files[number].handle.write(bytes, at: start)
        for part in parts[number].wrote(start..<start + bytes.count) {
            files[number].handle.startWriteback(offset: part.lowerBound, count: part.count)
        }
    }
}

extension TensorDescription {
    /// Where the importance of the matrix is stored that an element is of; nothing where `count` values are none.
    func columns(at element: Int, of count: Int) -> Range<Int> {
        guard count > 0 else { return 0..<0 }
        let matrix = rowLength * (dimensions.dropFirst().first ?? 1)
        let start = element / matrix * rowLength % count
        return start..<start + rowLength
    }
}

extension TensorConverter.Fault {
    /// What to tell of it.
    /// - Parameter start: the slab's first element.
    func diagnostic(_ tensor: TensorDescription, _ start: Int, in name: String) -> Diagnostic {
        let index = start + element
        let place = "tensor \(tensor.name) of \(name) has"
        let shape = "shape \(tensor.dimensions), type \(tensor.type.name)"
        switch problem {
        case .source(let value):
            return Diagnostic(
                code: .notFinite, "\(place) \(value) at element \(index)", notes: [shape],
                fix: "the model is damaged: download it, or convert it, again")
        case .copied:
            let what =
                tensor.type.blockLength == 1
                ? "an infinity or NaN at" : "a scale that is not one in the block at"
            return Diagnostic(
                code: .notFinite, "\(place) \(what) element \(index)", notes: [shape],
                fix: "the model is damaged: download it, or convert it, again")
        case .result(let type, let value):
            let what =
                type.blockLength == 1
                ? "\(value) at element \(index), which \(type.name) cannot hold"
                : "numbers from element \(index) on whose scale \(type.name) cannot hold"
            return Diagnostic(
                code: .overflow, "\(place) \(what)", notes: [shape],
                fix: "choose a type of more range, such as bf16, or quantize with --tensor-type "
                    + "'\(tensor.name)=bf16'")
        }
    }
}
