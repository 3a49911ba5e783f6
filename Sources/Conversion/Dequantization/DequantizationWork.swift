import Formats
import Tensors

/// The tensors of a checkpoint by their names, while some of them take others' places (base.py of the converter,
/// `dequant_model`).
struct DequantizationWork {
    private let stored: [CheckpointTensor]
    private let contents: [Int: [UInt8]]?
    private let places: [ExactName: Int]
    /// What a stored tensor becomes.
    private var replaced: [Int: Dequantization.Tensor] = [:]
    private var removed: Set<Int> = []
    private var added: [Dequantization.Tensor] = []

    /// Begins with every tensor as it is stored.
    /// - Parameter contents: the bytes of small tensors that decide something, such as shapes and factors, by
    ///   the tensors' places in `stored`; `nil` where only names and shapes are asked for.
    init(_ stored: [CheckpointTensor], _ contents: [Int: [UInt8]]?) {
        self.stored = stored
        self.contents = contents
        places = Dictionary(stored.enumerated().map { (ExactName($1.name), $0) }) { $1 }
    }

    /// The tensors that are there now: new ones behind those that were there.
    var tensors: [Dequantization.Tensor] {
        stored.indices.filter { !removed.contains($0) }.map { index in
            replaced[index] ?? Dequantization.Tensor(stored[index], .stored(index))
        } + added
    }

    /// Whether all is as it was.
    var isEmpty: Bool { replaced.isEmpty && removed.isEmpty && added.isEmpty }

    // MARK: Methods

    /// Floats of 8 bits: multiplies weights with their `_scale_inv` or `.qscale_weight`, in blocks of this
    /// size if there is one; scales of activations are left out.
    mutating func floats(_ block: [Int]) throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            if let weight = tensor.name.dropping("_scale_inv") {
                try scale(weight, by: index, block)
            } else if let start = tensor.name.dropping(".qscale_weight") {
                try scale(start + ".weight", by: index, block)
            } else if Self.unused.contains(where: { tensor.name.hasUTF8Suffix($0) }) {
                removed.insert(index)
            }
        }
    }

    /// Scales of what goes in, which the weights do not depend on.
    private static let unused = [".activation_scale", "_activation_scale", ".qscale_act"]

    /// Numbers of 8 bits by compressed-tensors: multiplies weights with their `.weight_scale`, in blocks of
    /// this size if there is one.
    mutating func scaled(_ block: [Int]) throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            guard tensor.name.hasUTF8Suffix(".weight_scale"), let weight = tensor.name.dropping("_scale")
            else { continue }
            try scale(weight, by: index, block)
        }
    }

    /// Numbers of 8 bits by NVIDIA's Model Optimizer: multiplies with `.weight_scale`; one without a weight
    /// is left out, as are the scales of activations and of the cache.
    mutating func modelOptimizer() throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            if [".input_scale", ".k_scale", ".v_scale"].contains(where: { tensor.name.hasUTF8Suffix($0) }) {
                removed.insert(index)
            } else if tensor.name.hasUTF8Suffix(".weight_scale"),
                let weight = tensor.name.dropping("_scale")
            {
                if places[weight] == nil {
                    removed.insert(index)
                } else {
                    try scale(weight, by: index, [])
                }
            }
        }
    }

    /// BitNet: what ``TernaryTensor`` makes of a weight and its `.weight_scale` takes the weight's place.
    mutating func ternary() throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            guard tensor.name.hasUTF8Suffix(".weight_scale"), let name = tensor.name.dropping("_scale")
            else { continue }
            let weight = try part(name)
            let computed = try TernaryTensor(weight, scale: StoredPart(index, tensor))
            try replace(weight, computed.shape, .computed(computed))
            removed.insert(index)
        }
    }

    /// GPTQ: one `.weight`, behind the stored tensors, for each `.qweight` with its `.qzeros`, `.scales` and
    /// `.g_idx`.
    /// - Parameters:
    ///   - bits: of one stored number.
    ///   - zeroOffset: what is added to the stored zeros.
    /// - Throws: ``ConversionError`` where one of the four is missing or of another shape.
    mutating func gptq(_ bits: Int, zeroOffset: Int) throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            guard let start = tensor.name.dropping(".qweight") else { continue }
            let parts = try [part(start + ".qzeros"), part(start + ".scales"), part(start + ".g_idx")]
            let computed = try GPTQTensor(
                StoredPart(index, tensor), zeros: parts[0], scales: parts[1], indices: parts[2], bits: bits,
                zeroOffset: zeroOffset)
            removed.formUnion([index] + parts.map(\.index))
            add(start + ".weight", computed.shape, .computed(computed))
        }
    }

    /// Whole numbers of a few bits by compressed-tensors: one `.weight`, behind the stored tensors, for each
    /// `.weight_packed` with its scales and its shape, and zeros if there are some.
    /// - Parameters:
    ///   - bits: of one stored number.
    ///   - group: how many columns share a scale.
    mutating func packed(_ bits: Int, _ group: Int) throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            guard tensor.name.hasUTF8Suffix(".weight_packed"), let name = tensor.name.dropping("_packed")
            else { continue }
            let (scale, shape) = (try part(name + "_scale"), try part(name + "_shape"))
            let zeros = places[name + "_zero_point"].map { StoredPart($0, stored[$0]) }
            let words = StoredPart(index, tensor)
            guard let sizes = contents == nil ? Self.sizes(words, scale, group) : sizes(shape) else {
                throw shape.wrongShape("which is not the shape of a matrix")
            }
            let computed = try PackedTensor(
                words, scale: scale, zeros: zeros, shape: sizes, bits: bits, group: group)
            removed.formUnion([index, scale.index, shape.index] + (zeros.map { [$0.index] } ?? []))
            add(name, sizes, .computed(computed))
        }
    }

    /// The experts of gpt-oss, whose blocks take the place of their scales: that is when they are written.
    mutating func experts() throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            guard tensor.name.containsUTF8(".mlp.experts."), let name = tensor.name.dropping("_scales"),
                let codes = places[name + "_blocks"]
            else { continue }
            let scales = StoredPart(index, tensor)
            let blocks = try RepackedBlocks(codes: StoredPart(codes, stored[codes]), scales: scales)
            replaced[index] = Dequantization.Tensor(
                CheckpointTensor(name: name, shape: blocks.shape, dtype: .u8, blockType: .mxfp4),
                .blocks(blocks))
            removed.insert(codes)
        }
    }

    /// DeepSeek V4: experts of four bits, whose blocks are kept, and floats of 8 bits with a scale for 128 by 128, each with
    /// its `.scale`.
    mutating func deepSeek4() throws(ConversionError) {
        for (index, tensor) in stored.enumerated() {
            guard let start = tensor.name.dropping(".scale"), !start.hasUTF8Prefix("mtp.") else { continue }
            guard let place = places[start + ".weight"] else {
                // That weight is missing, which is told of the model as a whole.
                if start.hasUTF8Prefix("layers.") { removed.insert(index) }
                continue
            }
            let weight = StoredPart(place, stored[place])
            if [.f8e4m3, .f8e5m2].contains(weight.dtype) {
                try scale(weight.name, by: index, [128, 128])
            } else if start.containsUTF8(".ffn.experts."), [.u8, .i8].contains(weight.dtype) {
                let blocks = try RepackedBlocks(rows: weight, scales: StoredPart(index, tensor))
                replaced[place] = Dequantization.Tensor(
                    CheckpointTensor(name: weight.name, shape: blocks.shape, dtype: .u8, blockType: .mxfp4),
                    .blocks(blocks))
                removed.insert(index)
            }
        }
        try requireScales(".scale", inPlaceOf: ".weight") { !$0.hasUTF8Prefix("mtp.") }
    }

    /// NVFP4, whose blocks are kept, with the factors of whole tensors; compressed-tensors has their reciprocals.
    mutating func fourBits(_ isCompressedTensors: Bool) throws(ConversionError) {
        var others: [Int] = []
        let end = isCompressedTensors ? ".weight_packed" : ".weight"
        for (index, tensor) in stored.enumerated() {
            if [".k_scale", ".v_scale"].contains(where: { tensor.name.hasUTF8Suffix($0) }) {
                removed.insert(index)
            }
            guard let start = tensor.name.dropping(end), let place = places[start + ".weight_scale"] else {
                continue
            }
            let scales = StoredPart(place, stored[place])
            guard scales.shape.count >= 2 else {
                others.append(place)
                continue
            }
            let blocks = try RepackedBlocks(matrix: StoredPart(index, tensor), scales: scales)
            removed.insert(place)
            let names = TensorFactors.names(isCompressedTensors)
            let factors = TensorFactors(
                weight: try factor(start + names.weight, isCompressedTensors),
                input: try factor(start + names.input, isCompressedTensors))
            replaced[index] = Dequantization.Tensor(
                CheckpointTensor(
                    name: start + ".weight", shape: blocks.shape, dtype: .u8, blockType: .nvfp4),
                .blocks(blocks), factors)
        }
        if isCompressedTensors { return }
        // What is left of scales has a weight of 8 bits, or none.
        for (index, tensor) in stored.enumerated() where tensor.name.hasUTF8Suffix(".weight_scale") {
            guard let weight = tensor.name.dropping("_scale"), places[weight] == nil else { continue }
            removed.insert(index)
            others.append(index)
        }
        if others.isEmpty { return }
        for index in others where !removed.contains(index) {
            guard let weight = stored[index].name.dropping("_scale") else { continue }
            try scale(weight, by: index, [])
        }
        for (index, tensor) in stored.enumerated() where tensor.name.hasUTF8Suffix(".input_scale") {
            removed.insert(index)
        }
    }

    /// A factor of a whole tensor; 1 if there is none.
    private mutating func factor(_ name: String, _ isInverse: Bool) throws(ConversionError) -> Float {
        guard let place = places[name] else { return 1 }
        let part = StoredPart(place, stored[place])
        guard let contents else {
            removed.insert(place)
            return 1
        }
        guard let bytes = contents[place], bytes.count == part.elementSize else {
            throw part.wrongShape("where one number is expected")
        }
        removed.insert(place)
        var number: [Float] = [0]
        var room = number.mutableSpan
        part.dtype.floats(from: bytes.span, into: &room)
        return isInverse ? 1 / number[0] : number[0]
    }

    /// Makes sure that no weight is left as codes of 8 bits: without its scale they would pass for the numbers.
    /// - Parameters:
    ///   - own: the end of a weight's name in whose place a scale's stands; empty where it stands behind that.
    ///   - isNeeded: whether a tensor counts.
    func requireScales(
        _ end: String, inPlaceOf own: String = "", where isNeeded: (String) -> Bool = { _ in true }
    ) throws(ConversionError) {
        let codes: Set<DType> = [.f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz, .i8]
        let missing = stored.indices.filter { index in
            let name = stored[index].name.split(separator: ".").last.map(String.init) ?? ""
            return codes.contains(stored[index].dtype) && replaced[index] == nil && !removed.contains(index)
                && !name.containsUTF8("scale") && !name.containsUTF8("zero_point")
                && isNeeded(stored[index].name)
        }
        guard !missing.isEmpty else { return }
        // Mistral's own files have another name.
        let other = ".qscale_weight"
        let isOther = stored.contains { $0.name.hasUTF8Suffix(other) }
        throw .missingTensors(
            missing.map { index in
                let name = stored[index].name
                if !own.isEmpty, let start = name.dropping(own) { return start + end }
                return isOther ? name.dropping(".weight").map { $0 + other } ?? name + end : name + end
            })
    }

    // MARK: Tensors

    private func part(_ name: String) throws(ConversionError) -> StoredPart {
        guard let index = places[name] else { throw ConversionError.missingTensor(name) }
        return StoredPart(index, stored[index])
    }

    /// The shape that a matrix of words can have, by that of its scales.
    private static func sizes(_ words: StoredPart, _ scale: StoredPart, _ group: Int) -> [Int]? {
        guard words.shape.count == 2, scale.shape.count == 2 else { return nil }
        let (columns, overflow) = scale.shape[1].multipliedReportingOverflow(by: group)
        return overflow ? nil : [words.shape[0], columns]
    }

    /// The two numbers in a tensor.
    private func sizes(_ shape: StoredPart) -> [Int]? {
        guard shape.shape == [2], let bytes = contents?[shape.index], bytes.count == 2 * shape.elementSize
        else { return nil }
        return (0..<2).map { number in
            (0..<shape.elementSize).reduce(0) {
                $0 | Int(bytes[number * shape.elementSize + $1]) << (8 * $1)
            }
        }
    }

    private mutating func scale(_ weight: String, by index: Int, _ block: [Int]) throws(ConversionError) {
        let weight = try part(weight)
        let scale = StoredPart(index, stored[index])
        try replace(weight, weight.shape, .computed(ScaledTensor(weight, scale: scale, block: block)))
        removed.insert(index)
    }

    private mutating func replace(
        _ part: StoredPart, _ shape: [Int], _ content: Dequantization.Content
    ) throws(ConversionError) {
        let tensor = CheckpointTensor(name: part.name, shape: shape, dtype: .f32)
        let old = replaced.updateValue(
            Dequantization.Tensor(tensor, content), forKey: part.index)
        guard old == nil else {
            throw ConversionError(
                .tensorTwice, "tensor \"\(part.name)\" has scales of two names",
                fix: "check that all files are of one revision")
        }
    }

    /// A tensor of a new name, behind all others; in the place of one that has the name.
    private mutating func add(_ name: String, _ shape: [Int], _ content: Dequantization.Content) {
        let tensor = CheckpointTensor(name: name, shape: shape, dtype: .f32)
        let new = Dequantization.Tensor(tensor, content)
        if let place = places[name] {
            replaced[place] = new
        } else {
            added.append(new)
        }
    }
}

extension String {
    /// What stands before these last bytes; `nil` where they are others.
    func dropping(_ suffix: String) -> String? {
        guard hasUTF8Suffix(suffix) else { return nil }
        return String(decoding: utf8.dropLast(suffix.utf8.count), as: UTF8.self)
    }

    /// The text without a start; the text as it is where it has another.
    func dropping(start: String) -> String {
        hasUTF8Prefix(start) ? String(decoding: utf8.dropFirst(start.utf8.count), as: UTF8.self) : self
    }
}
