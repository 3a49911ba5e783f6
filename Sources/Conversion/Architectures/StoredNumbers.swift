import Formats
import Tensors

/// Tensors of a few numbers that become a key, or are computed with as a whole: their elements are read before anything
/// is decided.
package enum StoredNumbers {
    /// The ends of the tensors' names.
    static let ends = [
        "relative_pe.slopes", "lm_head_gain.w_g", ".mlp.gate.expert_bias", ".batch_norm.weight",
        ".batch_norm.bias", ".batch_norm.running_mean", ".batch_norm.running_var", ".per_dim_scale",
        ".per_dim_key_scale",
    ]

    /// The places of these tensors.
    package static func needed(_ tensors: [CheckpointTensor]) -> [Int] {
        tensors.indices.filter { isNeeded(tensors[$0]) }
    }

    /// More than a few numbers is none.
    private static func isNeeded(_ tensor: CheckpointTensor) -> Bool {
        tensor.elementCount <= 4096 && tensor.dtype.isReal && ends.contains { tensor.name.hasUTF8Suffix($0) }
    }

    /// The numbers of a tensor; `nil` where no elements were read.
    /// - Parameter name: as it is stored.
    /// - Throws: where there is no such tensor, or it has no number or too many.
    static func floats(_ name: String, of model: HuggingFaceModel) throws(ConversionError) -> [Float]? {
        guard let place = model.storedTensors.firstIndex(where: { $0.name.hasSameBytes(as: name) }) else {
            throw .missingTensor(name)
        }
        return try floats(at: place, of: model)
    }

    /// The numbers of the tensor at a place; `nil` where no elements were read.
    /// - Throws: where it has no number or too many.
    static func floats(at place: Int, of model: HuggingFaceModel) throws(ConversionError) -> [Float]? {
        let tensor = model.storedTensors[place]
        guard isNeeded(tensor), tensor.elementCount > 0 else {
            throw .wrongShape(tensor.name, tensor.shape, "whose elements are not a few numbers")
        }
        guard let bytes = model.constants?[place],
            bytes.count == tensor.elementCount * tensor.dtype.bitsPerElement / 8
        else { return nil }
        var numbers = [Float](repeating: 0, count: tensor.elementCount)
        var room = numbers.mutableSpan
        tensor.dtype.floats(from: bytes.span, into: &room)
        return numbers
    }

    // MARK: Less their mean

    /// The numbers of a tensor less their mean, as torch rounds each step; `nil` where no elements were read.
    /// - Throws: where there are too many, or they are of a type in which the reference computes otherwise.
    static func fromMean(_ name: String, of model: HuggingFaceModel) throws(ConversionError) -> [Float]? {
        guard let numbers = try floats(name, of: model),
            let tensor = model.storedTensors.first(where: { $0.name.hasSameBytes(as: name) })
        else { return nil }
        let round: (Float) -> Float
        switch tensor.dtype {
        case .f32: round = { $0 }
        case .f16: round = { Float(Float16($0)) }
        case .bf16: round = rounded
        default: throw .wrongShape(name, tensor.shape, "whose elements are not floats of 16 or 32 bits")
        }
        let mean = round(sum(numbers, isHalf: tensor.dtype != .f32) / Float(numbers.count))
        return numbers.map { round($0 - mean) }
    }

    /// The nearest number of bfloat16, the even one of two.
    private static func rounded(_ number: Float) -> Float {
        guard number.isFinite else { return number }
        let bits = number.bitPattern
        return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    /// The sum of numbers in the order in which torch adds them (2.13, `SumKernel.cpp`, with vectors of eight): four
    /// vectors at a time, each sixteen of which are a step of their own, then what is left over.
    /// - Parameter isHalf: whether they have 16 bits, of which a vector is two of eight, added first.
    static func sum(_ numbers: [Float], isHalf: Bool) -> Float {
        let stored = isHalf ? 16 : 8
        guard numbers.count >= stored else { return rows(numbers, width: 1, count: numbers.count)[0] }
        let vectors = numbers.count / stored
        var wide = Array(numbers[..<(vectors * stored)])
        if isHalf {
            wide = (0..<vectors * 8).map {
                let first = $0 / 8 * stored + $0 % 8
                return numbers[first] + numbers[first + 8]
            }
        }
        var sum: Float = 0
        for number in numbers[(vectors * stored)...] { sum += number }
        for lane in rows(wide, width: 8, count: vectors) { sum += lane }
        return sum
    }

    /// The sum of so many vectors one after the other, lane by lane.
    private static func rows(_ numbers: [Float], width: Int, count: Int) -> [Float] {
        let streams = 4
        let steps = count / streams
        let lanes = streams * width
        // Four levels; a level is added to the next each time that it has taken as many steps as a power of 2.
        let power = max(4, (steps <= 1 ? 0 : Int.bitWidth - (steps - 1).leadingZeroBitCount) / 4)
        var levels = [[Float]](repeating: [Float](repeating: 0, count: lanes), count: 4)
        func add(_ step: Int) {
            for lane in 0..<lanes { levels[0][lane] += numbers[step * lanes + lane] }
        }
        var step = 0
        while step + (1 << power) <= steps {
            for _ in 0..<(1 << power) {
                add(step)
                step += 1
            }
            for level in 1..<4 {
                for lane in 0..<lanes {
                    levels[level][lane] += levels[level - 1][lane]
                    levels[level - 1][lane] = 0
                }
                if step & (((1 << power) - 1) << (level * power)) != 0 { break }
            }
        }
        while step < steps {
            add(step)
            step += 1
        }
        for level in 1..<4 {
            for lane in 0..<lanes { levels[0][lane] += levels[level][lane] }
        }
        var result = Array(levels[0][0..<width])
        for vector in (steps * streams)..<max(count, steps * streams) {
            for lane in 0..<width { result[lane] += numbers[vector * width + lane] }
        }
        for stream in 1..<streams {
            for lane in 0..<width { result[lane] += levels[0][stream * width + lane] }
        }
        return result
    }
}
