import Formats
package import Tensors

/// How many parameters the tensors of a file have.
package struct ParameterCount: Sendable, Equatable {
    /// All; negative for a LoRA adapter, where it is what its products have, and 0 where it cannot be known.
    package var total = 0
    /// Those that every token goes through.
    package var shared = 0
    /// Those of one expert of each layer.
    package var expert = 0
    /// The number of experts, the mean of the layers' rounded down; 0 if there are none.
    package var expertCount = 0

    /// Nothing, as in a file with only a vocabulary.
    package init() {}

    /// Counts what tensors have, which are told apart by their names (`get_total_parameter_count` of gguf-py's
    /// `gguf_writer.py`).
    /// - Parameter tensors: in the order of the file; each part of a LoRA adapter's pair directly after the other.
    package init(_ tensors: [TensorDescription]) {
        var lastA: TensorDescription?
        var expertSum = 0
        var stacks = 0
        for tensor in tensors {
            var dimensions = tensor.dimensions
            if tensor.name.hasUTF8Suffix(".lora_a") {
                lastA = tensor
                continue
            }
            if tensor.name.hasUTF8Suffix(".lora_b") {
                guard let lastA,
                    String(Substring(lastA.name.utf8.dropLast())).hasSameBytes(
                        as: String(Substring(tensor.name.utf8.dropLast())))
                else {
                    self = ParameterCount()
                    return
                }
                if let length = lastA.dimensions.first, !dimensions.isEmpty { dimensions[0] = length }
            }
            let size = dimensions.reduce(1, Self.product)
            total = Self.sum(total, size)
            // The dimensions are the other way round than in the checkpoint: that of the experts is the last.
            let axis = tensor.name.containsUTF8(".bias") ? 1 : 2
            if tensor.name.containsUTF8("_exps."), dimensions.count >= 3, dimensions[axis] > 0 {
                expert = Self.sum(expert, size / dimensions[axis])
                expertSum = Self.sum(expertSum, dimensions[axis])
                stacks += 1
            } else {
                shared = Self.sum(shared, size)
            }
        }
        if stacks > 0 { expertCount = expertSum / stacks }
        if lastA != nil { total = -total }
    }

    /// The number as names of models have it: "7B", "1.4M", "8x1.3M" for eight experts.
    package var sizeLabel: String {
        guard expertCount > 0 else { return Self.label(total) }
        return "\(expertCount)x\(Self.label(Self.sum(shared, expert)))"
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, overflow) = left.multipliedReportingOverflow(by: max(right, 0))
        return overflow ? .max : product
    }

    // MARK: The label of a number

    /// A number with the unit under it and two digits at least (`model_weight_count_rounded_notation` of gguf-py's
    /// `utility.py`).
    package static func label(_ count: Int) -> String {
        let count = count.magnitude
        let (scale, unit) =
            count > 1_000_000_000_000
            ? (1e-12, "T")
            : count > 1_000_000_000 ? (1e-9, "B") : count > 1_000_000 ? (1e-6, "M") : (1e-3, "K")
        let scaled = Double(count) * scale
        let whole = scaled.rounded(.toNearestOrEven)
        return text(scaled, decimals: whole < 1 ? 2 : whole < 10 ? 1 : 0) + unit
    }

    /// A number of at least 0 and below 2^53 with a number of decimals up to 2; what is in the middle of two
    /// becomes the even one, as Python formats it.
    private static func text(_ number: Double, decimals: Int) -> String {
        let power: UInt64 = [1, 10, 100][decimals]
        let scaled: UInt64
        if number >= 0x1p52 || number == 0 {
            scaled = UInt64(number) &* power
        } else {
            // The number is `significand` * 2^-shift, exactly.
            let shift = 52 - Int(number.exponent)
            let product = ((1 << 52) | number.significandBitPattern) &* power
            let rest = shift >= 64 ? product : product & ((1 << UInt64(shift)) &- 1)
            var quotient = shift >= 64 ? 0 : product >> UInt64(shift)
            let half: UInt64 = shift > 64 ? .max : 1 << UInt64(shift - 1)
            if rest > half || (rest == half && quotient & 1 == 1) { quotient += 1 }
            scaled = quotient
        }
        guard decimals > 0 else { return String(scaled) }
        let fraction = String(scaled % power)
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(scaled / power).\(zeros)\(fraction)"
    }
}
