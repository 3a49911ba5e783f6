package import Conversion
import Formats
package import Tensors

/// The types of a model's tensors as llama-quantize takes them.
package struct TensorTypeFile: Sendable {
    /// The type that llama-quantize is asked for: that of most weights among the quantized ones, which the file then
    /// states to have. Rules count beside a quantized type only.
    package let base: QuantizationType
    /// A rule for each tensor that is quantized, in their order.
    package let rules: [TensorTypeRule]

    /// Takes the types of all tensors that are quantized.
    package init(_ types: [(tensor: TensorDescription, type: GGMLType)]) throws(QuantizationError) {
        var counts: [GGMLType: Int] = [:]
        for (tensor, type) in types where type.isQuantized {
            counts[type, default: 0] += tensor.dimensions.reduce(1, &*)
        }
        let most = FitConstraints.types.max { counts[$0, default: 0] < counts[$1, default: 0] }
        let type = most.flatMap { counts[$0] == nil ? nil : $0 } ?? .q80
        let named = QuantizationType.all.first { $0.base == type && !$0.isCopy }
        if let named { base = named } else { base = try QuantizationType(named: "Q8_0") }
        var rules: [TensorTypeRule] = []
        for (tensor, type) in types {
            rules.append(try TensorTypeRule(exactly: tensor.name, type: type))
        }
        self.rules = rules
    }

    /// What `--tensor-type-file` reads: a rule a line.
    package var text: String {
        rules.map { "\($0.pattern)=\($0.type.name)\n" }.joined()
    }
}
