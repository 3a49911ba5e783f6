import Conversion
import Formats
import Manifests
import Tensors

/// Reads elements of tensors to write: gathers a checkpoint's elements and computes what is computed of them.
struct TensorValueReader: Sendable {
    /// What one call has of its own.
    struct Room {
        /// Elements as the checkpoint has them.
        var raw: [UInt8] = []
        /// What is gathered from, where elements are apart.
        var staging: [UInt8] = []
        /// Numbers that something is computed of.
        var floats: [Float] = []
    }

    /// The type that keeps every number of a value as it is: what the elements are read in.
    let types: [GGMLType]
    private let values: [TensorValue]
    private let checkpoint: any Checkpoint

    /// - Throws: ``Diagnostics`` where a tensor has elements that cannot be read as numbers.
    init(_ tensors: [HuggingFaceConversion.Tensor], of checkpoint: any Checkpoint, name: String) throws {
        self.checkpoint = checkpoint
        values = tensors.map(\.value)
        types = try tensors.map { tensor in
            if tensor.description.type == .i32, Self.isWhole(tensor.value, checkpoint.tensors) { return .i32 }
            guard let type = Self.type(of: tensor.value, checkpoint.tensors) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .tensorType,
                        "\(name): \(tensor.description.name) is made from tensors that cannot be read as numbers",
                        notes: Self.sources(of: tensor.value, checkpoint.tensors).prefix(3).map {
                            "\($0.name) is of type \($0.dtype.rawValue), shape \($0.shape)"
                        }, fix: "take a revision of the model with plain or known weights"))
            }
            return type
        }
    }

    private static func sources(
        of value: TensorValue, _ tensors: [CheckpointTensor]
    ) -> [CheckpointTensor] {
        guard case .views(let views) = value.content else { return [] }
        return views.map { tensors[$0.tensor] }
    }

    /// Whether all elements are whole numbers as they were saved, which a table of numbers is made of.
    private static func isWhole(_ value: TensorValue, _ tensors: [CheckpointTensor]) -> Bool {
        let sources = sources(of: value, tensors)
        return value.isPlain && !sources.isEmpty && sources.allSatisfy { [.i32, .i64].contains($0.dtype) }
    }

    /// Halves stay halves, as torch computes with them; other numbers become 32-bit floats where they are not
    /// copied.
    private static func type(of value: TensorValue, _ tensors: [CheckpointTensor]) -> GGMLType? {
        guard case .views = value.content else { return .f32 }
        let sources = sources(of: value, tensors)
        if let block = sources.first?.blockType {
            let isPlain = value.isPlain && sources.allSatisfy { $0.blockType == block }
            return isPlain ? block : nil
        }
        guard sources.allSatisfy({ $0.blockType == nil && $0.dtype.isReal }) else { return nil }
        if sources.allSatisfy({ $0.dtype == .f16 }) { return .f16 }
        if value.isPlain, sources.allSatisfy({ $0.dtype == .bf16 }) { return .bf16 }
        return .f32
    }

    // MARK: Reading

    /// Reads elements in the type that ``types`` has for them.
    /// - Parameter bytes: room for exactly these elements.
    func read(
        _ elements: Range<Int>, of index: Int, room: inout Room, into bytes: inout MutableSpan<UInt8>
    ) throws {
        let type = types[index]
        let value = values[index]
        switch value.content {
        case .numbers(let numbers):
            try store(numbers[elements], &bytes)
        case .views(let views):
            var start = 0
            for (place, view) in views.enumerated() {
                let own = start..<start + view.count
                start = own.upperBound
                let part = own.clamped(to: elements)
                if part.isEmpty { continue }
                let first = Self.size(part.lowerBound - elements.lowerBound, type)
                var target = bytes._mutatingExtracting(first..<first + Self.size(part.count, type))
                if view.isZero {
                    for place in target.indices { target[place] = 0 }
                    continue
                }
                let inside = part.lowerBound - own.lowerBound..<part.upperBound - own.lowerBound
                try read(inside, of: view, type, value.operations(ofPart: place), &room, &target)
            }
        }
    }

    private func store(_ numbers: ArraySlice<Float>, _ bytes: inout MutableSpan<UInt8>) throws {
        let (floats, importance) = (Array(numbers), [Float]())
        GGMLType.f32.format?.quantize(
            floats.span, rowLength: max(1, floats.count), importance: importance.span, into: &bytes)
    }

    private func read(
        _ elements: Range<Int>, of view: TensorView, _ type: GGMLType,
        _ operations: [TensorValue.Operation], _ room: inout Room, _ bytes: inout MutableSpan<UInt8>
    ) throws {
        let tensor = checkpoint.tensors[view.tensor]
        let isCopied =
            operations.isEmpty
            && (tensor.blockType != nil || tensor.dtype.rawValue == type.name.uppercased())
        if isCopied { return try gather(elements, of: view, tensor, &room.staging, &bytes) }
        let size = elements.count * tensor.unitSize
        if room.raw.count < size { room.raw = [UInt8](repeating: 0, count: size) }
        if room.floats.count < elements.count {
            room.floats = [Float](repeating: 0, count: elements.count)
        }
        try compute(
            elements, of: view, type, operations, &room.raw, &room.staging, &room.floats, &bytes)
    }

    private func compute(
        _ elements: Range<Int>, of view: TensorView, _ type: GGMLType,
        _ operations: [TensorValue.Operation], _ raw: inout [UInt8], _ staging: inout [UInt8],
        _ floats: inout [Float], _ bytes: inout MutableSpan<UInt8>
    ) throws {
        let tensor = checkpoint.tensors[view.tensor]
        let (rowLength, importance) = (elements.count, [Float]())
        var all = raw.mutableSpan
        var input = all._mutatingExtracting(0..<elements.count * tensor.unitSize)
        try gather(elements, of: view, tensor, &staging, &input)
        if type == .i32 {
            // The lower half of each number of 64 bits, as torch casts it.
            for index in bytes.indices { bytes[index] = input[index / 4 * 8 + index % 4] }
            return
        }
        guard let format = type.format else { return }
        var room = floats.mutableSpan
        var numbers = room._mutatingExtracting(0..<elements.count)
        tensor.dtype.floats(from: input.span, into: &numbers)
        for operation in operations {
            switch operation {
            case .add(let number): for index in numbers.indices { numbers[index] += number }
            case .multiply(let number): for index in numbers.indices { numbers[index] *= number }
            case .exponential:
                for index in numbers.indices { numbers[index] = Exponential.value(numbers[index]) }
            case .addView(let other):
                let more = try self.floats(elements, of: other, &staging)
                for index in numbers.indices { numbers[index] += more[index] }
            }
            // torch rounds what it computes of halves to halves each time.
            if type == .f16 {
                format.quantize(
                    numbers.span, rowLength: rowLength, importance: importance.span, into: &bytes)
                format.dequantize(bytes.span, into: &numbers)
            }
        }
        format.quantize(numbers.span, rowLength: rowLength, importance: importance.span, into: &bytes)
    }

    /// The elements of a view as floats.
    private func floats(
        _ elements: Range<Int>, of view: TensorView, _ staging: inout [UInt8]
    ) throws -> [Float] {
        let tensor = checkpoint.tensors[view.tensor]
        var raw = [UInt8](repeating: 0, count: elements.count * tensor.unitSize)
        var numbers = [Float](repeating: 0, count: elements.count)
        var input = raw.mutableSpan
        try gather(elements, of: view, tensor, &staging, &input)
        var output = numbers.mutableSpan
        tensor.dtype.floats(from: input.span, into: &output)
        return numbers
    }

    private func gather(
        _ elements: Range<Int>, of view: TensorView, _ tensor: CheckpointTensor, _ staging: inout [UInt8],
        _ bytes: inout MutableSpan<UInt8>
    ) throws {
        let (length, checkpoint) = (tensor.unitLength, checkpoint)
        guard let gather = StridedReader(view, unitLength: length, unitSize: tensor.unitSize) else {
            throw Diagnostics(
                Diagnostic(
                    code: .tensorShape,
                    "the blocks of the tensor \(JSON.string(tensor.name).compactText) do not fit its rows",
                    notes: ["shape \(tensor.shape)"], fix: "check that config.json belongs to these weights"))
        }
        let units = elements.lowerBound / length..<elements.upperBound / length
        try gather.read(units, staging: &staging, into: &bytes) { range, room in
            try checkpoint.read(
                range.lowerBound * length..<range.upperBound * length, of: view.tensor, into: &room)
        }
    }

    private static func size(_ elements: Int, _ type: GGMLType) -> Int {
        elements / type.blockLength * type.blockSize
    }

    // MARK: The files

    /// Reports what will be read soon, as far as it is stored together.
    func willRead(_ elements: Range<Int>, of index: Int) {
        guard case .views(let views) = values[index].content else { return }
        var start = 0
        for view in views {
            let own = start..<start + view.count
            start = own.upperBound
            let part = own.clamped(to: elements)
            guard !part.isEmpty, !view.isZero, view.isContiguous else { continue }
            let first = view.offset + part.lowerBound - own.lowerBound
            checkpoint.willRead(first..<first + part.count, of: view.tensor)
        }
    }

    /// Checks that no file has changed.
    func checkUnchanged() throws { try checkpoint.checkUnchanged() }
}
