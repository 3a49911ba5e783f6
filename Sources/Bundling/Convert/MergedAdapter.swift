import Conversion
import Storage
import Synchronization
import Tensors

/// An adapter whose changes go into the weights of a base model while they are cast.
final class MergedAdapter: Sendable {
    /// What the adapter changes.
    let adapter: LoraAdapter
    private let name: String
    private let input: ConversionInput
    /// Where each tensor lies in the file, in the order of ``LoraAdapter/tensors``.
    private let places: [Range<Int>]
    private let changes = Mutex<[String: LoraAdapter.Change]>([:])

    /// The files of an adapter that a merge reads.
    static func isWanted(_ path: String) -> Bool {
        path == "adapter_config.json" || path == "adapter_model.safetensors"
    }

    /// Reads an adapter.
    /// - Parameters:
    ///   - inputs: its files, of which ``isWanted(_:)`` says which count.
    ///   - name: the adapter's entry, with which messages begin.
    init(_ inputs: [ConversionInput], name: String) throws {
        self.name = name
        guard let input = inputs.first(where: { $0.path == "adapter_model.safetensors" }) else {
            throw Diagnostics(
                Diagnostic(
                    code: "adapter-missing", "\(name): there is no adapter_model.safetensors to merge",
                    fix: "name an entry that has what PEFT's save_pretrained writes"))
        }
        var files = ModelFiles()
        for input in inputs where input.path.hasSuffix(".json") {
            _ = try input.open()
            files[input.path] = try FileReader.contents(of: input.location, limit: 1 << 26)
        }
        self.input = input
        let header: SafetensorsHeader
        do {
            header = try SafetensorsHeader.read(input)
        } catch let error as FormatError {
            throw Diagnostics(
                Diagnostic(
                    code: "safetensors-broken", "\(name): \(input.path) is broken: \(error)",
                    notes: ["at \(input.location)"], fix: "delete the file and download it again"))
        }
        let start = header.dataStart
        places = header.tensors.map { $0.bytes.lowerBound + start..<$0.bytes.upperBound + start }
        let tensors = header.tensors.map { CheckpointTensor(name: $0.name, shape: $0.shape, dtype: $0.dtype) }
        do throws(ConversionError) {
            adapter = try LoraAdapter(directoryName: name, files: files, card: nil, tensors: tensors)
        } catch {
            throw error.diagnostics(name)
        }
    }

    /// Says which weights of the base model it changes.
    /// - Throws: where one is not there.
    func aim(at base: [CheckpointTensor]) throws {
        do throws(ConversionError) {
            let found = try adapter.changes(of: base)
            changes.withLock { $0 = found }
        } catch {
            throw error.diagnostics(name)
        }
    }

    /// What becomes of a weight; `nil` where it stays.
    func change(of tensor: String) -> LoraAdapter.Change? { changes.withLock { $0[tensor] } }

    /// The numbers of a change, read into memory.
    func numbers(of change: LoraAdapter.Change) throws -> Numbers {
        switch change {
        case .replaced(let index): return .replaced(try floats(index))
        case .product(let pair, let scale, let isTransposed):
            guard
                let product = LoraProduct(
                    pair, a: try floats(pair.a), b: try floats(pair.b), scale: scale,
                    isTransposed: isTransposed)
            else { throw ReadFailure.changed(path: input.location) }
            return .product(product)
        }
    }

    /// A change with its numbers.
    enum Numbers {
        case product(LoraProduct)
        case replaced([Float])

        /// Changes elements of the weight.
        func apply(to floats: inout MutableSpan<Float>, elements: Range<Int>) {
            switch self {
            case .product(let product): product.add(to: &floats, elements: elements)
            case .replaced(let values):
                for (index, place) in elements.enumerated() where place < values.count {
                    floats[index] = values[place]
                }
            }
        }
    }

    private func floats(_ index: Int) throws -> [Float] {
        let tensor = adapter.tensors[index]
        guard let cast = FloatCast(from: tensor.dtype, to: .f32) else {
            throw Diagnostics(
                Diagnostic(
                    code: "adapter-type",
                    "\(name): \"\(tensor.name)\" of the adapter is of the type \(tensor.dtype.rawValue), not floats",
                    fix: "save the adapter in floats"))
        }
        let bytes = try input.open().bytes(places[index])
        var result = [UInt8](repeating: 0, count: tensor.elementCount * 4)
        var room = result.mutableSpan
        var floats: [Float] = []
        // Numbers that are none are the adapter's own; what comes out of them is looked at like every number.
        _ = cast.convert(bytes.span, into: &room, floats: &floats)
        var values = [Float](repeating: 0, count: tensor.elementCount)
        var target = values.mutableSpan
        GGMLType.f32.format?.dequantize(result.span, into: &target)
        return values
    }
}

extension ConversionError {
    /// As a finding of an entry, or of a model by the user's name for it.
    func diagnostics(_ name: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: code, "\(name): \(message)", notes: notes, fix: fix))
    }
}

extension SafetensorsHeader {
    /// Reads the header of a file to convert.
    static func read(_ input: ConversionInput) throws -> SafetensorsHeader {
        let file = try input.open()
        let size = try file.status().size
        let prefix = try file.bytes(0..<SafetensorsHeader.prefixLength)
        let length = try SafetensorsHeader.dataStart(prefix.span, fileSize: size)
        let header = try file.bytes(0..<length)
        return try SafetensorsHeader.parse(header.span, fileSize: size)
    }
}
